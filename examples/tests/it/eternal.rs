use std::fs;
use std::sync::Arc;

use duroxide::Client;
use duroxide::storage::redb::RedbProvider;

use crate::process::Process;
use crate::store::block_on;

const QUICK: [&str; 4] = ["--checks", "40", "--interval", "20"];

fn number(line: &str) -> u64 {
    let line = line.strip_prefix("check ").unwrap();
    line.split_once(':').unwrap().0.parse().unwrap()
}

#[test]
fn the_actor_goes_on_counting_after_a_kill_and_keeps_two_executions_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let before = Process::killed("eternal", folder.path(), &QUICK, |line| {
        line.starts_with("check 1") && number(line) >= 10
    });
    let after = Process::start("eternal", folder.path(), &QUICK);
    let mut after = after.end().well();
    let end = after.pop().unwrap();
    assert!(end.ends_with(" checks, 0 failed: that was enough"), "{end}");

    let numbers: Vec<_> = before
        .iter()
        .chain(&after)
        .map(|line| number(line))
        .collect();
    // The first line of the second process may repeat the last of the first.
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert!(
        number(&after[0]) >= number(before.last().unwrap()),
        "{numbers:?}"
    );

    let store = RedbProvider::open(folder.path().join("eternal.work/store.redb")).unwrap();
    let client = Client::new(Arc::new(store));
    let executions = block_on(client.list_executions("actor")).unwrap();
    assert!(executions.len() <= 3, "not pruned: {executions:?}");
    assert!(*executions.last().unwrap() >= 8, "{executions:?}");
}

#[test]
fn the_actor_notices_what_it_watches() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--checks", "0", "--interval", "20"];
    let mut process = Process::start("eternal", folder.path(), &args);
    process.until(|line| line.ends_with("well"));
    fs::write(folder.path().join("eternal.work/patient"), "in bed").unwrap();
    process.until(|line| line.ends_with("ill"));
    fs::write(folder.path().join("eternal.work/patient"), "well").unwrap();
    process.until(|line| line.ends_with("well"));
    process.kill();
    let diary = fs::read_to_string(folder.path().join("eternal.work/diary.csv")).unwrap();
    let words: Vec<_> = diary
        .lines()
        .map(|line| line.split_once(',').unwrap().1)
        .collect();
    assert_eq!(words.len(), 3, "{diary}");
    assert!(words[1].starts_with("ill since check"), "{diary}");
}

#[test]
fn ctrl_c_ends_the_process_in_order_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--checks", "0", "--interval", "20"];
    let mut process = Process::start("eternal", folder.path(), &args);
    process.until(|line| line.starts_with("check 3:"));
    process.interrupt();
    let lines = process.end().well();
    assert_eq!(
        lines.last().unwrap(),
        "stopped: the next start goes on from here"
    );
    let mut process = Process::start("eternal", folder.path(), &args);
    let line = process.until(|line| line.starts_with("check"));
    assert!(number(&line) >= 3, "{line}");
}
