//! What the guide quotes is what the code says; and what is there is listed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// The files below a folder with that ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path, ending));
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            files.push(path);
        }
    }
    files
}

/// The string literals of a source, as they are read: escapes undone, and `…` for what is filled in.
fn literals(source: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('/', Some('/')) => while chars.next().is_some_and(|c| c != '\n') {},
            // A quotation mark as a character begins no text.
            ('\'', Some('"')) => {
                chars.next();
            }
            ('"', _) => {
                let mut text = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match c {
                        '\\' => match chars.next().unwrap() {
                            // The next line goes on where its first word stands.
                            '\n' => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                            escaped => text.push(escaped),
                        },
                        '{' => {
                            while chars.next().is_some_and(|c| c != '}') {}
                            text.push('…');
                        }
                        _ => text.push(c),
                    }
                }
                literals.push(text);
            }
            _ => {}
        }
    }
    literals
}

#[test]
fn every_message_of_the_troubleshooting_page_stands_in_the_source() {
    let sources = ["duroxide/src", "duroxide-macros/lint/src"];
    let sources = sources.map(|folder| files(&root().join(folder), "rs"));
    let literals: Vec<String> = (sources.iter().flatten())
        .flat_map(|file| literals(&fs::read_to_string(file).unwrap()))
        .collect();
    let page = fs::read_to_string(root().join("docs/guide/troubleshooting.md")).unwrap();
    let mut quoted = 0;
    for block in page.split("```text\n").skip(1) {
        for message in block.split("```").next().unwrap().lines() {
            let stands = literals.iter().any(|literal| literal.contains(message));
            assert!(stands, "nothing says `{message}`");
            quoted += 1;
        }
    }
    assert!(quoted >= 50, "{quoted}");
}

#[test]
fn literals_are_read_as_they_are_said() {
    let source =
        "let a = \"one {two} \\\n    \\\"three\\\"\"; // \"four\"\nlet b = ('\"', \"five\");";
    assert_eq!(literals(source), ["one … \"three\"", "five"]);
}

#[test]
fn the_readme_lists_every_example_and_every_page_of_the_guide() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let manifest = fs::read_to_string(root().join("examples/Cargo.toml")).unwrap();
    let examples = manifest.split("[[example]]\nname = \"").skip(1);
    let examples = examples.map(|entry| entry.split('"').next().unwrap());
    for example in examples.filter(|example| *example != "bench") {
        let link = format!("](examples/{example}");
        assert!(
            readme.contains(&link),
            "the example {example} is not listed"
        );
    }
    for page in files(&root().join("docs/guide"), "md") {
        let name = page.file_name().unwrap().to_str().unwrap();
        let link = format!("](docs/guide/{name})");
        assert!(readme.contains(&link), "the page {name} is not listed");
    }
}
