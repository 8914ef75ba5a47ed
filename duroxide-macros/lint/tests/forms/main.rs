//! Each rule in each form in which people write such code: the same search that the macros make, on
//! sources that are written for it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod calls;
mod order;
mod searching;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use duroxide_lint::check::Finding;
use duroxide_lint::index::krate::Crate;
use duroxide_lint::index::manifest::Manifest;

use support::findings;

const MANIFEST: &str = "[package]\nname = \"shop\"\n[dependencies]\ntokio = \"1\"\nfutures = \"0.3\"\nrand = \"0.9\"\n\
    uuid = \"1\"\nreqwest = \"0.12\"\nduroxide = \"0.1\"\nlog = \"0.4\"\n\
    hashbrown = \"0.15\"\nahash = \"0.8\"\ndashmap = \"6\"\nrustc-hash = \"2\"\nfxhash = \"0.2\"\nindexmap = \"2\"\n\
    swiss = { package = \"hashbrown\", version = \"0.15\" }\n\
    renamed_rand = { package = \"rand\", version = \"0.8\" }\n\
    renamed_tokio = { package = \"tokio\", version = \"1\" }\n\
    renamed_uuid = { package = \"uuid\", version = \"1\" }\n";

/// The ids found in the function `checked` of a crate with this root file, and one more file.
fn found(root: &str, other: &str) -> Vec<&'static str> {
    found_where(root, other, true)
}

/// The same, by the checker or in a build.
fn found_where(root: &str, other: &str, only_text: bool) -> Vec<&'static str> {
    let findings = search(root, other, MANIFEST, only_text);
    findings.iter().map(|it| it.rule.id).collect()
}

fn search(root: &str, other: &str, manifest: &str, only_text: bool) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("src/lib.rs");
    fs::create_dir_all(folder.path().join("src")).unwrap();
    fs::write(&file, root).unwrap();
    fs::write(folder.path().join("src/other.rs"), other).unwrap();
    let manifest = Manifest::parse(manifest);
    let (krate, place) = Crate::of_file(&file, manifest.clone()).unwrap();
    findings(root, (&krate, &place), &manifest, only_text)
}

#[track_caller]
fn expect(root: &str, other: &str, expected: &[&str]) {
    assert_eq!(found(root, other), expected, "{root}\n---\n{other}");
}
