//! Many seeds, on all cores: each world has one thread of its own.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::plan::Plan;
use super::planted::Bug;
use super::world::{self, Report};
use crate::support::dice::Patience;

/// How far a campaign goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) from: u64,
    pub(crate) seeds: u64,
    pub(crate) patience: Patience,
}

/// What came of many runs.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    pub(crate) lasted: Duration,
    pub(crate) took: Duration,
    pub(crate) seen: BTreeMap<String, u64>,
    pub(crate) failure: Option<(u64, String)>,
}

/// So many runs are made for each that is made twice.
const COMPARED: u64 = 50;

/// Runs one seed; a panic is a failure.
pub(crate) fn run(seed: u64, bug: Option<Bug>) -> Report {
    let plan = Plan::of(seed, bug);
    let ran = catch_unwind(AssertUnwindSafe(|| world::run(plan)));
    ran.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Report::failed(format!("it panicked: {}", text.unwrap_or_default()))
    })
}

/// Runs seeds until one fails, or all are done.
pub(crate) fn run_all(extent: Extent, bug: Option<Bug>) -> Summary {
    let (next, over) = (AtomicU64::new(extent.from), AtomicBool::new(false));
    let summary = Mutex::new(Summary::default());
    let work = || {
        while !over.load(Ordering::SeqCst) && !extent.patience.is_over() {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= extent.from + extent.seeds {
                return;
            }
            let mut report = run(seed, bug);
            if seed.is_multiple_of(COMPARED) && report.result.is_ok() {
                let again = run(seed, bug);
                if again.trace != report.trace {
                    report.result = Err("two runs of one seed differ".to_owned());
                }
            }
            let mut summary = summary.lock().unwrap();
            summary.add(seed, report);
            if summary.failure.is_some() {
                over.store(true, Ordering::SeqCst);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut summary = summary.into_inner().unwrap();
    summary.took = extent.patience.spent();
    summary
}

impl Summary {
    fn add(&mut self, seed: u64, report: Report) {
        self.runs += 1;
        self.steps += report.steps;
        self.lasted += report.lasted;
        for (state, count) in report.seen {
            *self.seen.entry(state).or_default() += count;
        }
        if let Err(problem) = report.result {
            // Several threads may find something: the smallest seed counts.
            if self.failure.as_ref().is_none_or(|(other, _)| seed < *other) {
                self.failure = Some((seed, problem));
            }
        }
    }

    /// One line about how much was done.
    pub(crate) fn line(&self) -> String {
        let Self {
            runs,
            steps,
            lasted,
            took,
            ..
        } = self;
        format!("{runs} seeds, {steps} steps, {lasted:.0?} of simulated time in {took:.1?}")
    }
}

/// What somebody needs who wants to see the failure.
pub(crate) fn how_to_repeat(seed: u64, problem: &str, bug: Option<Bug>) -> String {
    let plan = Plan::of(seed, bug);
    format!(
        "seed {seed} fails: {problem}\n\nagain: DUROXIDE_SEED={seed} cargo test -p duroxide \
         --all-features --test it -- sim::programs\n\n{plan:#?}"
    )
}
