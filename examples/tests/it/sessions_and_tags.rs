use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::process::Process;

const FILES: [&str; 4] = ["a", "b", "c", "d"];

/// Who searched each file, and how often it was loaded, of what one process said.
fn check_workers(lines: &[String]) {
    let mut workers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (worker, file) = (words[0], *words.last().unwrap());
        match words[1] {
            "loads" => *loads.entry(file).or_default() += 1,
            "finds" => {
                workers.entry(file).or_default().insert(worker);
            }
            "reports" => assert_eq!(worker, "front", "{line}"),
            _ => assert!(line.ends_with("words in all files"), "{line}"),
        }
    }
    for (file, workers) in workers {
        assert_eq!(workers.len(), 1, "{file} moved: {lines:#?}");
        assert!(
            workers.first().unwrap().starts_with("search-"),
            "{workers:?}"
        );
        assert_eq!(loads[file], 1, "{file} was not kept: {lines:#?}");
    }
}

#[test]
fn each_file_stays_with_one_worker_and_a_kill_changes_no_count() {
    let folder = tempfile::tempdir().unwrap();
    for (file, times) in FILES.iter().zip(1..) {
        let text = "a store, a history, an activity, time\n".repeat(times);
        fs::write(folder.path().join(file), text).unwrap();
    }
    let args = FILES.as_slice();
    let before = Process::killed("sessions_and_tags", folder.path(), args, |line| {
        line.contains("finds `history`")
    });
    check_workers(&before);
    let process = Process::start("sessions_and_tags", folder.path(), args);
    let after = process.end().well();
    check_workers(&after);
    // Four words in each line of 1 + 2 + 3 + 4.
    assert_eq!(after.last().unwrap(), "40 words in all files");
}
