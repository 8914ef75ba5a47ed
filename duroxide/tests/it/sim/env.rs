//! The world as one node sees it: its clock may differ from that of others, and jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use duroxide::env::Env;
use duroxide::time::Timestamp;
use futures::future::BoxFuture;

use super::executor::{Executor, Group};

/// When the world begins, in milliseconds since 1970: late enough for clocks that go back.
const BEGINNING: i64 = 1_700_000_000_000;

/// An [`Env`] whose tasks belong to one group.
#[derive(Debug)]
pub(crate) struct SimEnv {
    executor: Arc<Executor>,
    group: Group,
    /// By how many milliseconds the wall clock is wrong.
    skew: AtomicI64,
}

impl SimEnv {
    pub(crate) fn new(executor: &Arc<Executor>, group: Group, skew: i64) -> Arc<Self> {
        Arc::new(Self {
            executor: Arc::clone(executor),
            group,
            skew: AtomicI64::new(skew),
        })
    }

    /// The wall clock is set anew.
    pub(crate) fn jump(&self, skew: i64) {
        self.skew.store(skew, Ordering::SeqCst);
    }
}

impl Env for SimEnv {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.executor.now().as_millis()).unwrap();
        let millis = BEGINNING + passed + self.skew.load(Ordering::SeqCst);
        Timestamp::from_millis(u64::try_from(millis).unwrap())
    }

    fn elapsed(&self) -> Duration {
        self.executor.now()
    }

    fn unique_id(&self) -> u128 {
        self.executor.unique_id()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.executor.spawn(self.group, task);
    }

    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.executor.sleep(duration)
    }

    fn is_simulated(&self) -> bool {
        true
    }
}
