//! Which module may name which: the folder list is the architecture, and this keeps it true.

mod source;

use std::fs;
use std::path::Path;

use source::{code_of, names_in, paths_behind};

/// A module and what it may name besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("codec", &[]),
    ("retry", &[]),
    ("telemetry", &[]),
    ("planted", &[]),
    ("sync", &[]),
    ("env", &["time"]),
    // Compiled for unit tests only.
    ("schedules", &["env", "time"]),
    ("history", &["time"]),
    ("engine", &["history", "time"]),
    (
        "orchestration",
        &["engine", "history", "time", "codec", "retry", "telemetry"],
    ),
    ("activity", &["history", "time", "client", "telemetry"]),
    (
        "registry",
        &["orchestration", "activity", "engine", "codec", "history"],
    ),
    (
        "typed",
        &[
            "orchestration",
            "activity",
            "registry",
            "client",
            "codec",
            "retry",
            "history",
        ],
    ),
    ("provider", &["history", "time", "env", "sync"]),
    (
        "storage",
        &[
            "provider",
            "history",
            "time",
            "codec",
            "env",
            "sync",
            "schedules",
        ],
    ),
    (
        "client",
        &["provider", "history", "codec", "time", "env", "telemetry"],
    ),
    (
        "runtime",
        &[
            "provider",
            "client",
            "registry",
            "activity",
            "orchestration",
            "engine",
            "history",
            "codec",
            "retry",
            "env",
            "time",
            "telemetry",
            "sync",
            "schedules",
        ],
    ),
    ("testing", EVERYTHING),
    ("compat", EVERYTHING),
    ("macro_support", EVERYTHING),
    ("prelude", EVERYTHING),
    // Compiled for the documentation tests only.
    ("doc_tests", &[]),
    ("lib", EVERYTHING),
];

const EVERYTHING: &[&str] = &["*"];

/// Words that a module must not know, whoever exports them; with the files that may.
const UNKNOWN: &[(&[&str], &[&str], &[&str])] = &[
    (
        &["history", "engine", "orchestration", "time"],
        &["tokio", "redb", "Instant", "rand"],
        // Asks whether a type is one of these; reads no clock.
        &["orchestration/probes.rs"],
    ),
    (
        &["history", "engine", "orchestration", "time"],
        &["SystemTime"],
        &[
            "time.rs",
            "orchestration/context.rs",
            "orchestration/probes.rs",
        ],
    ),
    (&["provider", "client", "runtime"], &["redb"], &[]),
];

/// The one place that knows what stored bodies look like.
const BODIES: &str = "storage/redb/bodies";

/// A source file: its path below `src`, and its text.
type File = (String, String);

/// Every way in which these files break the table.
fn violations(files: &[File]) -> Vec<String> {
    files.iter().flat_map(violations_of).collect()
}

fn violations_of((path, text): &File) -> Vec<String> {
    let module = path
        .split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs");
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{path}: module {module} is not in the table")];
    };
    let code = code_of(text);
    let mut found = Vec::new();
    for named in paths_behind(&code, "crate") {
        let known = LAYERS.iter().any(|(name, _)| *name == named);
        if *allowed == EVERYTHING || named == module || allowed.contains(&named) {
            continue;
        }
        found.push(match named {
            "{" => format!("{path}: one module per `use` line"),
            _ if known => format!("{path}: {module} names {named}"),
            _ => format!("{path}: {module} names {named} of the crate's root"),
        });
    }
    let is_root_of_module = path == &format!("{module}.rs") || path == &format!("{module}/mod.rs");
    for named in paths_behind(&code, "super") {
        // Tests at the end of a file name what is above them.
        if named == "super" || (is_root_of_module && module != "lib" && named != "*") {
            found.push(format!(
                "{path}: super::{named} hides which module it names"
            ));
        }
    }
    for (modules, words, exceptions) in UNKNOWN {
        if !modules.contains(&module) || exceptions.contains(&path.as_str()) {
            continue;
        }
        let named = names_in(&code).filter(|name| words.contains(name));
        found.extend(named.map(|name| format!("{path}: {module} names {name}")));
    }
    if !path.starts_with(BODIES) && names_in(&code).any(|name| name == "bincode") {
        found.push(format!("{path}: {module} names bincode"));
    }
    found.sort();
    found.dedup();
    found
}

