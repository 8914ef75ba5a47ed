//! One line of JSON for one measurement.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::setup::{Counts, Running};
use crate::workloads::Case;
use crate::{Outcome, system};

/// What one measurement gave. What a workload does not measure is `null`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    workload: String,
    size: u64,
    store: String,
    durability: String,
    commits: String,
    protocol: String,
    live: String,
    /// What the workload counts: activities, or events, or timers.
    steps: u64,
    seconds: f64,
    steps_per_second: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    max_ms: Option<f64>,
    /// Starts, events, commits and completions that the store acknowledged.
    store_operations_per_second: Option<f64>,
    fsyncs: Option<u64>,
    fsyncs_per_step: Option<f64>,
    bytes_written_per_step: Option<u64>,
    file_mib: Option<f64>,
    peak_rss_mib: Option<f64>,
    /// What was measured as the limit in the same run, and which part of it was reached.
    limit: Option<f64>,
    of_limit: Option<f64>,
    /// What only this workload has.
    #[serde(flatten)]
    figures: BTreeMap<&'static str, f64>,
    #[serde(skip)]
    took: Duration,
}

/// Times of single operations.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Outcome<Self> {
        let mut histogram = Histogram::new(3)?;
        for took in times {
            // It grows as needed; what it cannot hold is longer than any run.
            let _ = histogram.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        }
        Ok(Self(histogram))
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        rounded(self.0.value_at_quantile(quantile) as f64 / 1_000.0)
    }
}

impl Report {
    /// So many steps in that time.
    pub(crate) fn new(case: &Case, steps: u64, took: Duration) -> Self {
        let [store, durability, commits, protocol, live] = case.setup.names();
        Self {
            workload: case.workload.name(),
            size: case.size,
            store,
            durability,
            commits,
            protocol,
            live,
            steps,
            seconds: rounded(took.as_secs_f64()),
            steps_per_second: rate(steps, took),
            peak_rss_mib: system::peak_rss_mib().map(rounded),
            took,
            ..Self::default()
        }
    }

    pub(crate) fn latencies(self, latencies: &Latencies) -> Self {
        Self {
            p50_ms: Some(latencies.millis(0.5)),
            p99_ms: Some(latencies.millis(0.99)),
            max_ms: Some(latencies.millis(1.0)),
            ..self
        }
    }

    /// What the store did for all that.
    pub(crate) fn counts(self, running: &Running) -> Self {
        let counts = running.counts();
        self.counted(counts, running.file_bytes())
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub(crate) fn counted(self, counts: Counts, file_bytes: u64) -> Self {
        let Counts { io, operations } = counts;
        let steps = self.steps.max(1);
        Self {
            store_operations_per_second: Some(rate(operations, self.took)),
            fsyncs: Some(io.syncs),
            fsyncs_per_step: Some(rounded(io.syncs as f64 / steps as f64)),
            bytes_written_per_step: Some(io.bytes_written / steps),
            ..self.file(file_bytes)
        }
    }

    pub(crate) fn file(self, bytes: u64) -> Self {
        Self {
            file_mib: Some(rounded(mib(bytes))),
            ..self
        }
    }

    /// Compares what was reached with the limit, if that was measured.
    pub(crate) fn compared(self, case: &Case) -> Self {
        let figure = case.workload.limit(case.size).map(|limit| limit.figure);
        let reached = match figure {
            Some("store_operations_per_second") => self.store_operations_per_second,
            Some(figure) => self.figures.get(figure).copied(),
            None => None,
        };
        let limit = case.limit.filter(|limit| *limit > 0.0);
        Self {
            limit,
            of_limit: limit.zip(reached).map(|(limit, it)| rounded(it / limit)),
            ..self
        }
    }

    /// Adds something that only this workload has.
    pub(crate) fn figure(mut self, name: &'static str, value: f64) -> Self {
        self.figures.insert(name, rounded(value));
        self
    }
}

/// In milliseconds, for people.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1_u32 << 20)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn rate(count: u64, took: Duration) -> f64 {
    rounded(count as f64 / took.as_secs_f64().max(1e-6))
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
