use std::fs;

use crate::process::Process;

/// With more patience than any test has.
const ASK: [&str; 4] = ["--request", "a lamp", "--patience", "86400"];

fn is_asked(line: &str) -> bool {
    line.starts_with("waiting for an answer")
}

#[test]
fn a_person_answers_at_the_terminal_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    Process::killed("approval", folder.path(), &ASK, is_asked);
    let mut process = Process::start("approval", folder.path(), &ASK);
    process.type_in("perhaps");
    process.until(|line| line.starts_with("`perhaps`: type"));
    process.type_in("yes Ada");
    let lines = process.end().well();
    assert_eq!(lines.last().unwrap(), "a lamp: approved by Ada");
    let letter = fs::read_to_string(folder.path().join("approval.work/letter.txt"));
    assert_eq!(letter.unwrap(), "a lamp: approved by Ada\n");
}

#[test]
fn a_person_answers_through_a_second_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start("approval", folder.path(), &ASK);
    process.until(is_asked);
    let second = |answer: &str| {
        let args = ["--answer", answer];
        Process::start("approval", folder.path(), &args).end()
    };
    assert!(!second("perhaps").status.success());
    second("no Grace").well();
    let lines = process.end().well();
    assert_eq!(lines.last().unwrap(), "a lamp: declined by Grace");
    assert!(!folder.path().join("approval.work/answer.txt").exists());
}

#[test]
fn an_answer_that_came_while_nothing_ran_is_found() {
    let folder = tempfile::tempdir().unwrap();
    Process::killed("approval", folder.path(), &ASK, is_asked);
    let args = ["--answer", "yes Linus"];
    Process::start("approval", folder.path(), &args)
        .end()
        .well();
    let lines = Process::start("approval", folder.path(), &ASK).end().well();
    assert_eq!(lines.last().unwrap(), "a lamp: approved by Linus");
}

#[test]
fn when_nobody_answers_the_timer_ends_it_over_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let ask = ["--request", "a lamp", "--patience", "2"];
    Process::killed("approval", folder.path(), &ask, is_asked);
    // What the second start says about patience changes nothing: the timer is on disk.
    let lines = Process::start("approval", folder.path(), &ASK).end().well();
    assert_eq!(lines.last().unwrap(), "a lamp: nobody answered in time");
}
