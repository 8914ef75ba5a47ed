//! The real world: system clock, random ids, Tokio.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::BoxFuture;

use crate::env::Env;
use crate::time::Timestamp;

/// The production [`Env`]. Its tasks and sleeps need a running Tokio runtime.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::env::{Env, TokioEnv};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let env = TokioEnv::new();
/// env.sleep(Duration::from_millis(1)).await;
/// assert!(env.elapsed() >= Duration::from_millis(1));
/// assert_ne!(env.unique_id(), env.unique_id());
/// # });
/// ```
#[derive(Debug)]
pub struct TokioEnv {
    started: Instant,
}

impl TokioEnv {
    /// The real world, from now on.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reader of the system's clocks"
    )]
    #[expect(
        clippy::new_without_default,
        reason = "a default that reads a clock surprises"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Env for TokioEnv {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reader of the system's clocks"
    )]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn unique_id(&self) -> u128 {
        uuid::Uuid::new_v4().as_u128()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }

    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        let job = Arc::new(Mutex::new(Some(job)));
        let aside = Arc::clone(&job);
        // Tokio panics if the system has no thread for it. Whoever waits for the job would not get it,
        // and the job may run long after; so it is taken back.
        let given = catch_unwind(AssertUnwindSafe(|| {
            tokio::task::spawn_blocking(move || run(&aside));
        }));
        if given.is_err() {
            tracing::warn!(
                target: "duroxide::runtime",
                "the system gives no thread for reading: it is done in place and holds up others; \
                 look at the limits of this process"
            );
            let _ = catch_unwind(AssertUnwindSafe(|| run(&job)));
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Runs the job unless that was done.
fn run(job: &Mutex<Option<Box<dyn FnOnce() + Send>>>) {
    let job = job.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(job) = job {
        job();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_done_in_place_if_the_system_has_no_thread_for_it() {
        let mut tokio = tokio::runtime::Builder::new_current_thread();
        // No system has so much room for a stack.
        let tokio = tokio.thread_stack_size(1 << 60).build().unwrap();
        let done = tokio.block_on(crate::env::blocking(&TokioEnv::new(), || 7));
        assert_eq!(done, Some(7));
    }
}
