//! Mutants that do not compile, told from the compiler's errors.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{About as _, Error};
use crate::list::Mutant;
use crate::rewrite::SWITCH;

/// Stands for the code of an error where there was none: the rewriting has no form for that mutant.
pub(crate) const NO_FORM: &str = "no form";

/// A span of more lines than this is about the code around, not about one place.
const MOST_LINES: usize = 3;

/// Those that were taken out, by name, with the code of the error. They are kept: finding them takes minutes.
#[derive(Debug)]
pub(crate) struct Refused {
    file: PathBuf,
    kept: Kept,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Which sources it is true of.
    sources: String,
    codes: BTreeMap<String, String>,
}

impl Refused {
    /// Reads what was found in the same sources before.
    pub(crate) fn load(work: &Path, sources: String) -> Self {
        let file = work.join("refused.json");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let kept = serde_json::from_str(&text).ok();
        let kept = kept.filter(|kept: &Kept| kept.sources == sources);
        let empty = || Kept {
            sources,
            codes: BTreeMap::new(),
        };
        let kept = kept.unwrap_or_else(empty);
        Self { file, kept }
    }

    pub(crate) fn save(&self) -> Result<(), Error> {
        let text = serde_json::to_string(&self.kept).about(self.file.display())?;
        fs::write(&self.file, text).about(self.file.display())
    }

    pub(crate) fn has(&self, mutant: &Mutant) -> bool {
        self.kept.codes.contains_key(&mutant.name)
    }

    pub(crate) fn add(&mut self, mutant: &Mutant, code: &str) {
        self.kept.codes.insert(mutant.name.clone(), code.to_owned());
    }

    /// Whether a build of this mutant alone might compile: a switch cannot be asked in a constant (E0015), a
    /// function that returns `impl Trait` has one type, and some places have no form for a switch.
    pub(crate) fn is_beyond_switches(&self, mutant: &Mutant) -> bool {
        let code = self.kept.codes.get(&mutant.name).map(String::as_str);
        code.is_some() && mutant.returns.contains("impl ")
            || matches!(code, Some("E0015" | NO_FORM))
    }
}

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
        for spans in [first, others] {
            let mut numbers = Vec::new();
            for span in spans.into_iter().map(Span::outermost) {
                let text = texts.entry(&span.file_name).or_insert_with(|| {
                    fs::read_to_string(root.join(&span.file_name)).unwrap_or_default()
                });
                numbers.extend(asked_at(text, span));
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

/// The numbers of the switches in a part of a text.
fn switches(text: &str, start: usize, end: usize) -> Vec<usize> {
    let part = text.get(start..end).unwrap_or_default();
    let asked = part.split(SWITCH).skip(1);
    let numbers = asked.filter_map(|rest| rest.strip_prefix('(')?.split(')').next()?.parse().ok());
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::list::Genre;

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
        // The place itself has none: what else the message points at has.
        assert_eq!(blamed_at(&[("b(c)", true), ("return 1", false)]), [23]);
        assert_eq!(blamed_at(&[("b(c)", true)]), [0; 0]);
        assert_eq!(blamed_at(&[(TEXT, true)]), [0; 0]);
    }

    #[test]
    fn refusals_are_kept_for_the_same_sources() {
        let folder = tempfile::tempdir().unwrap();
        let mutant = |name: &str, returns: &str| Mutant {
            id: 1,
            file: String::new(),
            name: name.to_owned(),
            genre: Genre::Body,
            replacement: String::new(),
            place: (1, 1),
            returns: returns.to_owned(),
        };
        let (plain, constant) = (mutant("a", "-> A"), mutant("b", "-> B"));
        let (opaque, other) = (
            mutant("c", "-> impl Iterator"),
            mutant("d", "-> impl Iterator"),
        );
        let mut refused = Refused::load(folder.path(), "1".to_owned());
        refused.add(&plain, "E0277");
        refused.add(&constant, "E0015");
        refused.add(&opaque, "E0308");
        refused.save().unwrap();
        let again = Refused::load(folder.path(), "1".to_owned());
        let beyond = [&plain, &constant, &opaque, &other].map(|it| again.is_beyond_switches(it));
        assert_eq!(beyond, [false, true, true, false]);
        assert!(again.has(&plain) && !again.has(&other));
        assert!(!Refused::load(folder.path(), "2".to_owned()).has(&plain));
    }
}
