//! The sources, beside the repository: as they are, but for those that have mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{About as _, Error};
use crate::list::Mutant;
use crate::rewrite::{Fate, rewrite};

/// Only the library of this package has a switch.
const LIBRARY: &str = "duroxide/src/";

/// Everything that can change what a test does is in one of these.
const COUNTS: [&str; 4] = ["duroxide/", "duroxide-macros/", "Cargo.toml", "Cargo.lock"];

/// What git tracks, and what it would track: in memory, and as a copy.
#[derive(Debug)]
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<u8>>,
    /// The folder of everything: the copy, its build, the results.
    pub(crate) work: PathBuf,
}

impl Tree {
    /// Reads a workspace.
    pub(crate) fn of(root: &Path) -> Result<Self, Error> {
        let mut command = Command::new("git");
        command.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let output = command.current_dir(root).output().about("git")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::new(format!("git ls-files: {}", said.trim())));
        }
        let names = String::from_utf8(output.stdout).about("git ls-files")?;
        let mut files = BTreeMap::new();
        for name in names.split_terminator('\0') {
            // One that was deleted and not committed yet is still in the list.
            if let Ok(bytes) = fs::read(root.join(name)) {
                files.insert(name.to_owned(), bytes);
            }
        }
        let work = root.join("target/mutants");
        fs::create_dir_all(work.join("tree")).about(work.display())?;
        Ok(Self { files, work })
    }

    /// The folder of the copy.
    pub(crate) fn folder(&self) -> PathBuf {
        self.work.join("tree")
    }

    /// Tells these sources from others.
    pub(crate) fn fingerprint(&self) -> String {
        let counts = |name: &str| COUNTS.iter().any(|it| name.starts_with(it));
        let files = self.files.iter().filter(|(name, _)| counts(name));
        let mut hasher = DefaultHasher::new();
        files.collect::<Vec<_>>().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Writes the copy with these mutants, and tells what became of each. Files that are as they should
    /// be are not touched: cargo would build them anew.
    pub(crate) fn write(&self, mutants: &[&Mutant]) -> Result<Fate, Error> {
        let mut of_file: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in mutants {
            of_file.entry(&mutant.file).or_default().push(mutant);
        }
        let mut changed = BTreeMap::new();
        let mut fate = Fate::default();
        for (file, mutants) in of_file {
            let rewritten = rewrite(self.text(file)?, &mutants).about(file)?;
            fate.done.extend(rewritten.fate.done);
            fate.wrong.extend(rewritten.fate.wrong);
            changed.insert(file, rewritten.text);
        }
        let library = format!("{LIBRARY}lib.rs");
        let with_switch = match changed.get(library.as_str()) {
            Some(text) => text.clone(),
            None => self.text(&library)?.to_owned(),
        };
        changed.insert(&library, with_switch + "\nmod mutant_switch;\n");
        let switch = format!("{LIBRARY}mutant_switch.rs");
        changed.insert(&switch, include_str!("switch.rs").to_owned());
        let unchanged = self.files.iter();
        let unchanged = unchanged.filter(|(name, _)| !changed.contains_key(name.as_str()));
        let unchanged = unchanged.map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        let all = changed.iter().map(|(name, text)| (*name, text.as_bytes()));
        let all: BTreeMap<_, _> = all.chain(unchanged).collect();
        put(&self.folder(), &all)?;
        Ok(fate)
    }

    fn text(&self, file: &str) -> Result<&str, Error> {
        let bytes = self.files.get(file).filter(|_| file.starts_with(LIBRARY));
        let bytes = bytes.ok_or_else(|| {
            let where_ = format!("only sources in `{LIBRARY}` can have mutants here");
            Error::new(format!("{file}: {where_}, see `.cargo/mutants.toml`"))
        })?;
        std::str::from_utf8(bytes).about(file)
    }
}

/// Makes a folder have these files and no others.
fn put(folder: &Path, files: &BTreeMap<&str, &[u8]>) -> Result<(), Error> {
    let mut there = Vec::new();
    walk(folder, &mut there)?;
    let wanted: BTreeSet<PathBuf> = files.keys().map(|name| folder.join(name)).collect();
    for file in there.iter().filter(|file| !wanted.contains(*file)) {
        fs::remove_file(file).about(file.display())?;
    }
    for (name, bytes) in files {
        let file = folder.join(name);
        if fs::read(&file).is_ok_and(|old| old == *bytes) {
            continue;
        }
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).about(parent.display())?;
        }
        fs::write(&file, bytes).about(file.display())?;
    }
    Ok(())
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).about(folder.display())? {
        let path = entry.about(folder.display())?.path();
        if path.is_dir() && !path.is_symlink() {
            walk(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Genre;

    #[test]
    fn a_copy_has_the_mutants_and_the_switch_and_nothing_of_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("Cargo.toml", "[workspace]"),
            ("duroxide/src/lib.rs", "mod a;"),
            ("duroxide/src/a.rs", "fn f() -> bool { true }"),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        let tree = Tree {
            files: files.into(),
            work: folder.path().to_owned(),
        };
        fs::create_dir_all(tree.folder().join("old")).unwrap();
        fs::write(tree.folder().join("old/one.rs"), "").unwrap();
        let mut mutant = Mutant {
            id: 7,
            file: "duroxide/src/a.rs".to_owned(),
            name: "a".to_owned(),
            genre: Genre::Body,
            replacement: "false".to_owned(),
            place: (1, 18),
            returns: "-> bool".to_owned(),
        };
        assert_eq!(tree.write(&[&mutant]).unwrap().done, [7].into());
        let read = |name: &str| fs::read_to_string(tree.folder().join(name));
        let text = read("duroxide/src/a.rs").unwrap();
        assert!(text.contains("on(7) { return false; }"), "{text}");
        assert_eq!(
            read("duroxide/src/lib.rs").unwrap(),
            "mod a;\nmod mutant_switch;\n"
        );
        assert!(read("duroxide/src/mutant_switch.rs").is_ok());
        assert!(read("old/one.rs").is_err());
        "examples/a.rs".clone_into(&mut mutant.file);
        let error = tree.write(&[&mutant]).unwrap_err().to_string();
        assert!(error.contains("duroxide/src/"), "{error}");
    }

    #[test]
    fn a_fingerprint_follows_the_sources_and_not_the_pages() {
        let with = |name: &str| Tree {
            files: [(name.to_owned(), vec![1])].into(),
            work: PathBuf::new(),
        };
        let empty = with("README.md").fingerprint();
        assert_eq!(with("docs/testing.md").fingerprint(), empty);
        assert_ne!(with("duroxide/tests/it/main.rs").fingerprint(), empty);
    }
}
