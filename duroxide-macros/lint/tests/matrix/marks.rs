//! Marks in the programs of `ui-tests`, and what was recorded of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The marks in these folders of `ui-tests`: those that fail, and those that pass.
pub(crate) fn marks(folders: &[&str], open: &mut Vec<String>) -> [BTreeSet<(String, String)>; 2] {
    let (mut failing, mut passing) = (BTreeSet::new(), BTreeSet::new());
    for path in folders
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
    {
        let text = fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate() {
            for (sign, fails) in [("//~ ", true), ("//= ", false)] {
                let Some((_, mark)) = line.split_once(sign) else {
                    continue;
                };
                let (id, form) = mark.trim().split_once(' ').unwrap();
                let is_kept = if fails {
                    complains(&path, index + 1, id) || expects(&text, index)
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

/// Whether the function around that line says that the compiler warns there: it answers for that itself.
fn expects(text: &str, index: usize) -> bool {
    let lines: Vec<_> = text.lines().take(index).collect();
    let head = lines.iter().rposition(|it| it.contains("async fn "));
    let attributes = lines.iter().take(head.unwrap_or(0)).rev();
    let mut attributes = attributes.take_while(|it| it.trim_start().starts_with("#["));
    attributes.any(|it| it.contains("#[expect(deprecated"))
}

/// The folder of `ui-tests`, of which this file is a part too.
pub(crate) fn root() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = above.map(|it| it.join("ui-tests"));
    folders.find(|it| it.join("ui").is_dir()).unwrap()
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
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
