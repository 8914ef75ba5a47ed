//! The forms in which people write code.

use Form::{Alias, Direct, Glob, InAsyncBlock, InClosure, InMacro, RenamedCrate, Suppressed};

/// A form of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Direct,
    Alias,
    Glob,
    RenamedCrate,
    InMacro,
    InClosure,
    InAsyncBlock,
    Suppressed,
}

pub(crate) const FORMS: [Form; 8] = [
    Direct,
    Alias,
    Glob,
    RenamedCrate,
    InMacro,
    InClosure,
    InAsyncBlock,
    Suppressed,
];

impl Form {
    /// What marks call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Direct => "direct",
            Alias => "alias",
            Glob => "glob",
            RenamedCrate => "renamed",
            InMacro => "macro",
            InClosure => "closure",
            InAsyncBlock => "async",
            Suppressed => "suppressed",
        }
    }
}
