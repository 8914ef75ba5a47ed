//! Runs what several threads do in thousands of orders, and again in the one that failed. For unit
//! tests of the pieces that are built on [`crate::sync`]; `docs/testing.md` says how.

mod env;

pub(crate) use env::{ExploredEnv, breathe, while_others_work};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, MaxSteps, Runner};

/// How many orders of events are tried by an ordinary run, and by a long one.
const SHORT: usize = 10_000;
const LONG: usize = 1_000_000;
/// What opens a store each time sees a quarter of them.
#[cfg(feature = "redb")]
const COSTLY: usize = 4;

/// Of four orders three are drawn at random; the fourth runs the threads one after the other, but for
/// so many changes at random places: bugs that need few such places are found sooner that way.
const CHANGES: usize = 3;

/// Stores and engines need more than the scheduler gives to a thread by itself.
const STACK: usize = 1 << 20;

/// Whoever has not come to an end by then never will.
const STEPS: usize = 100_000;

/// Runs `body` in many orders. It starts threads, and is over when all of them are: if one waits
/// for ever, that is reported like a panic, with the order in which it came about.
/// `DUROXIDE_SCHEDULE` is such an order, to be run again.
pub(crate) fn explore(body: fn()) {
    explore_one_in(1, body);
}

/// The same, with fewer orders of events: for what takes its time.
#[cfg(feature = "redb")]
pub(crate) fn explore_fewer(body: fn()) {
    explore_one_in(COSTLY, body);
}

fn explore_one_in(share: usize, body: fn()) {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.max_steps = MaxSteps::FailAfter(STEPS);
    if let Ok(schedule) = std::env::var("DUROXIDE_SCHEDULE") {
        let scheduler = shuttle::scheduler::ReplayScheduler::new_from_encoded(&schedule);
        Runner::new(scheduler, config).run(body);
        return;
    }
    let is_long = std::env::var("DUROXIDE_LONG").is_ok_and(|value| value == "1");
    let usual = if is_long { LONG } else { SHORT } / share;
    let count = number("DUROXIDE_SCHEDULES").unwrap_or(usual);
    let seed = number("DUROXIDE_SEED").unwrap_or(1) as u64;
    let few_changes = PctScheduler::new_from_seed(seed, CHANGES, count.div_ceil(4));
    let mut ran = Runner::new(few_changes, config.clone()).run(body);
    let random = RandomScheduler::new_from_seed(seed, count - count.div_ceil(4));
    ran += Runner::new(random, config).run(body);
    assert_eq!(ran, count);
}

fn number(variable: &str) -> Option<usize> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().expect(variable))
}
