//! Rare states that a long run must have reached: one that it misses shows that the test is blind
//! there. Some are noted where they happen; the others follow from what was noted.

use std::collections::BTreeMap;

/// Each of these verbs must have failed before its effect and behind it.
const VERBS: &[&str] = &[
    "start",
    "enqueue",
    "fetch_turns",
    "commit_turn",
    "abandon_turn",
    "renew_turn",
    "fetch_activities",
    "complete_activity",
    "abandon_activity",
    "renew_activity",
    "renew_sessions",
    "read",
    "status",
    "wait",
];

/// Each of these must have been made twice.
const REPEATED: &[&str] = &[
    "start",
    "enqueue",
    "commit_turn",
    "abandon_turn",
    "renew_turn",
    "complete_activity",
    "abandon_activity",
    "renew_activity",
];

const OTHERS: &[&str] = &[
    "a call went down with its store",
    "a call that takes longer than a lease",
    "a claim on a session was renewed",
    "a clean-up came too late",
    "a commit behind the end of its lease",
    "a commit in doubt",
    "a commit in doubt was not there",
    "a commit in doubt was there",
    "a commit that was applied before",
    "a commit that was seen before its answer",
    "a commit under a lost lock",
    "a completion under a lost lock",
    "a damaged family ended",
    "a message for an instance that has ended",
    "a message that was sent before",
    "a message was damaged",
    "a node came back with the new version",
    "a node was held still",
    "a node was held still for longer than a lease",
    "a node was killed",
    "a node was shut down",
    "a patient wait ended",
    "a start was given up",
    "a store that was opened again may take a message twice",
    "a turn was given back",
    "a worker learns that it lost its lock",
    "an activity that takes its node down",
    "an activity was given back",
    "an event was damaged",
    "an execution continued as new",
    "an instance cleaned up when it was cancelled",
    "an instance ended as cancelled",
    "an instance ended as poison",
    "an instance was cancelled",
    "an instance went on to a good end after it was cancelled",
    "power was lost",
    "power was lost while a store was opened",
    "the clock of a node jumped",
    "the disk failed once",
    "the disk was away for a while",
    "the lock of a turn was renewed",
    "the lock of an activity was renewed",
    "the store was restarted",
];

/// All of them.
pub(crate) fn all() -> Vec<String> {
    let failed = VERBS.iter().flat_map(|verb| {
        ["failed before it did anything", "failed behind its effect"]
            .map(|how| format!("{verb} {how}"))
    });
    let twice = REPEATED.iter().map(|verb| format!("{verb} was made twice"));
    let others = OTHERS.iter().map(|state| (*state).to_owned());
    failed.chain(twice).chain(others).collect()
}

/// Those that were never reached.
pub(crate) fn missed(seen: &BTreeMap<String, u64>) -> Vec<String> {
    let all = all().into_iter();
    all.filter(|state| !seen.contains_key(state)).collect()
}
