//! The real world: system clock, random ids, Tokio.

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
        tokio::task::spawn_blocking(job);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
