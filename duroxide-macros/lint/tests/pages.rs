//! Each rule has a page that says what its message says, and a test that shows the message.

#![expect(clippy::panic, reason = "in a test, a panic is the report")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use duroxide_lint::rules::{Level, Off, Rule};
use duroxide_lint::table::RULES;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(rule: &Rule) -> String {
    let path = root().join(format!("docs/lints/{}.md", rule.id));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_rule_has_a_page_that_agrees_with_it() {
    let index = fs::read_to_string(root().join("docs/lints/README.md")).unwrap();
    for rule in RULES {
        let (id, page) = (rule.id, page(rule));
        let level = match rule.level {
            Level::Error => "An error.",
            Level::Warning => "A warning.",
            Level::Pedantic => "Off, unless the project asks for it.",
            Level::Reserved => "Reserved: nothing is looked for yet.",
        };
        let off = match rule.off {
            Off::Allowed => "It can be allowed, with a reason.",
            Off::Assumed => "It cannot be allowed; for one future there is `ctx.assume_durable`.",
            Off::Never => "It cannot be allowed.",
        };
        let head = format!("# {id}: {}\n\n*{level} {off}*\n", rule.title);
        assert!(page.starts_with(&head), "{id}: {head}");
        assert!(page.contains(&format!(" {} [{id}]", rule.verdict)), "{id}");
        assert!(
            page.contains(&format!("help: {}", rule.help_with("ctx"))),
            "{id}"
        );
        assert!(
            index.contains(&format!("| [{id}]({id}.md) | {}", rule.title)),
            "{id}"
        );
    }
}

#[test]
fn every_page_has_a_rule() {
    for entry in fs::read_dir(root().join("docs/lints")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.trim_end_matches(".md");
        let is_rule = RULES.iter().any(|rule| rule.id == id);
        assert!(is_rule || name == "README.md", "{name}");
    }
}

/// Rules that show no message of the macros: types speak for themselves, or only the checker looks.
const ELSEWHERE: &[&str] = &["DX0204", "DX0302", "DX0304", "DX0402", "DX0501"];

#[test]
fn every_rule_is_shown_by_a_test() {
    let mut shown = BTreeSet::new();
    let mut folders = vec![root().join("ui-tests/ui")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "stderr") {
                let text = fs::read_to_string(&path).unwrap();
                shown.extend(
                    RULES
                        .iter()
                        .map(|rule| rule.id)
                        .filter(|id| text.contains(&format!("[{id}]"))),
                );
            }
        }
    }
    for rule in RULES {
        let is_shown = shown.contains(rule.id) || ELSEWHERE.contains(&rule.id);
        assert!(is_shown, "no test shows {}", rule.id);
    }
}
