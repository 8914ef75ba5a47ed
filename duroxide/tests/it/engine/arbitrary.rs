//! Histories that no execution has written, for code that is right: the engine goes on, or says what
//! does not fit. It never panics, and comes to an end. What it writes then, it can read.

use duroxide::engine::run_turn;
use duroxide::history::{Event, EventId};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::mutations::{KINDS, Mutation, change_text, message_of, mutated, other_kind};
use crate::support::dice::{Dice, each_case};
use crate::support::{Live, Program, at, random, start, started, terminate};

/// Recorded executions of random programs: always the same ones.
pub(super) fn recorded(count: usize) -> Vec<Live> {
    let mut runner = TestRunner::deterministic();
    let strategy = (random::ops(), prop::collection::vec(any::<u8>(), 0..30));
    let lives = (0..count).map(|_| {
        let (op, choices) = strategy.new_tree(&mut runner).unwrap().current();
        random::live(random::program(op), &choices)
    });
    lives.collect()
}

fn event(dice: &mut Dice, id: u64) -> Event {
    let mut kind = other_kind(dice.index(KINDS));
    if dice.one_in(4) {
        change_text(&mut kind);
    }
    let id = if dice.one_in(30) { dice.below(40) } else { id };
    let source = (!dice.one_in(3)).then(|| EventId(dice.below(id + 2)));
    Event::new(EventId(id), source, at(dice.below(3_000)), kind)
}

/// Anything.
fn arbitrary(dice: &mut Dice) -> Vec<Event> {
    let mut events: Vec<Event> = (1..=dice.below(20)).map(|id| event(dice, id)).collect();
    if let Some(first) = events.first_mut()
        && !dice.one_in(10)
    {
        *first = Event::new(EventId::FIRST, None, at(0), started());
    }
    events
}

pub(super) fn mutation(dice: &mut Dice) -> Mutation {
    match dice.below(12) {
        0 => Mutation::Drop,
        1 => Mutation::DropClosingTheGap,
        2 => Mutation::Duplicate,
        3 => Mutation::DuplicateMakingRoom,
        4 => Mutation::Swap,
        5 => Mutation::SwapWithTheirIds,
        6 => Mutation::Id(dice.below(20)),
        7 => Mutation::Source(Some(dice.below(20))),
        8 => Mutation::Source(None),
        9 => Mutation::Text,
        10 => Mutation::Time(dice.next() >> dice.below(64)),
        _ => Mutation::Kind(dice.index(KINDS)),
    }
}

/// A history of that code, with a few changes.
fn damaged(dice: &mut Dice, history: &[Event]) -> Vec<Event> {
    let mut events = history.to_vec();
    events.truncate(dice.index(events.len() + 1).max(1));
    for _ in 0..dice.below(4) {
        let mutation = mutation(dice);
        if !events.is_empty() {
            events = mutated(&events, dice.index(events.len()), mutation);
        }
    }
    events
}

/// What came of one case.
#[derive(Debug, Default)]
struct Seen {
    refused: u64,
    went_on: u64,
}

fn go_on(dice: &mut Dice, program: &Program, history: &[Event], seen: &mut Seen) {
    let mut execution = program.execution();
    let replayed = execution.replay(history);
    let mut in_pages = program.execution();
    let cut = dice.index(history.len() + 1);
    let paged = in_pages
        .replay_page(history[..cut].to_vec(), false)
        .and_then(|()| in_pages.replay_page(history[cut..].to_vec(), true));
    assert_eq!(
        replayed.is_ok(),
        paged.is_ok(),
        "cut at {cut}: {replayed:?}, {paged:?}"
    );
    if replayed.is_err() {
        seen.refused += 1;
        return;
    }
    seen.went_on += 1;
    let was_ended = execution.is_ended();
    let is_enough = dice.one_in(3);
    let messages: Vec<_> = (0..dice.below(6))
        .filter_map(|_| message_of(&event(dice, 20)))
        .chain(history.is_empty().then(|| start("in")))
        .chain(is_enough.then(|| terminate("enough")))
        .map(|message| (message, at(5_000)))
        .collect();
    let count = messages.len();
    let turn = run_turn(&mut execution, messages);
    assert!(turn.consumed <= count);
    let last = history.last().map_or(0, |event| event.event_id.0);
    let ids = turn.history_delta.iter().map(|event| event.event_id.0);
    assert!(
        ids.eq(last + 1..=last + turn.history_delta.len() as u64),
        "dense ids"
    );
    assert!(
        !was_ended || turn.history_delta.is_empty(),
        "nothing behind the end"
    );
    let whole = [history, &turn.history_delta].concat();
    program
        .replay(&whole)
        .expect("what was written can be read");
}

#[test]
fn any_history_is_gone_on_with_or_refused() {
    let lives = recorded(200);
    let mut seen = Seen::default();
    each_case(5_000, 5_000_000, |dice| {
        let live = &lives[dice.index(lives.len())];
        let history = if dice.one_in(4) {
            arbitrary(dice)
        } else {
            damaged(dice, &live.history)
        };
        go_on(dice, &live.program, &history, &mut seen);
    });
    println!("{seen:?}");
    assert!(std::env::var("DUROXIDE_SEED").is_ok() || (seen.refused > 500 && seen.went_on > 500));
}

/// Histories are kept and shown as text, too.
#[test]
fn a_damaged_text_of_a_history_is_an_error_or_another_history() {
    let lives = recorded(50);
    each_case(3_000, 2_000_000, |dice| {
        let history = &lives[dice.index(lives.len())].history;
        let mut text = serde_json::to_string(history).unwrap().into_bytes();
        for _ in 0..=dice.below(3) {
            if text.is_empty() {
                break;
            }
            let at = dice.index(text.len());
            match dice.below(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, b"{}[]\",:\\0919ntf-e"[dice.index(16)]),
                2 => text[at] = b"{}[]\",:\\0919ntf-e"[dice.index(16)],
                _ => text.truncate(at + 1),
            }
        }
        if let Ok(events) = serde_json::from_slice::<Vec<Event>>(&text) {
            let again = serde_json::to_string(&events).unwrap();
            assert_eq!(serde_json::from_str::<Vec<Event>>(&again).unwrap(), events);
        }
    });
}
