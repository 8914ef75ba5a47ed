//! What is to be reached, on two cores that are shared with others, with full durability.

use std::fmt;

/// One figure of one workload.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) workload: &'static str,
    pub(crate) size: u64,
    /// Its name in the line of JSON.
    pub(crate) figure: &'static str,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};

pub(crate) const TARGETS: &[Target] = &[
    target("hello", 1_000, "p50_ms", AtMost(1.2)),
    target("hello", 1_000, "p99_ms", AtMost(4.0)),
    target("hello", 1_000, "fsyncs_per_step", AtMost(3.0)),
    target("chain", 100, "ms_per_step", AtMost(0.5)),
    target("chain", 1_000, "ms_per_step", AtMost(0.5)),
    target("chain", 10_000, "ms_per_step", AtMost(0.5)),
    target("chain", 10_000, "late_over_early", AtMost(1.2)),
    target("chain", 100, "fsyncs_per_step", AtMost(1.05)),
    target("chain", 1_000, "fsyncs_per_step", AtMost(1.05)),
    target("chain", 10_000, "fsyncs_per_step", AtMost(1.05)),
    target("fanout", 200, "steps_per_second", AtLeast(15_000.0)),
    target("fanout", 200, "of_limit", AtLeast(0.6)),
    target("fanout", 200, "p99_ms", AtMost(150.0)),
    target("fanout", 200, "peak_rss_mib", AtMost(120.0)),
    target("many", 20_000, "seconds", AtMost(6.0)),
    target("join", 10_000, "times_a_tenth", AtMost(12.0)),
    target("join", 10_000, "seconds", AtMost(2.0)),
    target("signal", 1_000, "p50_ms", AtMost(1.0)),
    target("timers", 2_000, "p50_ms", AtMost(2.0)),
    target("timers", 2_000, "p99_ms", AtMost(10.0)),
    target("timers-burst", 2_000, "max_ms", AtMost(300.0)),
    target("recovery", 2_000, "first_progress_ms", AtMost(100.0)),
    target("recovery", 20_000, "first_progress_ms", AtMost(100.0)),
    target("recovery", 2_000, "seconds", AtMost(1.0)),
    target("reopen", 1_024, "open_ms", AtMost(2_500.0)),
    target("reopen-waiting", 100_000, "open_ms", AtMost(1_500.0)),
    target("idle", 100_000, "rss_mib", AtMost(120.0)),
    target("idle", 100_000, "cpu_percent", AtMost(0.2)),
    target("eternal", 10_000, "rss_growth_mib", AtMost(4.0)),
    target("eternal", 10_000, "file_growth", AtMost(1.1)),
    target("large", 64, "of_limit", AtLeast(0.4)),
    target("large", 64, "memory_over_in_flight", AtMost(4.0)),
];

const fn target(workload: &'static str, size: u64, figure: &'static str, bound: Bound) -> Target {
    Target {
        workload,
        size,
        figure,
        bound,
    }
}

impl Bound {
    pub(crate) fn holds(self, measured: f64) -> bool {
        match self {
            AtMost(most) => measured <= most,
            AtLeast(least) => measured >= least,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AtMost(most) => write!(f, "≤ {most}"),
            AtLeast(least) => write!(f, "≥ {least}"),
        }
    }
}
