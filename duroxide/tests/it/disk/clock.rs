//! A world in which time stands still until the test moves it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duroxide::env::Env;
use duroxide::time::Timestamp;
use futures::future::{BoxFuture, FutureExt as _};

/// Clock and ids of a test. Jobs run where they are asked for.
#[derive(Debug)]
pub(crate) struct StillEnv {
    millis: AtomicU64,
    ids: AtomicU64,
}

impl StillEnv {
    pub(crate) fn new() -> Self {
        Self {
            millis: AtomicU64::new(1_000_000_000),
            ids: AtomicU64::new(1),
        }
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn millis(&self) -> u64 {
        self.millis.load(Ordering::SeqCst)
    }
}

impl Env for StillEnv {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.millis())
    }

    fn unique_id(&self) -> u128 {
        u128::from(self.ids.fetch_add(1, Ordering::SeqCst)) << 8
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }

    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }

    /// Nobody moves the clock during a call, so whoever sleeps waits for something else.
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        futures::future::pending().boxed()
    }
}
