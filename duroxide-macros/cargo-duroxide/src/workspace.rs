//! The workspace, as cargo describes it: its members, and the sources of what they depend on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use duroxide_lint::index::krate::Crate;
use duroxide_lint::index::manifest::Manifest;
use serde_json::Value;

use crate::error::Error;

/// A workspace.
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds it.
    pub(crate) target: PathBuf,
    /// The crates of its packages: libraries, programs, tests, examples.
    pub(crate) members: Vec<Crate>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load(manifest_path: Option<&Path>) -> Result<Self, Error> {
        // The dependencies may not be there: then the members have to do.
        let metadata = metadata(manifest_path, &["--offline"])
            .or_else(|_| metadata(manifest_path, &["--no-deps"]))?;
        let root = PathBuf::from(text(&metadata, "workspace_root"));
        let ids: Vec<_> = list(&metadata, "workspace_members")
            .filter_map(Value::as_str)
            .collect();
        let (own, others): (Vec<_>, Vec<_>) =
            list(&metadata, "packages").partition(|package| ids.contains(&text(package, "id")));
        let mut libraries = BTreeMap::new();
        for package in others {
            libraries.extend(library(package, &BTreeMap::new()));
        }
        // A member may call another one: they see each other's sources as far as these know theirs.
        let outside = libraries.clone();
        for package in &own {
            libraries.extend(library(package, &outside));
        }
        let members = own.iter().flat_map(|package| targets(package, &libraries));
        let members = members.collect();
        let target = PathBuf::from(text(&metadata, "target_directory"));
        Ok(Self {
            root,
            target,
            members,
        })
    }

    /// The members below a folder, without their dependencies.
    pub(crate) fn without_dependencies(manifest_path: &Path) -> Result<Self, Error> {
        let metadata = metadata(Some(manifest_path), &["--no-deps"])?;
        let none = BTreeMap::new();
        let members = list(&metadata, "packages").flat_map(|package| targets(package, &none));
        Ok(Self {
            root: PathBuf::from(text(&metadata, "workspace_root")),
            target: PathBuf::from(text(&metadata, "target_directory")),
            members: members.collect(),
        })
    }
}

type Libraries = BTreeMap<String, Arc<Crate>>;

fn metadata(manifest_path: Option<&Path>, more: &[&str]) -> Result<Value, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["metadata", "--format-version", "1"])
        .args(more);
    if let Some(path) = manifest_path {
        command.arg("--manifest-path").arg(path);
    }
    let output = command
        .output()
        .map_err(|error| Error::new(format!("cannot run `cargo metadata`: {error}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::new(format!("`cargo metadata` failed: {why}")));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::new(format!("`cargo metadata` gave no JSON: {error}")))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let items = value.get(key).and_then(Value::as_array);
    items.into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn manifest_of(package: &Value) -> Manifest {
    let text = fs::read_to_string(text(package, "manifest_path")).unwrap_or_default();
    Manifest::parse(&text)
}

/// The library of a package, by the name of its crate.
fn library(package: &Value, neighbours: &Libraries) -> Option<(String, Arc<Crate>)> {
    let target = list(package, "targets").find(|target| {
        let mut kinds = list(target, "kind").filter_map(Value::as_str);
        kinds.any(|kind| kind.ends_with("lib") || kind == "rlib")
    })?;
    let name = text(package, "name").replace('-', "_");
    Some((name, Arc::new(target_crate(package, target, neighbours))))
}

fn targets(package: &Value, libraries: &Libraries) -> Vec<Crate> {
    let targets = list(package, "targets");
    targets
        .map(|target| target_crate(package, target, libraries))
        .collect()
}

fn target_crate(package: &Value, target: &Value, libraries: &Libraries) -> Crate {
    let root = PathBuf::from(text(target, "src_path"));
    let mut krate = Crate::at_root(root, manifest_of(package));
    for (name, library) in libraries {
        // Ours is known: its calls are what the rules ask for.
        if !name.starts_with("duroxide") && krate.depends_on(name) {
            krate.add_neighbour(name.clone(), Arc::clone(library));
        }
    }
    krate
}
