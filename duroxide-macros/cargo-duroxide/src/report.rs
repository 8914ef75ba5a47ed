//! A finding with its place, free of the tokens it was found in.

use std::path::PathBuf;

use duroxide_lint::index::chain;
use duroxide_lint::rules::Level;

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The rule.
    pub id: &'static str,
    /// Error or warning.
    pub level: Level,
    /// What and why.
    pub message: String,
    /// Notes and help, each a line.
    pub notes: Vec<String>,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// How many characters are meant.
    pub length: usize,
    /// The calls that lead to the cause.
    pub way: Vec<Hop>,
}

/// A call on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// What is called.
    pub what: String,
    /// In which file.
    pub file: PathBuf,
    /// In which line.
    pub line: usize,
}

impl From<chain::Hop> for Hop {
    fn from(hop: chain::Hop) -> Self {
        Self {
            what: hop.what,
            file: hop.file,
            line: hop.line,
        }
    }
}

impl Report {
    /// A finding out of the text that the compiler would show.
    pub(crate) fn new(id: &'static str, level: Level, text: &str, file: PathBuf) -> Self {
        let mut lines = text.lines();
        let message = lines.next().unwrap_or_default().to_owned();
        let notes = lines.map(|line| line.trim_start_matches("= ").to_owned());
        Self {
            id,
            level,
            message,
            notes: notes.collect(),
            file,
            line: 1,
            column: 1,
            length: 1,
            way: Vec::new(),
        }
    }

    /// Whether the other one says the same of the same line.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.id, &self.file, self.line) == (other.id, &other.file, other.line)
    }

    /// Where these tokens stand.
    #[must_use]
    pub(crate) fn at(mut self, tokens: &proc_macro2::TokenStream) -> Self {
        let mut spans = tokens.clone().into_iter().map(|token| token.span());
        if let Some(first) = spans.next() {
            let (start, end) = (first.start(), spans.last().unwrap_or(first).end());
            (self.line, self.column) = (start.line, start.column + 1);
            let is_one_line = start.line == end.line;
            self.length = if is_one_line {
                end.column - start.column
            } else {
                1
            };
        }
        self
    }
}
