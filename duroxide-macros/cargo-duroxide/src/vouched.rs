//! The futures that somebody takes as durable: nothing checks them, so people should.

use std::path::{Path, PathBuf};

use duroxide_lint::body::{Body, What};
use duroxide_lint::rules::Level;

use crate::report::Report;

/// One `ctx.assume_durable(future, "reason")`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vouched {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The reason given, if it is written there and not inside of a macro.
    pub reason: Option<String>,
}

/// Those of a body.
pub(crate) fn of(body: &Body, file: &Path) -> Vec<Vouched> {
    let mut found = Vec::new();
    let mut reason = None;
    for site in &body.sites {
        match &site.what {
            // The text stands among what is read right before its method.
            What::Called { method, name } if method == VERB => reason = Some(name.clone()),
            What::Method { name, .. } if name == VERB => {
                let at = Report::new("DX0001", Level::Warning, "", file.to_owned()).at(&site.at);
                found.push(Vouched {
                    file: at.file,
                    line: at.line,
                    column: at.column,
                    reason: reason.take(),
                });
            }
            _ => {}
        }
    }
    found
}

const VERB: &str = "assume_durable";
