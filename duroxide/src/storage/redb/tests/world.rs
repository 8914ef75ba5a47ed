//! A world of which a test says what time it is, and when long reads are through.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::env::{Env, EnvRef, TokioEnv};
use crate::storage::redb::RedbProvider;
use crate::time::Timestamp;

type Job = Box<dyn FnOnce() + Send>;

pub(super) struct World {
    real: TokioEnv,
    /// How far both clocks are set forward.
    ahead: Mutex<Duration>,
    /// Long reads that wait; `None`: they do not.
    jobs: Mutex<Option<Vec<Job>>>,
}

impl World {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            real: TokioEnv::new(),
            ahead: Mutex::default(),
            jobs: Mutex::default(),
        })
    }

    /// A store in memory, in this world.
    pub(super) fn store(self: &Arc<Self>) -> RedbProvider {
        let env: EnvRef = Arc::<Self>::clone(self);
        RedbProvider::options().env(env).in_memory().unwrap()
    }

    /// So much time goes by.
    pub(super) fn pass(&self, time: Duration) {
        *self.ahead.lock().unwrap() += time;
    }

    /// Long reads wait from now on.
    pub(super) fn hold_reads(&self) {
        *self.jobs.lock().unwrap() = Some(Vec::new());
    }

    /// How many long reads wait.
    pub(super) fn reads_that_wait(&self) -> usize {
        self.jobs.lock().unwrap().as_ref().map_or(0, Vec::len)
    }

    /// Long reads wait no more, and those that did are done when this returns.
    pub(super) fn do_reads(&self) {
        let jobs = self.jobs.lock().unwrap().take();
        for job in jobs.into_iter().flatten() {
            job();
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

impl Env for World {
    fn now(&self) -> Timestamp {
        self.real.now().saturating_add(*self.ahead.lock().unwrap())
    }
    fn elapsed(&self) -> Duration {
        self.real.elapsed() + *self.ahead.lock().unwrap()
    }
    fn unique_id(&self) -> u128 {
        self.real.unique_id()
    }
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.real.spawn(task);
    }
    fn blocking(&self, job: Job) {
        match &mut *self.jobs.lock().unwrap() {
            Some(waiting) => waiting.push(job),
            None => self.real.blocking(job),
        }
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.real.sleep(duration)
    }
}
