//! Which mutants an error of the compiler is about.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::rewrite::SWITCH;

/// A span of more lines than this is about the code around, not about one place.
const MOST_LINES: usize = 3;

/// An error of the compiler, as it writes it in JSON.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) level: String,
    pub(crate) rendered: Option<String>,
    code: Option<Code>,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Deserialize)]
struct Span {
    file_name: String,
    is_primary: bool,
    byte_start: usize,
    byte_end: usize,
    line_start: usize,
    line_end: usize,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Deserialize)]
struct Expansion {
    span: Span,
}

impl Span {
    /// Where the macro was called that this is in.
    fn outermost(&self) -> &Self {
        match &self.expansion {
            Some(expansion) => expansion.span.outermost(),
            None => self,
        }
    }
}

/// The mutants that errors are about, with the codes of these.
pub(crate) fn blamed(root: &Path, errors: &[Message]) -> BTreeMap<usize, String> {
    let mut texts = BTreeMap::new();
    let mut blamed = BTreeMap::new();
    for error in errors {
        let code = error.code.as_ref().map_or("", |it| &it.code);
        let spans = error.spans.iter();
        let (first, others): (Vec<_>, Vec<_>) = spans.partition(|span| span.is_primary);
        let mut steps = [(&first, true), (&others, true), (&first, false)];
        if code == NO_CASE {
            steps.rotate_right(1);
        }
        for (spans, is_near) in steps {
            let mut numbers = Vec::new();
            for span in spans.iter().map(|span| span.outermost()) {
                let text = texts.entry(&span.file_name).or_insert_with(|| {
                    fs::read_to_string(root.join(&span.file_name)).unwrap_or_default()
                });
                numbers.extend(if is_near {
                    asked_at(text, span)
                } else {
                    asked_around(text, span, code)
                });
            }
            for number in &numbers {
                blamed.insert(*number, code.to_owned());
            }
            if !numbers.is_empty() {
                break;
            }
        }
    }
    blamed
}

/// The switches that are asked within a span; else the last one in front of it in its line, for that is
/// the condition of what stands there; else any in its line.
fn asked_at(text: &str, span: &Span) -> Vec<usize> {
    let (start, end) = (span.byte_start, span.byte_end);
    if span.line_end.saturating_sub(span.line_start) >= MOST_LINES {
        return Vec::new();
    }
    let within = switches(text, start, end);
    if !within.is_empty() {
        return within;
    }
    let before = text.get(..start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |it| it + 1);
    if let Some(last) = switches(text, line, start).last() {
        return vec![*last];
    }
    let behind = text.get(end..).unwrap_or_default();
    let line_end = behind.find('\n').map_or(text.len(), |it| end + it);
    switches(text, line, line_end)
}

/// A `match` lacks a case.
const NO_CASE: &str = "E0004";

/// Two errors stand far from what causes them: that a `match` lacks a case, where all arms that may not be
/// there are blamed; and that a function returns another type than the value of a mutant said first.
fn asked_around(text: &str, span: &Span, code: &str) -> Vec<usize> {
    let Ok(file) = syn::parse_file(text) else {
        return Vec::new();
    };
    let mut around = Around {
        at: span.byte_start,
        function: 0..0,
        choice: 0..0,
    };
    around.visit_file(&file);
    let (range, before) = match code {
        NO_CASE => (around.choice, " if !"),
        _ => (around.function, "\nif "),
    };
    let part = text.get(range).unwrap_or_default();
    // A body begins with its mutants; only the first one is not at the begin of its line.
    let part = part.replacen(&format!("if {SWITCH}"), &format!("\nif {SWITCH}"), 1);
    switches_behind(&part, before)
}

/// The innermost function, and the innermost `match`, around a place.
struct Around {
    at: usize,
    function: Range<usize>,
    choice: Range<usize>,
}

impl Visit<'_> for Around {
    fn visit_item_fn(&mut self, it: &syn::ItemFn) {
        self.enter(it.block.span().byte_range());
        visit::visit_item_fn(self, it);
    }

    fn visit_impl_item_fn(&mut self, it: &syn::ImplItemFn) {
        self.enter(it.block.span().byte_range());
        visit::visit_impl_item_fn(self, it);
    }

    fn visit_expr_match(&mut self, it: &syn::ExprMatch) {
        let range = it.span().byte_range();
        if range.contains(&self.at) {
            self.choice = range;
        }
        visit::visit_expr_match(self, it);
    }
}

