//! Marks in the programs of `ui-tests`, and what was recorded of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The marks in `ui-tests`: those that fail, and those that pass.
pub(crate) fn marks(open: &mut Vec<String>) -> [BTreeSet<(String, String)>; 2] {
    let (mut failing, mut passing) = (BTreeSet::new(), BTreeSet::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui-tests");
    for path in files(&root.join("ui"))
        .into_iter()
        .chain(files(&root.join("tests/corpus")))
    {
        let text = fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate() {
            for (sign, fails) in [("//~ ", true), ("//= ", false)] {
                let Some((_, mark)) = line.split_once(sign) else {
                    continue;
                };
                let (id, form) = mark.trim().split_once(' ').unwrap();
                let is_kept = if fails {
                    complains(&path, index + 1, id)
                } else {
                    !path.with_extension("stderr").exists()
                };
                if !is_kept {
                    let path = path.display();
                    open.push(format!(
                        "{path}:{}: {mark} is not what is recorded",
                        index + 1
                    ));
                }
                let marks = if fails { &mut failing } else { &mut passing };
                marks.insert((id.to_owned(), form.to_owned()));
            }
        }
    }
    [failing, passing]
}

/// Whether the recorded messages of the file point at the line, for that rule.
fn complains(path: &Path, line: usize, id: &str) -> bool {
    let text = fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
    let name = path.file_name().unwrap().to_str().unwrap();
    let place = format!("{name}:{line}:");
    text.split("\n\n").any(|message| {
        let points = message
            .lines()
            .any(|it| it.trim_start().starts_with("--> ") && it.contains(&place));
        points && message.contains(&format!("[{id}]"))
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// Whether any recorded message of the compiler shows the rule.
pub(crate) fn is_recorded(id: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui-tests/ui");
    files(&root).iter().any(|path| {
        let text = fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
        text.contains(&format!("[{id}]"))
    })
}
