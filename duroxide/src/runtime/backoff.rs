//! Pauses that grow, up to a limit, and differ a little from worker to worker.

use std::time::Duration;

use crate::env::Env;

const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(5);

/// The pauses between tries of one thing.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// Waits, longer each time.
    pub(super) async fn pause(&mut self, env: &dyn Env) {
        // Between half and all of it, so that many do not come back at the same moment.
        let share = u32::try_from(env.unique_id() % 512).unwrap_or(0);
        let half = part(self.next, 2);
        let pause = half.saturating_add(part(half.saturating_mul(share), 512));
        self.next = self.next.saturating_mul(2).min(LONGEST);
        env.sleep(pause).await;
    }

    /// Begins anew after a success.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}

/// The length of each of so many equal parts.
pub(super) fn part(whole: Duration, parts: u32) -> Duration {
    whole.checked_div(parts).unwrap_or(whole)
}