fn sources(folder: &Path, below: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{path}/"), files);
        } else if entry.path().extension().is_some_and(|it| it == "rs") {
            files.push((path, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn every_module_names_only_what_lies_below_it() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut files,
    );
    assert!(files.len() > 20, "the sources are found");
    files.sort();
    assert_eq!(violations(&files), Vec::<String>::new());
}

#[test]
fn the_table_has_no_cycle() {
    let mut rest: Vec<_> = LAYERS
        .iter()
        .filter(|(_, allowed)| *allowed != EVERYTHING)
        .collect();
    while !rest.is_empty() {
        let names: Vec<_> = rest.iter().map(|(name, _)| *name).collect();
        let before = rest.len();
        rest.retain(|(_, allowed)| allowed.iter().any(|it| names.contains(it)));
        assert!(rest.len() < before, "a cycle among {names:?}");
    }
}

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(violations(&[(path.to_owned(), text.to_owned())]), expected);
}

#[test]
fn a_name_from_above_is_found_wherever_it_stands() {
    let expected = ["engine/poll.rs: engine names orchestration"];
    check(
        "engine/poll.rs",
        "use crate::orchestration::DurableFuture;",
        &expected,
    );
    check(
        "engine/poll.rs",
        "fn f() { crate :: orchestration::x(); }",
        &expected,
    );
    check(
        "engine/poll.rs",
        "macro_rules! m { () => { $crate::orchestration::x() } }",
        &expected,
    );
    check(
        "engine/poll.rs",
        "use crate::history::Event;\nuse crate::engine::x;",
        &[],
    );
    check(
        "time.rs",
        "use crate::history;",
        &["time.rs: time names history"],
    );
    check(
        "runtime/mod.rs",
        "use crate::storage::x;",
        &["runtime/mod.rs: runtime names storage"],
    );
    check(
        "provider/mod.rs",
        "use crate::engine;",
        &["provider/mod.rs: provider names engine"],
    );
}

#[test]
fn comments_and_texts_name_nothing() {
    let text = r##"
        //! Not like [`crate::orchestration`].
        /* crate::runtime /* tokio */ SystemTime */
        const A: &str = "crate::provider // \" tokio";
        const B: &str = r#"crate::provider" tokio"#;
        const C: char = '"'; // crate::runtime
        const D: &str = "https://redb";
        fn lifetime<'a>(it: &'a str) -> &'a str { it }
    "##;
    check("engine/x.rs", text, &[]);
    let behind = "const A: &str = \"//\"; use crate::runtime::x;";
    check(
        "engine/x.rs",
        behind,
        &["engine/x.rs: engine names runtime"],
    );
}

#[test]
fn roads_around_the_table_are_closed() {
    let grouped = "use crate::{history, runtime};";
    check(
        "engine/x.rs",
        grouped,
        &["engine/x.rs: one module per `use` line"],
    );
    let reexported = "use crate::Client;";
    check(
        "engine/x.rs",
        reexported,
        &["engine/x.rs: engine names Client of the crate's root"],
    );
    let up = "use super::super::runtime;";
    check(
        "engine/x/y.rs",
        up,
        &["engine/x/y.rs: super::super hides which module it names"],
    );
    let out = "use super::runtime;";
    check(
        "engine/mod.rs",
        out,
        &["engine/mod.rs: super::runtime hides which module it names"],
    );
    check("time.rs", "mod tests { use super::*; }", &[]);
    check("engine/x.rs", "use super::inbox;", &[]);
    check(
        "helpers/mod.rs",
        "",
        &["helpers/mod.rs: module helpers is not in the table"],
    );
}

#[test]
fn pure_modules_know_neither_clock_nor_runtime_nor_store() {
    for (path, word) in [
        ("engine/x.rs", "tokio"),
        ("history/x.rs", "redb"),
        ("engine/x.rs", "Instant"),
        ("orchestration/x.rs", "SystemTime"),
        ("runtime/x.rs", "redb"),
    ] {
        let module = path.split('/').next().unwrap();
        check(
            path,
            &format!("use {word}::x;"),
            &[&format!("{path}: {module} names {word}")],
        );
        check(path, &format!("use un{word}ed::x;"), &[]);
    }
    check(
        "orchestration/context.rs",
        "use std::time::SystemTime;",
        &[],
    );
    check("time.rs", "use std::time::{Duration, SystemTime};", &[]);
}

#[test]
fn bincode_is_named_where_bodies_are_stored_and_nowhere_else() {
    check("storage/redb/bodies/event.rs", "use bincode::Encode;", &[]);
    for path in ["storage/redb/schema.rs", "provider/x.rs"] {
        let module = path.split('/').next().unwrap();
        check(
            path,
            "use bincode::Encode;",
            &[&format!("{path}: {module} names bincode")],
        );
    }
}

#[test]
fn exported_macros_live_at_the_root() {
    check(
        "provider/x.rs",
        "fn f() { $crate::conformance_tests!(x) }",
        &[],
    );
}
