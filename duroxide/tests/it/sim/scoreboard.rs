//! Which planted bug is found, after how many seeds.

use std::time::Duration;

use super::campaign::{Extent, run_all};
use super::is_long;
use super::planted::Bug;
use crate::support::dice::Patience;

/// A bug has to be found within this many seeds.
const WORST: u64 = 1_000;
/// And half of them within this many.
const MEDIAN: u64 = 100;

/// Without `--cfg duroxide_planted` there are no bugs in the code.
fn is_there(bug: Bug) -> bool {
    cfg!(duroxide_planted) || !bug.is_inside()
}

/// The first seed that finds the bug, and its words.
fn hunt(bug: Bug) -> Option<(u64, String)> {
    select(Some(bug));
    let extent = Extent {
        from: 1,
        seeds: WORST,
        patience: Patience::just(Duration::from_secs(600)),
    };
    let found = run_all(extent, Some(bug)).failure;
    select(None);
    found
}

#[cfg(duroxide_planted)]
fn select(bug: Option<Bug>) {
    duroxide::planted::select(bug.and_then(Bug::inside));
}

#[cfg(not(duroxide_planted))]
fn select(_: Option<Bug>) {}

/// In an ordinary run some of them, so that it is known that the suite sees; all in a long one.
#[test]
fn planted_bugs_are_found() {
    let in_short = [
        Bug::NoFence,
        Bug::LostCommit,
        Bug::LostWakeUp,
        Bug::NoDedup,
        Bug::WaitSleeps,
    ];
    let wanted = std::env::var("DUROXIDE_PLANTED").ok();
    let all = Bug::ALL.iter().copied().filter(|bug| is_there(*bug));
    let bugs = all.filter(|bug| match &wanted {
        Some(name) => bug.name().contains(name.as_str()) || format!("{bug:?}") == *name,
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

/// The list of the code is the list here, also in a build without them.
#[test]
fn every_bug_of_the_code_is_hunted() {
    let code = include_str!("../../../src/planted.rs");
    let list = code.split_once("pub enum Bug {").unwrap().1;
    let list = list.split_once("\n}").unwrap().0;
    let lines = list.lines().map(str::trim);
    let mut there: Vec<&str> = lines.filter_map(|line| line.strip_suffix(',')).collect();
    let mut hunted = Bug::INSIDE.to_vec();
    there.sort_unstable();
    hunted.sort_unstable();
    assert_eq!(there, hunted);
}
