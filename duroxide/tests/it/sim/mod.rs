//! Whole runtimes in a simulated world: one thread, a clock of its own, faults everywhere, and all of
//! it from a seed. `docs/testing.md` says how it is run.

mod campaign;
mod cancelled;
mod checked;
mod clients;
mod effects;
mod ends;
mod env;
mod executor;
mod faulty;
mod interpreter;
mod known;
mod machine;
mod node;
mod oracle;
mod plan;
mod planted;
mod program;
mod regressions;
mod rules;
mod scoreboard;
mod shared;
mod states;
mod world;

use std::env::var;
use std::time::Duration;

use campaign::{Extent, how_to_repeat, run_all};
use plan::{Plan, Store};

use crate::support::dice::Patience;
use crate::support::is_long;

/// A number from the environment.
fn asked(name: &str) -> Option<u64> {
    var(name).ok().map(|text| text.parse().expect(name))
}

/// Seeds of an ordinary test run.
const SHORT: u64 = 60;
/// Seeds of a long run, if `DUROXIDE_SEEDS` says nothing else.
const LONG: u64 = 20_000;

#[test]
fn programs_end_as_they_may_whatever_happens_to_their_nodes() {
    let one = asked("DUROXIDE_SEED");
    let seeds = if is_long() { LONG } else { SHORT };
    let extent = Extent {
        from: one.or(asked("DUROXIDE_FROM")).unwrap_or(1),
        seeds: one.map_or(asked("DUROXIDE_SEEDS").unwrap_or(seeds), |_| 1),
        patience: Patience::begin_or(Duration::from_secs(36_000)),
    };
    let summary = run_all(extent, None);
    println!("{}", summary.line());
    for (state, count) in &summary.seen {
        println!("{count:9} {state}");
    }
    if let Some((seed, problem)) = &summary.failure {
        panic!("{}", how_to_repeat(*seed, problem, None));
    }
    let missed = states::missed(&summary.seen);
    println!("{} of {} states missed", missed.len(), states::all().len());
    // A handful of seeds cannot reach all of them.
    if is_long() && one.is_none() && extent.seeds >= 2_000 && summary.runs >= 2_000 {
        assert!(missed.is_empty(), "a long run is blind for {missed:#?}");
    }
}

/// Without this no seed that fails is of any use.
#[test]
fn a_seed_is_one_run() {
    for store in [Store::Model, Store::Redb] {
        let is_of = |seed: &u64| Plan::of(*seed, None).store == store;
        for seed in (1_000_001..).filter(is_of).take(3) {
            let (first, second) = (campaign::run(seed, None), campaign::run(seed, None));
            assert_eq!(first.trace, second.trace, "seed {seed}");
            assert_eq!(first.steps, second.steps, "seed {seed}");
        }
    }
    assert_ne!(campaign::run(1, None).trace, campaign::run(2, None).trace);
}
