//! The files of a crate, parsed when they are asked for and kept while they do not change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::index::fallback::Fallback;
use crate::index::module::Module;

static CACHE: Mutex<BTreeMap<PathBuf, Cached>> = Mutex::new(BTreeMap::new());

struct Cached {
    length: u64,
    modified: Option<SystemTime>,
    /// Nothing if it is no Rust.
    module: Option<Arc<Module>>,
}

/// The facts of a file; nothing if it cannot be read.
pub(crate) fn module(path: &Path) -> Option<Arc<Module>> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let (length, modified) = (metadata.len(), metadata.modified().ok());
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = cache.get(path)
        && known.length == length
        && known.modified == modified
    {
        return known.module.clone();
    }
    let text = fs::read_to_string(path).ok()?;
    let module = {
        let _forced = Fallback::enter();
        Module::parse(&text).ok().map(Arc::new)
    };
    let cached = Cached {
        length,
        modified,
        module: module.clone(),
    };
    cache.insert(path.to_owned(), cached);
    module
}

/// The root of the crate that a file belongs to, and the names of the modules that lead to it.
pub(crate) fn root_of(file: &Path) -> (PathBuf, Vec<String>) {
    let mut names = Vec::new();
    let mut file = file.to_owned();
    while let Some((parent, name)) = parent_of(&file) {
        names.insert(0, name);
        file = parent;
    }
    (file, names)
}

/// The file of the module above.
fn parent_of(file: &Path) -> Option<(PathBuf, String)> {
    let folder = file.parent()?;
    let stem = file.file_stem()?.to_str()?.to_owned();
    if stem == "lib" || stem == "main" {
        return None;
    }
    if stem == "mod" {
        let name = folder.file_name()?.to_str()?.to_owned();
        return Some((module_file(folder.parent()?)?, name));
    }
    Some((module_file(folder)?, stem))
}

/// The file of the module whose parts lie in that folder.
fn module_file(folder: &Path) -> Option<PathBuf> {
    let mut candidates = vec![
        folder.join("lib.rs"),
        folder.join("main.rs"),
        folder.join("mod.rs"),
    ];
    if let Some(name) = folder.file_name().and_then(|name| name.to_str()) {
        candidates.push(folder.with_file_name(format!("{name}.rs")));
    }
    candidates.into_iter().find(|it| it.is_file())
}
