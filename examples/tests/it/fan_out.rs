use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::process::Process;

const FILES: usize = 600;

/// Many small files, two folders deep.
fn files(folder: &Path) {
    for number in 0..FILES {
        let inner = folder.join(format!("files/{}", number % 7));
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join(number.to_string()), format!("text {number}")).unwrap();
    }
}

/// Which files were read, of what a process said.
fn read(lines: &[String]) -> BTreeSet<&str> {
    let read = lines.iter().filter_map(|line| line.split_once("  "));
    read.map(|(_, file)| file).collect()
}

#[test]
fn every_file_is_added_up_and_after_a_kill_only_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let before = Process::killed("fan_out", folder.path(), &["files"], |line| {
        line.ends_with("files/3/101")
    });
    let after = Process::start("fan_out", folder.path(), &["files"]);
    let after = after.end().well();
    let end = "600 of 600 files: see fan_out.work/CHECKSUMS";
    assert_eq!(after.last().unwrap(), end);

    let (before, after) = (read(&before), read(&after));
    assert_eq!(before.union(&after).count(), FILES);
    assert!(after.len() < FILES, "all was read again");

    let list = fs::read_to_string(folder.path().join("fan_out.work/CHECKSUMS")).unwrap();
    assert_eq!(list.lines().count(), FILES);
    for line in list.lines() {
        let (sum, file) = line.split_once("  ").unwrap();
        let bytes = fs::read(folder.path().join(file)).unwrap();
        assert_eq!(sum, format!("{:08x}", crc32c::crc32c(&bytes)), "{file}");
    }

    // Done is done.
    let again = Process::start("fan_out", folder.path(), &["files"]);
    assert_eq!(again.end().well(), [end]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("files")).unwrap();
    fs::write(folder.path().join("files/a"), "a").unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("files/b")).unwrap();
    let ended = Process::start("fan_out", folder.path(), &["files"]);
    let lines = ended.end().well();
    assert!(
        lines.last().unwrap().starts_with("1 of 2 files"),
        "{lines:?}"
    );
    let list = fs::read_to_string(folder.path().join("fan_out.work/CHECKSUMS")).unwrap();
    assert!(list.contains("unread    files/b: "), "{list}");
}
