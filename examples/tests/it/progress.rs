use std::fs;

use crate::process::Process;

const FILES: usize = 120;

/// How many files were done, of a line.
fn done(line: &str) -> usize {
    line.split_once(' ').unwrap().0.parse().unwrap()
}

#[test]
fn the_bar_goes_on_where_it_was_and_every_file_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, number: usize| folder.path().join(format!("{name}/{number:03}"));
    fs::create_dir(folder.path().join("files")).unwrap();
    for number in 0..FILES {
        fs::write(path("files", number), "x".repeat(number)).unwrap();
    }
    let args = ["files", "--rest", "5"];
    let before = Process::killed("progress", folder.path(), &args, |line| done(line) >= 20);
    let mut after = Process::start("progress", folder.path(), &args)
        .end()
        .well();
    let bytes = FILES * (FILES - 1) / 2;
    let end = format!("{FILES} files copied, {bytes} bytes");
    assert_eq!(after.pop().unwrap(), end);
    let counts: Vec<_> = before.iter().chain(&after).map(|line| done(line)).collect();
    assert!(counts.is_sorted(), "{counts:?}");
    assert!(done(&after[0]) >= 20, "{after:?}");
    for number in 0..FILES {
        let copy = fs::read(path("progress.work/copy", number)).unwrap();
        assert_eq!(copy.len(), number);
    }
}
