//! The text of a file without the bodies of its functions. Few of them are ever asked for, and to parse
//! all of them would be most of the work.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::index::scan::{Scan, Token};

/// A file without its bodies.
#[derive(Debug, Default)]
pub(crate) struct Skimmed {
    /// What is left, on the lines where it stood; without comments.
    pub(crate) text: String,
    /// The functions, by the line and column of the brace that opens the body in what is left.
    pub(crate) functions: BTreeMap<(usize, usize), Source>,
}

/// A function in the text of its file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    file: Arc<str>,
    /// From `fn` to the end of the body.
    range: Range<usize>,
    /// Where `fn` stands; lines count from 1, columns from 0.
    line: usize,
    column: usize,
}

impl Source {
    /// From `fn` to the end of the body.
    pub(crate) fn text(&self) -> &str {
        self.file.get(self.range.clone()).unwrap_or_default()
    }

    /// Where a place of this text stands in the file.
    pub(crate) fn place(&self, line: usize, column: usize) -> (usize, usize) {
        match line {
            // Of no place at all.
            0 => (line, column),
            1 => (self.line, self.column + column),
            _ => (self.line + line - 1, column),
        }
    }
}

/// Leaves out the bodies of functions and types. What stands in macros stays.
pub(crate) fn skim(file: &Arc<str>) -> Skimmed {
    let mut skim = Skim {
        file,
        scan: Scan::new(file),
        kept: 0,
        counted: (0, 1),
        before: Before::Other,
        head: None,
        skimmed: Skimmed::default(),
    };
    while let Some(token) = skim.scan.next() {
        skim.token(token);
    }
    skim.keep(file.len());
    skim.skimmed
}

struct Skim<'a> {
    file: &'a Arc<str>,
    scan: Scan<'a>,
    /// Up to where the text was kept or left out.
    kept: usize,
    /// A place, and its line.
    counted: (usize, usize),
    before: Before<'a>,
    head: Option<Head>,
    skimmed: Skimmed,
}

/// What stands before a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before<'a> {
    /// A word, and where it begins.
    Word(&'a str, usize),
    /// `name!`, perhaps with a name behind it.
    Macro,
    /// `#` or `#!`.
    Hash,
    Other,
}

/// A function or a type of which the body is still to come.
#[derive(Clone, Copy)]
struct Head {
    /// Where a function begins; nothing for a type.
    function: Option<usize>,
    /// How many parentheses and brackets are open.
    depth: usize,
}

impl<'a> Skim<'a> {
    fn token(&mut self, token: Token<'a>) {
        let before = std::mem::replace(&mut self.before, Before::Other);
        match token {
            Token::Comment(range) => {
                self.keep(range.start);
                self.leave(range.end);
                self.before = before;
            }
            Token::Word(word, at) => self.word(before, word, at),
            Token::Mark(b'!') => {
                self.before = match before {
                    Before::Word(..) => Before::Macro,
                    Before::Hash => Before::Hash,
                    Before::Macro | Before::Other => Before::Other,
                };
            }
            Token::Mark(b'#') => self.before = Before::Hash,
            Token::Mark(b';') => self.head = self.head.filter(|head| head.depth > 0),
            Token::Open(_) if before == Before::Macro => self.scan.skip_group(),
            Token::Open(b'[') if before == Before::Hash => self.scan.skip_group(),
            Token::Open(b'{') => {
                if let Some(head) = self.head.take_if(|head| head.depth == 0) {
                    self.body(head);
                }
            }
            Token::Open(_) => {
                if let Some(head) = &mut self.head {
                    head.depth += 1;
                }
            }
            Token::Close => {
                if let Some(head) = &mut self.head {
                    head.depth = head.depth.saturating_sub(1);
                }
            }
            Token::Mark(_) | Token::Text => {}
        }
    }

    fn word(&mut self, before: Before<'a>, word: &'a str, at: usize) {
        let function = match before {
            Before::Word("fn", start) => Some(Some(start)),
            Before::Word("struct" | "enum" | "union", _) => Some(None),
            _ => None,
        };
        if let Some(function) = function {
            self.head = Some(Head { function, depth: 0 });
        }
        self.before = if before == Before::Macro {
            Before::Macro
        } else {
            Before::Word(word, at)
        };
    }

    /// Leaves out the body that was just opened.
    fn body(&mut self, head: Head) {
        let open = self.scan.at();
        let source = head.function.map(|start| {
            let (line, column) = (self.line(start), column(self.file.get(..start)));
            (start, line, column)
        });
        self.keep(open);
        let line = self.line(open);
        let brace = column(Some(&self.skimmed.text)).saturating_sub(1);
        self.scan.skip_group();
        let end = self.scan.at();
        self.leave(end.saturating_sub(1));
        if let Some((start, first, column)) = source {
            let source = Source {
                file: Arc::clone(self.file),
                range: start..end,
                line: first,
                column,
            };
            self.skimmed.functions.insert((line, brace), source);
        }
    }

    /// Keeps the text up to that place.
    fn keep(&mut self, end: usize) {
        let kept = self.file.get(self.kept..end).unwrap_or_default();
        self.skimmed.text.push_str(kept);
        self.kept = end;
    }

    /// Leaves out the text up to that place, but not its lines.
    fn leave(&mut self, end: usize) {
        let left = self.file.get(self.kept..end).unwrap_or_default();
        let lines = "\n".repeat(left.matches('\n').count());
        self.skimmed.text.push_str(&lines);
        self.skimmed.text.push(' ');
        self.kept = end;
    }

    /// The line of a place behind those that were asked for before.
    fn line(&mut self, at: usize) -> usize {
        let (place, line) = self.counted;
        let between = self.file.get(place..at).unwrap_or_default();
        self.counted = (at, line + between.matches('\n').count());
        self.counted.1
    }
}

/// How many characters stand in the last line.
fn column(text: Option<&str>) -> usize {
    let last = text.and_then(|text| text.rsplit('\n').next());
    last.map_or(0, |last| last.chars().count())
}
