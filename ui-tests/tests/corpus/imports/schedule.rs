//! When to run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) const HOUR: u64 = 3;

pub(super) fn next_run(now: SystemTime, hour: u64) -> SystemTime {
    let day = 24 * 60 * 60;
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let today = since - since % day;
    let at = today + hour * 60 * 60;
    let next = if at > since { at } else { at + day };
    UNIX_EPOCH + Duration::from_secs(next)
}

pub(super) fn summary(sizes: &[usize]) -> String {
    let longest = sizes.iter().max().copied().unwrap_or_default();
    format!("{} pages, the longest {longest}", sizes.len())
}
