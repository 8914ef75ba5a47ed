//! How many changes of a recorded history are noticed. Of what the code asked for: ninety-nine of a
//! hundred at least. The others, and all changes that nobody notices of what others wrote, make no
//! difference: the code itself writes that history.

use std::collections::BTreeMap;

use duroxide::history::Event;

use super::arbitrary::{mutation, recorded};
use super::mutations::{Mutation, is_what_the_code_writes, message_of, mutated};
use crate::support::Live;
use crate::support::dice::{Dice, each_case, is_long};

/// What became of changes: how many there were, how many were refused, and what the others were.
#[derive(Debug, Default)]
struct Tally {
    made: u64,
    refused: u64,
    accepted: BTreeMap<String, u64>,
}

impl Tally {
    /// Replays a changed history, and says whether it was refused.
    fn add(&mut self, live: &Live, what: String, changed: &[Event]) {
        self.made += 1;
        if live.program.replay(changed).is_err() {
            self.refused += 1;
            return;
        }
        assert!(
            is_what_the_code_writes(&live.program, &live.history, changed),
            "{what} is accepted in {:#?}",
            live.lines()
        );
        *self.accepted.entry(what).or_default() += 1;
    }

    #[expect(clippy::print_stdout, reason = "for whoever runs the long form")]
    fn show(&self, of: &str) {
        let (made, refused) = (self.made, self.refused);
        println!("{refused} of {made} changes of {of} refused; the others make no difference:");
        for (what, count) in &self.accepted {
            println!("  {count:5} {what}");
        }
    }
}

/// A history that ends earlier is a history, and one without a change is none that is changed.
fn is_changed(history: &[Event], changed: &[Event]) -> bool {
    !history.starts_with(changed)
}

/// In words without what was drawn: `Drop of TimerCreated`.
fn words(mutation: Mutation, event: &Event) -> String {
    let first = |text: String| {
        text.split([' ', '{', '('])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let kind = first(format!("{:?}", event.kind));
    format!("{} of {kind}", first(format!("{mutation:?}")))
}

/// A change of one event that `which` is true for.
fn change(
    dice: &mut Dice,
    live: &Live,
    which: impl Fn(&Event) -> bool,
) -> Option<(String, Vec<Event>)> {
    for _ in 0..100 {
        let index = dice.index(live.history.len());
        let (event, mutation) = (&live.history[index], mutation(dice));
        // Nobody looks at the times of what is asked for: it is asked for when its message comes.
        if !which(event) || matches!(mutation, Mutation::Time(_)) {
            continue;
        }
        let changed = mutated(&live.history, index, mutation);
        if is_changed(&live.history, &changed) {
            return Some((words(mutation, event), changed));
        }
    }
    None
}

#[test]
fn ninety_nine_of_a_hundred_changes_of_what_was_asked_for_are_refused() {
    let lives = recorded(if is_long() { 2_000 } else { 300 });
    let (mut asked, mut told) = (Tally::default(), Tally::default());
    each_case(1_500, 10_000, |dice| {
        let live = &lives[dice.index(lives.len())];
        let is_asked = |event: &Event| message_of(event).is_none();
        if let Some((what, changed)) = change(dice, live, is_asked) {
            asked.add(live, what, &changed);
        }
        if let Some((what, changed)) = change(dice, live, |event| !is_asked(event)) {
            told.add(live, what, &changed);
        }
    });
    asked.show("what the code asked for");
    told.show("messages");
    assert!(asked.refused * 100 >= asked.made * 99);
}
