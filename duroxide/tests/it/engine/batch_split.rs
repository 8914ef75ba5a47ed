//! How messages are cut into batches, and whether an execution is live or replayed, changes nothing.

use std::collections::BTreeSet;

use duroxide::engine::run_turn;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{Live, lines, random};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn random_programs_do_not_see_how_their_messages_are_cut(
        op in random::ops(),
        choices in prop::collection::vec(any::<u8>(), 0..40),
        cuts in prop::collection::vec(1_usize..6, 0..20),
    ) {
        let live = random::live(random::program(op), &choices);
        live.check();
        let cold = live.program.cold(&live.messages, &cuts);
        prop_assert_eq!(lines(&cold), live.lines());
        prop_assert_eq!(lines(&warm(&live, &cuts)), live.lines());
    }
}

/// Batches of these sizes to one live execution.
fn warm(live: &Live, batches: &[usize]) -> Vec<duroxide::Event> {
    let mut execution = live.program.execution();
    let mut history = Vec::new();
    let mut rest = live.messages.as_slice();
    for &size in batches.iter().chain([&usize::MAX]) {
        let (batch, behind) = rest.split_at(size.min(rest.len()));
        history.extend(run_turn(&mut execution, batch.to_vec()).history_delta);
        rest = behind;
    }
    history
}

/// What is seldom must happen, or the tests above say nothing about it.
#[test]
fn random_programs_reach_what_is_seldom() {
    let mut runner = TestRunner::deterministic();
    let strategy = (random::ops(), prop::collection::vec(any::<u8>(), 0..40));
    let mut seen = BTreeSet::new();
    for _ in 0..3_000 {
        let (op, choices) = strategy.new_tree(&mut runner).unwrap().current();
        let live = random::live(random::program(op), &choices);
        seen.extend(rare(&live));
    }
    let wanted = [
        "cancelled, and goes on",
        "cancelled, and ends well",
        "cancelled while a child is open",
        "undoing after the request to end",
        "undone after an error",
        "ended by the deadline",
        "terminated while it cleans up",
        "values beyond the limit",
        "a patch",
        "a detached start with the end",
        "everything is handed on",
    ];
    let missing: Vec<_> = wanted.iter().filter(|what| !seen.contains(*what)).collect();
    assert_eq!(missing, [""; 0].iter().collect::<Vec<_>>());
}

fn rare(live: &Live) -> Vec<&'static str> {
    let lines = live.lines();
    let place = |what: &str| lines.iter().position(|line| line.contains(what));
    let last = lines.last().unwrap();
    let asked = place(" end: ");
    let goes_on = asked.is_some_and(|place| lines[place + 1].contains(" timer "));
    let behind = |what: &str| asked.is_some_and(|asked| place(what) > Some(asked));
    let undoes = lines.iter().any(|line| line.contains("(undo)"));
    let before_last = lines.iter().rev().find(|line| {
        let verb = line.split(' ').nth(1).unwrap();
        !["failed:", "cancel", "stop", "unwait", "undequeue"].contains(&verb)
    });
    let is_cancelled = last.contains("failed: canceled");
    let states = [
        (
            goes_on && behind("orchestration_cancelled"),
            "cancelled, and goes on",
        ),
        (
            goes_on && last.contains("done:"),
            "cancelled, and ends well",
        ),
        (
            behind("cancel child") && behind("orchestration_cancelled"),
            "cancelled while a child is open",
        ),
        (
            undoes && behind("(undo)"),
            "undoing after the request to end",
        ),
        (undoes && asked.is_none(), "undone after an error"),
        (
            goes_on && is_cancelled && before_last.is_some_and(|line| line.contains("fired")),
            "ended by the deadline",
        ),
        (
            goes_on && behind("terminate: "),
            "terminated while it cleans up",
        ),
        (last.contains("are allowed"), "values beyond the limit"),
        (place(" patch ").is_some(), "a patch"),
        (
            lines
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|line| line.contains(" detach ")),
            "a detached start with the end",
        ),
        (
            last.contains(" again: ") && place(" set ").is_some() && place(" status: ").is_some(),
            "everything is handed on",
        ),
    ];
    let reached = states.into_iter().filter(|(reached, _)| *reached);
    reached.map(|(_, what)| what).collect()
}
