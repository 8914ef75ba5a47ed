//! What the manifests and the sources must say, so that the compiler and its lints keep it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of a manifest between this heading and the next.
fn section(manifest: &str, heading: &str) -> Vec<String> {
    let lines = manifest.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.map(str::to_owned).collect()
}

fn members() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let line = manifest
        .lines()
        .find(|line| line.starts_with("members = ["));
    let quoted = line.unwrap().split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// Sources below a folder of the library, as paths from `src` and texts.
fn sources(below: &str) -> Vec<(String, String)> {
    let src = root().join("duroxide/src");
    let (mut found, mut open) = (Vec::new(), vec![src.join(below)]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|it| it.unwrap().path()));
        } else {
            found.push((relative(&path, &src), fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "nothing in {below}");
    found
}

fn relative(path: &Path, to: &PathBuf) -> String {
    let path = path.strip_prefix(to).unwrap().to_str().unwrap();
    path.replace('\\', "/")
}

/// The code in front of its unit tests, without comments.
fn product(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_crate_has_unsafe_code_and_overflows_are_checked_in_release_too() {
    let manifest = read("Cargo.toml");
    let rust = section(&manifest, "[workspace.lints.rust]");
    assert!(rust.contains(&"unsafe_code = \"forbid\"".to_owned()));
    let release = section(&manifest, "[profile.release]");
    assert!(release.contains(&"overflow-checks = true".to_owned()));
    let members = members();
    assert!(members.len() >= 6, "{members:?}");
    for member in members {
        let own = read(&format!("{member}/Cargo.toml"));
        let lints = section(&own, "[lints]");
        assert!(lints.contains(&"workspace = true".to_owned()), "{member}");
        let package = section(&own, "[package]");
        let msrv = "rust-version.workspace = true".to_owned();
        assert!(package.contains(&msrv), "{member}");
    }
}

/// Clippy fails on them; here is that nobody takes the denial away.
#[test]
fn what_may_panic_is_denied_in_the_library_and_nobody_allows_it() {
    const DENIED: [&str; 4] = [
        "arithmetic_side_effects",
        "expect_used",
        "indexing_slicing",
        "unwrap_used",
    ];
    let lib = read("duroxide/src/lib.rs");
    let denied = lib.split("deny(").nth(1).unwrap();
    let denied = denied.split(')').next().unwrap();
    for lint in DENIED {
        assert!(denied.contains(&format!("clippy::{lint}")), "{lint}");
    }
    // Rules that are tests, and what fails a test of the user's.
    let exempt = ["provider/conformance/mod.rs", "testing/clock.rs", "lib.rs"];
    for (path, text) in sources("") {
        if exempt.contains(&path.as_str()) {
            continue;
        }
        let code = product(&text);
        for lint in DENIED {
            assert!(!code.contains(&format!("clippy::{lint}")), "{path}: {lint}");
        }
    }
}

/// A map without an order in what decides would make one history of two programs.
#[test]
fn nothing_that_decides_has_a_map_without_an_order() {
    // Values are handed to the code as such a map; types of the code are told apart.
    let exempt = ["orchestration/kept.rs", "orchestration/probes.rs"];
    for folder in ["engine", "history", "orchestration", "provider", "runtime"] {
        for (path, text) in sources(folder) {
            let code = product(&text);
            let has_one = ["HashMap", "HashSet"].iter().any(|it| code.contains(it));
            assert!(!has_one || exempt.contains(&path.as_str()), "{path}");
        }
    }
}

/// What an orchestration is decided by, and what a store promises.
const CORE: [&str; 6] = [
    "time.rs",
    "codec",
    "history",
    "engine",
    "orchestration",
    "provider",
];

#[test]
fn few_libraries_are_needed_and_fewer_decide() {
    let manifest = read("duroxide/Cargo.toml");
    let all = section(&manifest, "[dependencies]");
    let name = |line: &String| line.split(['.', ' ']).next().unwrap().to_owned();
    let needed: Vec<String> = all
        .iter()
        .filter(|line| !line.is_empty() && !line.contains("optional = true"))
        .map(name)
        .collect();
    // One more is argued in its commit, and here.
    assert_eq!(needed.len(), 15, "{needed:?}");
    let mut deciding = Vec::new();
    for (path, text) in CORE.iter().flat_map(|folder| sources(folder)) {
        // For those who write stores and test them: no part of a program.
        if path.starts_with("provider/model") || path.starts_with("provider/conformance") {
            continue;
        }
        let code = product(&text);
        let named = |it: &&String| code.contains(&format!("{}::", it.replace('-', "_")));
        deciding.extend(needed.iter().filter(named).cloned());
    }
    deciding.sort();
    deciding.dedup();
    assert!(deciding.len() <= 10, "{deciding:?}");
}

#[test]
fn versions_are_pinned_and_exceptions_have_reasons() {
    let lock = read("Cargo.lock");
    assert!(lock.contains("name = \"redb\""));
    assert!(!read(".gitignore").contains("Cargo.lock"));
    let package = section(&read("Cargo.toml"), "[workspace.package]");
    assert!(package.iter().any(|line| line.starts_with("rust-version")));
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain.lines().find(|line| line.starts_with("channel"));
    let version = channel.unwrap().split('"').nth(1).unwrap();
    assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()));

    let rules = read("deny.toml");
    let is_exception = |line: &&str| {
        let line = line.trim();
        line.starts_with("{ id = ") || (line.starts_with("{ crate = ") && line.contains('@'))
    };
    let exceptions: Vec<&str> = rules.lines().filter(is_exception).collect();
    assert!(exceptions.len() >= 2, "{exceptions:?}");
    for exception in exceptions {
        assert!(exception.contains("reason = \""), "{exception}");
    }
}

/// JSON is read to a depth of 128: deeper, a stack could overflow, which no guard catches.
#[test]
fn nobody_lifts_the_limit_of_nesting() {
    assert!(!read("Cargo.toml").contains("unbounded_depth"));
    for (path, text) in sources("") {
        assert!(!text.contains("disable_recursion_limit"), "{path}");
    }
}

/// There is no SQL here, so nothing can be injected into any.
#[test]
fn nothing_speaks_sql() {
    let lock = read("Cargo.lock");
    for name in ["sqlx", "rusqlite", "postgres", "tokio-postgres", "diesel"] {
        assert!(!lock.contains(&format!("name = \"{name}\"")), "{name}");
    }
    for (path, text) in sources("") {
        for word in ["SELECT ", "INSERT INTO", "DELETE FROM"] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
}
