//! The world that tests run in: a clock that goes on when all wait, ids in order, processes that can
//! be killed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::env::Env;
use crate::time::Timestamp;

/// The wall clock at the beginning of every test: 2030-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp::from_millis(1_893_456_000_000);

/// The clock and the ids of one test, and who stands outside of the program under test: the test
/// itself, its clients, the store.
#[derive(Debug)]
pub(super) struct World {
    begun: Instant,
    ids: AtomicU64,
}

impl World {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            ids: AtomicU64::new(0),
        })
    }
}

impl Env for World {
    fn now(&self) -> Timestamp {
        BEGINNING.saturating_add(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The same ids in the same order in every run.
    fn unique_id(&self) -> u128 {
        let number = self.ids.fetch_add(1, Ordering::SeqCst);
        Uuid::new_v5(&Uuid::nil(), &number.to_be_bytes()).as_u128()
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

    fn is_simulated(&self) -> bool {
        true
    }
}

/// One life of the program under test: what it spawned dies with it.
#[derive(Debug)]
pub(super) struct Process {
    world: Arc<World>,
    tasks: Mutex<JoinSet<()>>,
    is_dead: AtomicBool,
}

impl Process {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            tasks: Mutex::default(),
            is_dead: AtomicBool::new(false),
        })
    }

    /// Ends it where it stands, as a crash does. Nothing of it runs when this returns.
    pub(super) async fn kill(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
        let mut tasks = std::mem::take(&mut *self.tasks());
        tasks.shutdown().await;
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Env for Process {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }

    fn unique_id(&self) -> u128 {
        self.world.unique_id()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        if self.is_dead.load(Ordering::SeqCst) {
            return;
        }
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        self.world.blocking(job);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.world.sleep(duration)
    }

    fn is_simulated(&self) -> bool {
        true
    }
}
