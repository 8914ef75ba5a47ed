//! The pages of the repository: their links lead somewhere, their code is tested, and what they
//! tell people to run is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All pages, as paths from the root.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = folder.join(&name);
            if entry.file_type().unwrap().is_dir() {
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The page without its code blocks.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let lines = page.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where the links of a page lead.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let targets = prose.split("](").skip(1);
    targets
        .filter_map(|text| Some(text.split_once(')')?.0.to_owned()))
        .collect()
}

/// The anchors of a page's headings, as they are made on the web.
fn anchors(page: &str) -> Vec<String> {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// The code blocks of that language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut is_wanted = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), is_wanted) {
            (Some(info), None) => {
                is_wanted = Some(info.split(',').next() == Some(language));
                blocks.extend((is_wanted == Some(true)).then(String::new));
            }
            (Some(_), Some(_)) => is_wanted = None,
            (None, Some(true)) => {
                let block = blocks.last_mut().unwrap();
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// The program without comments, expectations of lints, and the way it is laid out.
fn essence(program: &str) -> String {
    let lines = program
        .lines()
        .map(|line| line.split("//").next().unwrap().trim())
        .filter(|line| !line.starts_with("#[expect("));
    lines.flat_map(str::split_whitespace).collect()
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        for link in links(&read(&page)) {
            if link.starts_with("https://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            let from = page.display();
            assert!(root().join(&target).exists(), "{from}: {link}");
            assert!(
                anchor.is_empty() || anchors(&read(&target)).iter().any(|known| known == anchor),
                "{from}: {link}: no such heading"
            );
        }
    }
}

#[test]
fn the_code_of_every_page_is_tested() {
    let list = read("duroxide/src/doc_tests.rs");
    for page in pages() {
        let page = page.to_str().unwrap().replace('\\', "/");
        assert!(list.contains(&format!("\"{page}\"")), "{page} is missing");
    }
}

#[test]
fn the_readme_tells_what_to_run() {
    let commands = blocks(&read("README.md"), "sh");
    assert_eq!(
        commands,
        ["cargo run --example hello_world\n", "cargo test\n"]
    );
}

#[test]
fn the_program_of_the_readme_is_the_example() {
    let page = blocks(&read("README.md"), "rust");
    let example = read("examples/hello_world.rs");
    assert_eq!(essence(&page[0]), essence(&example));
}

#[test]
fn every_example_that_is_mentioned_exists() {
    let manifest = read("examples/Cargo.toml");
    let mut mentioned = 0;
    for page in pages() {
        let text = read(&page);
        for rest in text.split("cargo run --example ").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let entry = format!("[[example]]\nname = \"{name}\"\n");
            assert!(manifest.contains(&entry), "{}: {name}", page.display());
            mentioned += 1;
        }
    }
    assert!(mentioned >= 2);
}
