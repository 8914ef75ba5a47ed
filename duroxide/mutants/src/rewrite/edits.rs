//! Changes of a text by their places in it, all of which are told in offsets of the text as it was.

use std::ops::Range;

/// Changes that are collected from the outside to the inside, and made at once.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<Edit>,
    /// How many there were so far: what came earlier is further outside.
    count: isize,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edit {
    at: usize,
    rank: Rank,
    order: isize,
    end: usize,
    text: String,
}

/// What comes first at one place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The end of something, inner ones first.
    Closes,
    /// In front of everything that begins here.
    First,
    /// The beginning of something, outer ones first.
    Opens,
    Instead,
}

impl Edits {
    /// Puts one text in front of a range and one behind.
    pub(super) fn around(&mut self, range: Range<usize>, before: &str, behind: &str) {
        self.insert(range.start, before);
        self.push(range.end..range.end, Rank::Closes, -self.count, behind);
    }

    /// Puts a text there.
    pub(super) fn insert(&mut self, at: usize, text: &str) {
        self.count += 1;
        self.push(at..at, Rank::Opens, self.count, text);
    }

    /// Puts a text in front of whatever begins there, behind what was put there like this before.
    pub(super) fn insert_first(&mut self, at: usize, text: &str) {
        self.count += 1;
        self.push(at..at, Rank::First, self.count, text);
    }

    /// Replaces what stands there; nothing within may be changed.
    pub(super) fn instead(&mut self, range: Range<usize>, text: &str) {
        self.push(range, Rank::Instead, 0, text);
    }

    /// The text with all changes.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.edits.sort();
        let mut out = String::new();
        let mut from = 0;
        for edit in self.edits {
            out.push_str(text.get(from..edit.at).unwrap_or_default());
            out.push_str(&edit.text);
            from = edit.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    fn push(&mut self, range: Range<usize>, rank: Rank, order: isize, text: &str) {
        self.edits.push(Edit {
            at: range.start,
            rank,
            order,
            end: range.end,
            text: text.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_stays_outside() {
        let mut edits = Edits::default();
        edits.around(0..5, "(", ")");
        edits.around(0..1, "[", "]");
        edits.around(4..5, "{", "}");
        edits.instead(2..3, "-");
        edits.insert_first(0, "1 ");
        edits.insert_first(0, "2 ");
        assert_eq!(edits.apply("a + b;"), "1 2 ([a] - {b});");
    }
}
