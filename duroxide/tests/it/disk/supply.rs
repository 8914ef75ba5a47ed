//! What may be among the dependencies, as far as `Cargo.lock` tells: the rules of `deny.toml` that
//! need no tool.

use crate::support::root;

/// One package of the lock file.
#[derive(Debug, Default)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    dependencies: Vec<String>,
}

fn packages() -> Vec<Package> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let blocks = lock.split("[[package]]").skip(1);
    blocks.map(package).collect()
}

fn package(block: &str) -> Package {
    let mut package = Package::default();
    for line in block.lines() {
        let quoted = || line.split('"').nth(1).unwrap_or_default().to_owned();
        if line.starts_with("name = ") {
            package.name = quoted();
        } else if line.starts_with("version = ") {
            package.version = quoted();
        } else if line.starts_with("source = ") {
            package.source = Some(quoted());
        } else if line.starts_with(" \"") {
            let name = quoted();
            let name = name.split(' ').next().unwrap_or_default();
            package.dependencies.push(name.to_owned());
        }
    }
    package
}

fn who_uses(name: &str) -> Vec<String> {
    let all = packages();
    let users = all
        .iter()
        .filter(|package| package.dependencies.iter().any(|other| other == name));
    users.map(|package| package.name.clone()).collect()
}

#[test]
fn everything_comes_from_the_registry_or_from_here() {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    for package in packages() {
        if let Some(source) = &package.source {
            assert_eq!(source, registry, "{package:?}");
        }
    }
}

#[test]
fn one_crate_names_the_codec_and_it_is_the_version_that_works() {
    assert_eq!(who_uses("bincode"), ["duroxide"]);
    let all = packages();
    let bincode = all
        .iter()
        .find(|package| package.name == "bincode")
        .unwrap();
    assert_eq!(bincode.version, "2.0.1");
}

#[test]
fn the_store_is_none_that_loses_commits() {
    let all = packages();
    let redb = all.iter().find(|package| package.name == "redb").unwrap();
    let numbers: Vec<u32> = redb
        .version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert!((numbers[0], numbers[1]) >= (4, 4), "{}", redb.version);
}

#[test]
fn what_is_banned_is_not_there() {
    let rules = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let banned: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \""))
        .filter_map(|rest| rest.strip_suffix("\" },"))
        .collect();
    assert!(banned.contains(&"openssl"), "{banned:?}");
    for package in packages() {
        assert!(!banned.contains(&package.name.as_str()), "{package:?}");
    }
}
