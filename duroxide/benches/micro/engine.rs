//! Replay and live turns, without a store.

use divan::Bencher;
use divan::counter::ItemsCount;

use crate::steps::Shape;

const COUNTS: [u64; 3] = [100, 1_000, 10_000];

/// Items are events.
fn replay(bencher: Bencher<'_, '_>, shape: Shape, count: u64) {
    let history = shape.history(count);
    bencher
        .counter(ItemsCount::new(history.len()))
        .with_inputs(|| shape.execution())
        .bench_values(|mut execution| {
            execution.replay(&history).unwrap();
            execution
        });
}

/// Items are turns: each has one message, and the execution stays in memory.
fn live(bencher: Bencher<'_, '_>, shape: Shape, count: u64) {
    bencher
        .counter(ItemsCount::new(count + 1))
        .with_inputs(|| shape.execution())
        .bench_values(|execution| shape.run(execution, count));
}

#[divan::bench(args = COUNTS)]
fn replay_of_a_chain(bencher: Bencher<'_, '_>, count: u64) {
    replay(bencher, Shape::Chain, count);
}

#[divan::bench(args = COUNTS)]
fn replay_of_a_fan_in(bencher: Bencher<'_, '_>, count: u64) {
    replay(bencher, Shape::FanIn, count);
}

#[divan::bench(args = COUNTS)]
fn live_turns_of_a_chain(bencher: Bencher<'_, '_>, count: u64) {
    live(bencher, Shape::Chain, count);
}

#[divan::bench(args = COUNTS)]
fn live_turns_of_a_fan_in(bencher: Bencher<'_, '_>, count: u64) {
    live(bencher, Shape::FanIn, count);
}
