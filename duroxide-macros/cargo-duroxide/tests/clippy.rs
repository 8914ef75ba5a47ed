//! What clippy is asked, and what becomes of its answers.

use std::collections::BTreeSet;
use std::fs;

use cargo_duroxide::clippy::{Disallowed, configuration, macros, methods};
use cargo_duroxide::{Options, check};
use duroxide_lint::matching::{Known, macro_rule, path_rule, type_rule};
use duroxide_lint::patterns::{MACROS, MEMBERS, PATHS, TYPES};

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(str::to_owned).collect()
}

#[test]
fn each_name_that_clippy_looks_for_breaks_its_rule() {
    for Disallowed { path, id } in methods() {
        let names = segments(&path);
        let of_type = names.split_last().unwrap().1;
        let rule = path_rule(&names, Known::Whole).or_else(|| type_rule(of_type, Known::Whole));
        assert_eq!(rule, Some(id), "{path}");
    }
    for Disallowed { path, id } in macros() {
        assert_eq!(
            macro_rule(&segments(&path), Known::Whole),
            Some(id),
            "{path}"
        );
    }
}

#[test]
fn each_name_of_the_table_is_looked_for() {
    let asked: BTreeSet<_> = methods()
        .into_iter()
        .chain(macros())
        .map(|it| it.path)
        .collect();
    for (_, patterns) in PATHS.iter().chain(MACROS) {
        for pattern in *patterns {
            let path = pattern.replace('|', "");
            if !path.contains(['*', '?']) {
                assert!(asked.contains(&path), "{path}");
            }
        }
    }
    for (_, types) in TYPES {
        for ty in *types {
            let path = format!("{}::retain", ty.replace('|', ""));
            assert!(asked.contains(&path), "{path}");
        }
    }
}

/// Stars of the standard library are written out; those of other crates the text finds.
#[test]
fn each_star_of_the_standard_library_is_written_out() {
    // They are no functions of their own: a value of these comes from elsewhere.
    let made_elsewhere = ["std::task::|Waker::*"];
    let sockets = [
        "std::os::unix::net::|UnixStream::*",
        "std::os::unix::net::|UnixListener::*",
    ];
    let hasher = ["std::collections::hash_map::|DefaultHasher::*"];
    for (_, patterns) in PATHS {
        for pattern in patterns
            .iter()
            .filter(|it| it.starts_with("std::") && it.contains('*'))
        {
            let is_written_out = MEMBERS.iter().any(|(known, _)| known == pattern);
            let is_left_out = made_elsewhere
                .iter()
                .chain(&sockets)
                .chain(&hasher)
                .any(|it| it == pattern);
            assert!(is_written_out != is_left_out, "{pattern}");
        }
    }
    for (pattern, names) in MEMBERS {
        assert!(
            PATHS.iter().any(|(_, patterns)| patterns.contains(pattern)),
            "{pattern}"
        );
        assert!(!names.is_empty());
    }
}

#[test]
fn the_configuration_has_a_reason_for_each_name() {
    let text = configuration();
    assert!(text.contains(
        "{ path = \"std::time::SystemTime::now\", reason = \"DX0101: the clock shows another time on replay\", allow-invalid = true },"
    ));
    assert_eq!(
        text.matches("path = ").count(),
        methods().len() + macros().len()
    );
    assert!(!text.contains('*') && !text.contains('|'));
}

const PROGRAM: &str = r#"
use std::collections::HashMap;
use std::path::Path;

struct OrchestrationContext;
struct Shop { prices: HashMap<String, u64>, files: Vec<&'static Path> }
type Clock = std::time::SystemTime;

fn reads_a_field(shop: &Shop) -> Option<u64> {
    inner(shop)
}

fn inner(shop: &Shop) -> Option<u64> {
    shop.prices.values().next().copied()
}

fn adds_up(shop: &Shop) -> u64 {
    shop.prices.values().sum()
}

fn not_reached(shop: &Shop) -> usize {
    shop.prices.keys().map(String::len).next().unwrap_or(0)
}

fn register<F: Fn(OrchestrationContext, &Shop) -> usize>(_name: &str, _orchestration: F) {}

#[deny(clippy::all, unused)]
fn main() {
    register("a", |_ctx: OrchestrationContext, shop: &Shop| {
        let first = shop.prices.keys().next();
        let many = shop.prices.values().filter(|it| **it > 1).count();
        let there = shop.files[0].exists();
        let now = Clock::now;
        let _ = (first, there, now());
        many + reads_a_field(shop).map_or(0, |_| 1) + adds_up(shop) as usize
    });
    let nothing = Shop { prices: HashMap::new(), files: Vec::new() };
    println!("{}", not_reached(&nothing) + nothing.prices.keys().count());
}
"#;

#[test]
fn methods_behind_fields_are_found_by_their_types() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("src")).unwrap();
    let manifest = folder.path().join("Cargo.toml");
    fs::write(
        &manifest,
        "[package]\nname = \"shop\"\nedition = \"2024\"\n[workspace]\n",
    )
    .unwrap();
    fs::write(folder.path().join("src/main.rs"), PROGRAM.trim_start()).unwrap();
    let mut options = Options {
        against: None,
        manifest_path: Some(manifest),
        asks_clippy: true,
    };
    let found = |options: &Options| {
        let checked = check(options).unwrap();
        assert_eq!(checked.notes, [] as [&str; 0]);
        let shown = checked.reports.iter();
        shown
            .map(|it| format!("{} {}", it.line, it.id))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found(&options),
        ["29 DX0105", "31 DX0111", "32 DX0101", "34 DX0401"]
    );
    options.asks_clippy = false;
    assert_eq!(found(&options), ["32 DX0101"]);

    options.asks_clippy = true;
    let reports = check(&options).unwrap().reports;
    assert_eq!(
        reports[0].message,
        "`HashMap` is walked through in an orchestration: its order differs from process to process \
         [DX0105]"
    );
    let way: Vec<_> = reports[3]
        .way
        .iter()
        .map(|hop| (hop.what.as_str(), hop.line))
        .collect();
    assert_eq!(way, [("`inner`", 9), ("`HashMap`", 13)]);
}

#[test]
fn a_workspace_that_does_not_compile_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("src")).unwrap();
    let manifest = folder.path().join("Cargo.toml");
    fs::write(
        &manifest,
        "[package]\nname = \"shop\"\nedition = \"2024\"\n[workspace]\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("src/lib.rs"),
        "pub fn f() { register(|ctx: OrchestrationContext| std::thread::sleep(ctx)); }",
    )
    .unwrap();
    let checked = check(&Options {
        against: None,
        manifest_path: Some(manifest),
        asks_clippy: true,
    })
    .unwrap();
    // What the text shows is found all the same.
    assert_eq!(checked.reports.len(), 1);
    assert!(checked.notes[0].contains("clippy has not looked at everything"));
}
