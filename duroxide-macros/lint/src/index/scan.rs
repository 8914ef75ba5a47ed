//! Rust text as words, delimiters and marks: enough to see where a body ends. It knows what may hide a
//! delimiter, comments and literals, and else nothing of the language.

use std::ops::Range;

/// Where it stands in a text.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name, a keyword or a number, and where it begins.
    Word(&'a str, usize),
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close,
    /// A text, a character or a lifetime.
    Text,
    /// One character of anything else.
    Mark(u8),
    /// A comment, of whatever kind.
    Comment(Range<usize>),
}

impl<'a> Scan<'a> {
    /// At the beginning, behind the line for the shell if there is one.
    pub(crate) fn new(text: &'a str) -> Self {
        let is_script = text.starts_with("#!") && !text.starts_with("#![");
        let first = text.find('\n').unwrap_or(text.len());
        let at = if is_script { first } else { 0 };
        Self { text, at }
    }

    /// Behind what was given last.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The next part.
    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        self.skip_while(|it| it.is_ascii_whitespace());
        let begin = self.at;
        let first = self.ahead(0)?;
        if is_word(first) {
            return Some(self.word(begin));
        }
        self.at += 1;
        Some(match first {
            b'(' | b'[' | b'{' => Token::Open(first),
            b')' | b']' | b'}' => Token::Close,
            b'"' => {
                self.skip_text();
                Token::Text
            }
            b'\'' => {
                self.skip_quote();
                Token::Text
            }
            b'/' if self.ahead(0) == Some(b'/') => {
                self.skip_while(|it| it != b'\n');
                Token::Comment(begin..self.at)
            }
            b'/' if self.ahead(0) == Some(b'*') => {
                self.skip_comment();
                Token::Comment(begin..self.at)
            }
            other => Token::Mark(other),
        })
    }

    /// Goes behind the end of the group whose delimiter was just given.
    pub(crate) fn skip_group(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next() {
                Some(Token::Open(_)) => depth += 1,
                Some(Token::Close) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn word(&mut self, begin: usize) -> Token<'a> {
        self.skip_while(is_word);
        let word = self.text.get(begin..self.at).unwrap_or_default();
        if matches!(word, "r" | "br" | "cr") {
            let hashes = self.hashes();
            if self.ahead(hashes) == Some(b'"') {
                self.at += hashes + 1;
                self.skip_raw(hashes);
                return Token::Text;
            }
            if hashes == 1 {
                self.at += 1;
                self.skip_while(is_word);
            }
        }
        let word = self.text.get(begin..self.at).unwrap_or_default();
        Token::Word(word, begin)
    }

    /// The number of `#` here.
    fn hashes(&self) -> usize {
        let rest = self.rest().iter();
        rest.take_while(|it| **it == b'#').count()
    }

    /// Behind the end of a text without escapes.
    fn skip_raw(&mut self, hashes: usize) {
        while self.ahead(0).is_some() {
            self.skip_while(|it| it != b'"');
            self.at += 1;
            if self.hashes() >= hashes {
                self.at += hashes;
                return;
            }
        }
    }

    fn skip_text(&mut self) {
        loop {
            self.skip_while(|it| it != b'"' && it != b'\\');
            match self.ahead(0) {
                Some(b'\\') => self.at += 2,
                Some(_) => {
                    self.at += 1;
                    return;
                }
                None => return,
            }
        }
    }

    /// A character, or a lifetime.
    fn skip_quote(&mut self) {
        if self.ahead(0) == Some(b'\\') {
            self.at += 2;
            self.skip_while(|it| it != b'\'');
            self.at += 1;
            return;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.chars().next().map_or(0, char::len_utf8);
        if self.ahead(length) == Some(b'\'') {
            self.at += length + 1;
        } else {
            self.skip_while(is_word);
        }
    }

    /// A comment in which others may stand.
    fn skip_comment(&mut self) {
        self.at += 1;
        let mut depth = 1_usize;
        while depth > 0 {
            self.skip_while(|it| it != b'*' && it != b'/');
            match (self.ahead(0), self.ahead(1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                }
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return,
            }
        }
    }

    fn skip_while(&mut self, is_inside: impl Fn(u8) -> bool) {
        let rest = self.rest();
        let end = rest.iter().position(|it| !is_inside(*it));
        self.at += end.unwrap_or(rest.len());
    }

    fn ahead(&self, distance: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + distance).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// Whether it belongs to a name: ASCII, or a part of a character that is more than one byte.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inside: &str) {
        let text = format!("{{{inside}}} end");
        let mut scan = Scan::new(&text);
        assert_eq!(scan.next(), Some(Token::Open(b'{')), "{inside}");
        scan.skip_group();
        assert!(
            matches!(scan.next(), Some(Token::Word("end", _))),
            "{inside}"
        );
        assert_eq!(scan.next(), None, "{inside}");
    }

    #[test]
    fn what_hides_a_brace_is_known() {
        for inside in [
            "",
            "{}[()]",
            "'}'",
            r"'\'' '}'",
            r"'\\' '}'",
            r"'\u{7f}' b'}' b'\''",
            "'ß' '}'",
            "<'a, 'static> &'a T",
            "'outer: loop { break 'outer; }",
            r#""}" "\"}" "\\""#,
            r##"r"}\" r#"}"}"# br#"}"# b"}" cr#""#"##,
            r###"r##"}"#}"## r"" r#fn"###,
            "// }\n",
            "//! }\n",
            "/* } /* } */ } */",
            "/** } **/ /* }/ */",
            "1.0 / 2 * x // '\n",
            "a/'}'/b",
        ] {
            check(inside);
        }
    }

    #[test]
    fn words_and_marks_are_told_apart() {
        let mut scan = Scan::new("#!/bin/sh 'x\nfn r#fn größe1!'a");
        let mut all = Vec::new();
        while let Some(token) = scan.next() {
            all.push(token);
        }
        assert!(matches!(
            all.as_slice(),
            [
                Token::Word("fn", _),
                Token::Word("r#fn", _),
                Token::Word("größe1", _),
                Token::Mark(b'!'),
                Token::Text,
            ]
        ));
    }

    #[test]
    fn what_never_ends_ends_with_the_text() {
        for text in [
            "{", "\"", "'", "'\\", "r#\"", "/*", "/* *", "\"\\", "(]", "br##",
        ] {
            let mut scan = Scan::new(text);
            while scan.next().is_some() {}
            assert!(scan.at() >= text.len(), "{text}");
        }
    }
}
