//! Which planted bug is found, after how many seeds.

use std::time::Duration;

use super::campaign::{Extent, Summary, run_all};
use super::is_long;
use super::planted::Bug;

/// A bug has to be found within this many seeds.
const WORST: u64 = 1_000;
/// And half of them within this many.
const MEDIAN: u64 = 100;

/// Without `--cfg duroxide_planted` there are no bugs in engine and runtime.
fn is_there(bug: Bug) -> bool {
    cfg!(duroxide_planted) || !bug.is_inside()
}

fn hunt(bug: Bug) -> Option<(u64, String)> {
    let extent = Extent {
        from: 1,
        seeds: WORST,
        at_most: Duration::from_secs(600),
    };
    select(Some(bug));
    let Summary { failure, .. } = run_all(extent, Some(bug));
    select(None);
    failure
}

#[cfg(duroxide_planted)]
fn select(bug: Option<Bug>) {
    duroxide::planted::select(bug.filter(|bug| bug.is_inside()).map(Bug::name));
}

#[cfg(not(duroxide_planted))]
fn select(_: Option<Bug>) {}

/// In an ordinary run some of them, so that it is known that the suite sees; all in a long one.
#[test]
fn planted_bugs_are_found() {
    let in_short = [Bug::NoFence, Bug::LostCommit, Bug::LostWakeUp, Bug::NoDedup];
    let wanted = std::env::var("DUROXIDE_PLANTED").ok();
    let all = Bug::ALL.iter().copied().filter(|bug| is_there(*bug));
    let bugs = all.filter(|bug| match &wanted {
        Some(name) => bug.name().contains(name.as_str()),
        None => is_long() || in_short.contains(bug),
    });
    let (mut took, mut missed) = (Vec::new(), Vec::new());
    for bug in bugs {
        if let Some((seed, problem)) = hunt(bug) {
            let first = problem.lines().next().unwrap_or_default();
            println!("{seed:5}  {:55} {first:.90}", bug.name());
            took.push(seed);
        } else {
            println!("    -  {:55}", bug.name());
            missed.push(bug.name());
        }
    }
    took.sort_unstable();
    let median = took.get(took.len() / 2).copied().unwrap_or(0);
    println!("{} found, median {median}, missed: {missed:?}", took.len());
    assert!(
        missed.is_empty(),
        "not found within {WORST} seeds: {missed:#?}"
    );
    assert!(
        median <= MEDIAN,
        "half of them need more than {MEDIAN} seeds"
    );
    assert!(!took.is_empty(), "there is no such bug");
}
