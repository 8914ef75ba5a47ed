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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::time::Timestamp;

    /// Remembers how long it was to sleep, and sleeps not at all.
    #[derive(Debug, Default)]
    struct Sleepless(Mutex<Vec<Duration>>);

    impl Env for Sleepless {
        fn now(&self) -> Timestamp {
            Timestamp::ZERO
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn unique_id(&self) -> u128 {
            511
        }
        fn spawn(&self, _: BoxFuture<'static, ()>) {}
        fn blocking(&self, _: Box<dyn FnOnce() + Send>) {}
        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            self.0.lock().unwrap().push(duration);
            Box::pin(std::future::ready(()))
        }
    }

    /// Whatever goes wrong, and for how long: an hour has few tries.
    #[test]
    fn pauses_grow_up_to_seconds_so_that_no_failure_makes_anybody_busy() {
        let (env, mut backoff) = (Sleepless::default(), Backoff::new());
        for _ in 0..2_000 {
            backoff.pause(&env).now_or_never().unwrap();
        }
        let pauses = env.0.lock().unwrap();
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST));
        let hour = Duration::from_secs(3_600);
        let mut passed = Duration::ZERO;
        let tries = pauses.iter().take_while(|pause| {
            passed += **pause;
            passed < hour
        });
        assert!(tries.count() < 1_500);
    }
}
