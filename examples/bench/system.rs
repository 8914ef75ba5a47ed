//! What the system says of time and of this process.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and all of it does so here"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, in microseconds since the epoch.
pub(crate) fn wall_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// The most memory that this process ever had, where the system tells.
pub(crate) fn peak_rss_mib() -> Option<f64> {
    memory("VmHWM:")
}

/// The memory that it has.
pub(crate) fn rss_mib() -> Option<f64> {
    memory("VmRSS:")
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn memory(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib as f64 / 1_024.0)
}

/// The time that its threads, those that live, had a processor; to the nanosecond.
pub(crate) fn processor_time() -> Option<Duration> {
    let mut nanos: u64 = 0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        // A thread that ended just now has nothing to say.
        let Ok(line) = std::fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
            continue;
        };
        nanos = nanos.saturating_add(line.split_whitespace().next()?.parse().ok()?);
    }
    Some(Duration::from_nanos(nanos))
}
