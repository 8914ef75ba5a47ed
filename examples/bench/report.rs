//! One line of JSON for one run.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::setup::{Running, Setup};

/// What one run measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    workload: &'static str,
    store: String,
    durability: String,
    live: String,
    /// What the workload counts: orchestrations, or orchestrations in flight.
    size: u64,
    steps: u64,
    seconds: f64,
    steps_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    fsyncs: u64,
    fsyncs_per_step: f64,
    bytes_written_per_step: u64,
    file_bytes: u64,
    peak_rss_mib: Option<u64>,
}

/// Times of single operations.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self(Histogram::new(3)?))
    }

    pub(crate) fn record(&mut self, took: Duration) {
        // It grows as needed; what it cannot hold is longer than any run.
        let _ = self
            .0
            .record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn millis(&self, quantile: f64) -> f64 {
        rounded(self.0.value_at_quantile(quantile) as f64 / 1_000.0)
    }
}

impl Report {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub(crate) fn new(
        workload: &'static str,
        setup: &Setup,
        size: u64,
        steps: u64,
        took: Duration,
        latencies: &Latencies,
        running: &Running,
    ) -> Self {
        let io = running.io();
        Self {
            workload,
            store: setup.store_name(),
            durability: setup.durability_name(),
            live: setup.live_name(),
            size,
            steps,
            seconds: rounded(took.as_secs_f64()),
            steps_per_second: (steps as f64 / took.as_secs_f64()).round(),
            p50_ms: latencies.millis(0.5),
            p99_ms: latencies.millis(0.99),
            max_ms: latencies.millis(1.0),
            fsyncs: io.syncs,
            fsyncs_per_step: rounded(io.syncs as f64 / steps.max(1) as f64),
            bytes_written_per_step: io.bytes_written / steps.max(1),
            file_bytes: running.file_bytes(),
            peak_rss_mib: peak_rss_mib(),
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The most memory that the process ever had, where the system tells.
fn peak_rss_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_024)
}
