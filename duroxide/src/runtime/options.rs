//! Every knob of the runtime: its unit, its default, and why.

use std::time::Duration;

/// How a runtime works. The defaults suit a laptop and a server.
#[derive(Clone, Debug)]
pub struct RuntimeOptions {
    /// How many turns may be under way at once. Default 64: turns are short, and those that wait
    /// for the disk cost nothing meanwhile.
    pub orchestration_concurrency: usize,
    /// How many activities may run at once. Default 256: most of them wait for something; lower it
    /// for activities that compute.
    pub worker_concurrency: usize,
    /// How long a turn may be silent before others take its instance over. Default 30 s; renewed
    /// at a third of it.
    pub orchestrator_lock_timeout: Duration,
    /// How long a worker may be silent before others take its activity over. Default 30 s; renewed
    /// at a third of it, so that activities may run for hours.
    pub worker_lock_timeout: Duration,
    /// How often a message or activity is delivered before it counts as poison. Default 10.
    pub max_attempts: u32,
    /// How long a cancelled activity may go on to clean up before it is dropped. Default 10 s.
    pub activity_cancellation_grace_period: Duration,
    /// How work is put back that nobody here has a handler for.
    pub unregistered_backoff: UnregisteredBackoffConfig,
    /// How many suspended instances stay in memory between their turns. Default 10,000; 0 replays
    /// every turn from the history, which is slower and gives the same results.
    pub live_instances: usize,
    /// How long the code of an orchestration may take for one turn before its instance is failed.
    /// Default 10 s: code that only decides what to do next needs microseconds, so what is still
    /// there after seconds will not come back. Its thread cannot be stopped and is replaced.
    pub turn_timeout: Duration,
    /// How many threads run orchestration code. Default: one for each core, at least two, so that
    /// one that is stuck does not stop the others.
    pub turn_threads: usize,
}

/// The pauses before work without a handler is tried again: doubled each time.
#[derive(Clone, Debug)]
pub struct UnregisteredBackoffConfig {
    /// The first pause. Default 1 s.
    pub base_delay: Duration,
    /// The longest pause. Default 60 s.
    pub max_delay: Duration,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            orchestration_concurrency: 64,
            worker_concurrency: 256,
            orchestrator_lock_timeout: Duration::from_secs(30),
            worker_lock_timeout: Duration::from_secs(30),
            max_attempts: 10,
            activity_cancellation_grace_period: Duration::from_secs(10),
            unregistered_backoff: UnregisteredBackoffConfig::default(),
            live_instances: 10_000,
            turn_timeout: Duration::from_secs(10),
            turn_threads: cores.max(2),
        }
    }
}

impl Default for UnregisteredBackoffConfig {
    fn default() -> Self {
        Self {
            base_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
        }
    }
}

impl UnregisteredBackoffConfig {
    /// The pause after the delivery with that number, from 1.
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay)
    }
}
