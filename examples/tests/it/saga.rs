use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::process::Process;

/// What is booked and was not given back, as `TRIP WHAT`.
fn left(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("saga.work/bookings.csv")).unwrap();
    let mut left = BTreeSet::new();
    for line in text.lines() {
        let (key, what) = line.split_once(',').unwrap();
        let (number, happened) = key.split_once(' ').unwrap();
        let booking = format!("{} {what}", number.split('/').next().unwrap());
        match happened {
            "booked" => assert!(left.insert(booking), "twice: {line}"),
            "given back" => assert!(left.remove(&booking), "never booked: {line}"),
            _ => panic!("what is `{line}`?"),
        }
    }
    left
}

fn check_end(folder: &Path) {
    let lines = Process::start("saga", folder, &[]).end().well();
    let ends: Vec<_> = lines.iter().rev().take(3).rev().collect();
    assert!(
        lines.contains(&"lisbon: paid 99000 cents".to_owned()),
        "{lines:#?}"
    );
    let failed = "atlantis: there is no submarine left".to_owned();
    assert!(lines.contains(&failed), "{lines:#?}");
    assert!(ends[2].contains("there is no snow"), "{lines:#?}");
    let booked = ["flight", "hotel", "bicycle"].map(|what| format!("lisbon {what}"));
    assert_eq!(left(folder), booked.into());
}

#[test]
fn a_trip_that_fails_or_is_cancelled_leaves_no_booking() {
    let folder = tempfile::tempdir().unwrap();
    check_end(folder.path());
    // Done is done.
    check_end(folder.path());
}

#[test]
fn a_kill_at_any_step_leaves_no_booking_half_done() {
    for step in [
        "lisbon: flight booked",
        "atlantis: hotel booked",
        "atlantis: hotel given back",
        "oslo: skis booked",
        "oslo: skis given back",
        "oslo: hotel given back",
    ] {
        let folder = tempfile::tempdir().unwrap();
        Process::killed("saga", folder.path(), &[], |line| line == step);
        check_end(folder.path());
    }
}
