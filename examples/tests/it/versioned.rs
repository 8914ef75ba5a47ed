use std::path::Path;

use crate::process::Process;

const ENDS: [&str; 5] = [
    "order-1: version 1.0.0, 2 steps",
    "order-4: version 2.0.0, 3 steps",
    "parcel-2: version 1.0.0, 2 steps",
    "parcel-5: version 1.0.0, 3 steps",
    "subscription-3: version 2.0.0, 4 steps",
];

fn ends(folder: &Path) -> Vec<String> {
    let lines = Process::start("versioned", folder, &[]).end().well();
    let ends = lines.into_iter().filter(|line| line.contains(": version "));
    ends.collect()
}

#[test]
fn old_instances_end_as_they_began_and_new_ones_take_the_new_code() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ends(folder.path()), ENDS);
    // Done is done.
    let again = Process::start("versioned", folder.path(), &[]);
    assert_eq!(again.end().well(), ENDS);
}

#[test]
fn a_kill_before_the_deployment_at_it_or_after_it_changes_no_result() {
    for last in [
        "last year: 1 is packed",
        "last year: 3 is packed",
        "a new version is deployed",
        "today: 4 is packed",
        "today: 1 is shipped",
    ] {
        let folder = tempfile::tempdir().unwrap();
        Process::killed("versioned", folder.path(), &[], |line| line == last);
        assert_eq!(ends(folder.path()), ENDS, "killed at `{last}`");
    }
}