impl Around {
    fn enter(&mut self, function: Range<usize>) {
        if function.contains(&self.at) {
            self.function = function;
        }
    }
}

/// The numbers of the switches in a part of a text.
fn switches(text: &str, start: usize, end: usize) -> Vec<usize> {
    switches_behind(text.get(start..end).unwrap_or_default(), "")
}

/// The numbers of the switches in a text that stand behind certain words.
fn switches_behind(text: &str, words: &str) -> Vec<usize> {
    let asked = format!("{words}{SWITCH}(");
    let numbers = text.split(&asked).skip(1);
    let numbers = numbers.filter_map(|rest| rest.split(')').next()?.parse().ok());
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "const A: u8 = (if crate::mutant_switch::on(1) { l >> r } else { l << r });\n\
        fn f() -> B { if crate::mutant_switch::on(22) { return Default::default(); }\n\
        if crate::mutant_switch::on(23) { return 1; }\n\
        b(c) }\n";

    /// The mutants that an error at this piece of the text is about.
    fn blamed_at(pieces: &[(&str, bool)]) -> Vec<usize> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.rs"), TEXT).unwrap();
        let spans = pieces.iter().map(|(piece, is_primary)| {
            let start = TEXT.find(piece).unwrap();
            let line = TEXT[..start].matches('\n').count() + 1;
            json!({
                "file_name": "a.rs", "is_primary": is_primary,
                "byte_start": start, "byte_end": start + piece.len(),
                "line_start": line, "line_end": line + piece.matches('\n').count(),
            })
        });
        let spans: Vec<_> = spans.collect();
        let error = json!({"level": "error", "code": {"code": "E0015"}, "spans": spans});
        let error = serde_json::from_value(error).unwrap();
        let blamed = blamed(folder.path(), &[error]);
        assert!(blamed.values().all(|code| code == "E0015"));
        blamed.into_keys().collect()
    }

    #[test]
    fn the_switch_at_an_error_is_found() {
        assert_eq!(blamed_at(&[("crate::mutant_switch::on(1)", true)]), [1]);
        assert_eq!(blamed_at(&[("l >> r", true)]), [1]);
        assert_eq!(blamed_at(&[("Default::default()", true)]), [22]);
        assert_eq!(blamed_at(&[("const A", true)]), [1]);
        assert_eq!(blamed_at(&[("return 1", true), ("-> B", false)]), [23]);
        // The place itself has none: what else the message points at has, or the body.
        assert_eq!(blamed_at(&[("b(c)", true), ("return 1", false)]), [23]);
        assert_eq!(blamed_at(&[("b(c)", true)]), [22, 23]);
        assert_eq!(blamed_at(&[(TEXT, true)]), [0; 0]);
    }

    #[test]
    fn an_error_far_from_its_cause_is_one_of_the_arms_or_of_the_body() {
        let text = "fn f() -> A {\n    if crate::mutant_switch::on(1) { return a; }\n\
            if crate::mutant_switch::on(2) { return b; }\n\n\
            match c {\n B if !crate::mutant_switch::on(3) => x(),\n\
            C if !crate::mutant_switch::on(4) && (d) => match e {\n\
            F if !crate::mutant_switch::on(5) => y(), _ => z() } } }\n\
            fn g() { if crate::mutant_switch::on(6) { return; }\n }";
        let around = |piece: &str, code| {
            let start = text.find(piece).unwrap();
            let span = json!({
                "file_name": "", "is_primary": true, "line_start": 1, "line_end": 1,
                "byte_start": start, "byte_end": start + 1,
            });
            asked_around(text, &serde_json::from_value(span).unwrap(), code)
        };
        assert_eq!(around("c {", "E0004"), [3, 4, 5]);
        assert_eq!(around("e {", "E0004"), [5]);
        assert_eq!(around("c {", "E0308"), [1, 2]);
        assert_eq!(around("fn g", "E0308"), [0; 0]);
    }
}
