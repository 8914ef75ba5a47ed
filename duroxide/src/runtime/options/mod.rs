//! Every knob of the runtime: its unit, its default, and why.

mod check;
mod observability;

use std::time::Duration;

use crate::engine::Limits;
use crate::provider::TagFilter;

pub use check::InvalidOption;
pub use observability::{LogFormat, ObservabilityConfig};

/// How a runtime works. The defaults suit a laptop and a server: no option is needed for speed.
///
/// What cannot work is an error of the builder (`StartError::Options`). Where a runtime is started
/// without a `Result` to say so, it is logged as an error, and the default of that option holds.
///
/// ```
/// use duroxide::{RuntimeOptions, TagFilter};
///
/// let options = RuntimeOptions {
///     worker_concurrency: 4,
///     worker_tag_filter: TagFilter::tags(["gpu"]),
///     ..Default::default()
/// };
/// assert!(options.problems().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct RuntimeOptions {
    /// How many turns may be under way at once; 0: this runtime runs no orchestrations. Default 64:
    /// turns are short, and those that wait for the disk cost nothing meanwhile.
    pub orchestration_concurrency: usize,
    /// How many activities may run at once; 0: this runtime runs none. Default 256: most of them
    /// wait for something; lower it for activities that compute.
    pub worker_concurrency: usize,
    /// No effect: a fetch parks in the store and wakes when there is work, so nothing polls. Default
    /// 100 ms. Here for programs that set it.
    pub dispatcher_min_poll_interval: Duration,
    /// No effect, for the same reason. Default 30 s.
    pub dispatcher_long_poll_timeout: Duration,
    /// How long a turn may be silent before others take its instance over. Default 30 s, at least 10
    /// ms: a process that died holds its instances up for no longer than this.
    pub orchestrator_lock_timeout: Duration,
    /// No effect: locks are renewed at a third of their lease, so that two renewals may fail before
    /// one is lost. Default 2 s.
    pub orchestrator_lock_renewal_buffer: Duration,
    /// How long a worker may be silent before others take its activity over. Default 30 s, at least
    /// 10 ms; renewed at a third of it, so that activities may run for hours. A worker learns at a
    /// renewal that its activity is cancelled.
    pub worker_lock_timeout: Duration,
    /// No effect, as that of the orchestrator. Default 5 s.
    pub worker_lock_renewal_buffer: Duration,
    /// What log lines and gauges say about this runtime.
    pub observability: ObservabilityConfig,
    /// How work is put back that nobody here has a handler for.
    pub unregistered_backoff: UnregisteredBackoffConfig,
    /// How often a message or activity is delivered before it counts as poison. Default 10, at least
    /// 1: with the default back-off a handler may be missing for about five minutes.
    pub max_attempts: u32,
    /// How long a cancelled activity may go on to clean up before it is dropped. Default 10 s; 0
    /// drops it at once.
    pub activity_cancellation_grace_period: Duration,
    /// How long this worker owns a session after its last word about it. Default 30 s, at least 10
    /// ms: a worker that died holds its sessions up for no longer than this.
    pub session_lock_timeout: Duration,
    /// No effect: claims on sessions are renewed at a third of `session_lock_timeout`. Default 5 s.
    pub session_lock_renewal_buffer: Duration,
    /// How long a session stays with this worker without an activity of it. Default 300 s: long
    /// enough for what it keeps in memory to be worth it. More than a third of
    /// `worker_lock_timeout`, because an activity under way shows itself that often.
    pub session_idle_timeout: Duration,
    /// No effect: stores forget sessions that nobody owns by themselves. Default 300 s.
    pub session_cleanup_interval: Duration,
    /// How many sessions this worker may own at the same time; 0: it takes no activities of
    /// sessions. Default 10. At that number it takes activities of its own sessions and those
    /// without one; the others wait for another worker, or for one of its sessions to be idle.
    pub max_sessions_per_runtime: usize,
    /// Whether the activities of one session may overlap. Default: they may.
    pub session_ordering: SessionOrdering,
    /// As whom this worker owns sessions. Workers with the same name share them, and a process that
    /// comes back under its name has its sessions at once. Default: a random name of 128 bits.
    pub worker_node_id: Option<String>,
    /// Which activities this worker takes, by their tag. Default: those without a tag.
    pub worker_tag_filter: TagFilter,
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
    /// How much one instance may ask for and keep. Each limit is the same on all nodes, or else an
    /// instance may fail on one and not on another.
    pub limits: Limits,
    /// How many executions of an instance are kept when it continues as new, the new one included;
    /// the histories of older ones are forgotten. Default `None`: all. 0 means 1. Made for loops
    /// that go on for years.
    pub keep_executions: Option<u32>,
    /// Whether every turn is run a second time, from the history, and the two are compared: an
    /// instance whose code does something else the second time fails with what differs. Default
    /// `false`: it costs a replay for each turn. Made for tests, in which it finds code that depends
    /// on clocks, on the order of maps or on other instances.
    pub replay_twice: bool,
}

/// Whether the activities of one session may overlap.
///
/// ```
/// use duroxide::RuntimeOptions;
/// use duroxide::runtime::SessionOrdering;
///
/// let options = RuntimeOptions {
///     session_ordering: SessionOrdering::OneAtATime,
///     max_sessions_per_runtime: 100,
///     ..Default::default()
/// };
/// assert!(options.problems().is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionOrdering {
    /// They run on one worker, at the same time if they are scheduled so.
    #[default]
    Concurrent,
    /// They run on one worker, one at a time, in the order of their scheduling. One that waits for
    /// another of its session waits for ever.
    OneAtATime,
}

/// The pauses before work without a handler is tried again: doubled each time.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::runtime::UnregisteredBackoffConfig;
///
/// let pauses = UnregisteredBackoffConfig::default();
/// assert_eq!(pauses.delay(1), Duration::from_secs(1));
/// assert_eq!(pauses.delay(4), Duration::from_secs(8));
/// assert_eq!(pauses.delay(40), Duration::from_secs(60));
/// ```
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
            dispatcher_min_poll_interval: Duration::from_millis(100),
            dispatcher_long_poll_timeout: Duration::from_secs(30),
            orchestrator_lock_timeout: Duration::from_secs(30),
            orchestrator_lock_renewal_buffer: Duration::from_secs(2),
            worker_lock_timeout: Duration::from_secs(30),
            worker_lock_renewal_buffer: Duration::from_secs(5),
            observability: ObservabilityConfig::default(),
            unregistered_backoff: UnregisteredBackoffConfig::default(),
            max_attempts: 10,
            activity_cancellation_grace_period: Duration::from_secs(10),
            session_lock_timeout: Duration::from_secs(30),
            session_lock_renewal_buffer: Duration::from_secs(5),
            session_idle_timeout: Duration::from_secs(300),
            session_cleanup_interval: Duration::from_secs(300),
            max_sessions_per_runtime: 10,
            session_ordering: SessionOrdering::default(),
            worker_node_id: None,
            worker_tag_filter: TagFilter::default(),
            live_instances: 10_000,
            turn_timeout: Duration::from_secs(10),
            turn_threads: cores.max(2),
            limits: Limits::default(),
            keep_executions: None,
            replay_twice: false,
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
    ///
    /// An example stands at [`UnregisteredBackoffConfig`].
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay)
    }
}
