//! The file of a store, by the door that programs use.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use duroxide::storage::redb::{OpenError, RedbProvider};

use crate::runtime::log::log;

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn with_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn everything_that_a_store_leaves_in_its_folder_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(RedbProvider::open(folder.path().join("app.redb")).unwrap());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode_of(&entry.path()), 0o600, "{entry:?}");
        names.push(entry.file_name());
    }
    assert_eq!(names, ["app.redb"]);
}

#[test]
fn a_store_is_opened_through_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let (store, link) = (folder.path().join("app.redb"), folder.path().join("link"));
    symlink(&store, &link).unwrap();
    // Whether there is something behind it or not.
    for _ in 0..2 {
        let refused = RedbProvider::open(&link).unwrap_err();
        assert!(matches!(refused, OpenError::Io(_)), "{refused:?}");
        let source = std::error::Error::source(&refused).unwrap().to_string();
        assert!(source.contains("symbolic link"), "{source}");
        drop(RedbProvider::open(&store).unwrap());
    }
}

#[test]
fn a_folder_that_everybody_may_write_to_is_warned_of_and_no_other() {
    let log = log();
    let folder = tempfile::tempdir().unwrap();
    for (name, mode, warned) in [("own", 0o700, 0), ("group", 0o770, 0), ("all", 0o777, 1)] {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        with_mode(&folder, mode);
        drop(RedbProvider::open(folder.join("app.redb")).unwrap());
        let shown = folder.display().to_string();
        let lines = log.lines("duroxide::storage::redb::file", |line| {
            line.level == "WARN" && line.fields.contains(&shown)
        });
        assert_eq!(lines.len(), warned, "{name}: {lines:?}");
    }
}
