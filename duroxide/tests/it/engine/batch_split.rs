//! How messages are cut into batches, and whether an execution is live or replayed, changes nothing.

use duroxide::engine::run_turn;
use proptest::prelude::*;

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
