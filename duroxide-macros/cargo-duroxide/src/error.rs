//! Why there is nothing to check.

use std::fmt;

/// A program that was needed did not do its work.
#[derive(Debug)]
pub struct Error {
    what: String,
}

impl Error {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}
