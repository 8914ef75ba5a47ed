//! A world in which tasks are threads of the scheduler, and time passes when somebody sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use shuttle::rand::Rng as _;

use crate::env::Env;
use crate::time::Timestamp;

/// While somebody sleeps, others may do so many things.
const LONGEST_SLEEP: u64 = 12;

/// An [`Env`] for schedules that are explored. Who sleeps wakes up after some steps of others, and
/// the clock goes on to where it should be then.
#[derive(Debug)]
pub(crate) struct ExploredEnv {
    /// Milliseconds.
    elapsed: Arc<AtomicU64>,
    ids: AtomicU64,
    /// Who sleeps for so long sleeps for ever.
    for_ever: Duration,
}

impl ExploredEnv {
    pub(crate) fn new(for_ever: Duration) -> Arc<Self> {
        Arc::new(Self {
            elapsed: Arc::default(),
            ids: AtomicU64::new(0),
            for_ever,
        })
    }
}

/// A moment at which others may come first.
pub(crate) fn breathe() {
    shuttle::thread::sleep(Duration::ZERO);
}

/// Completes after some steps of others.
pub(crate) async fn while_others_work(longest: u64) {
    for _ in 0..shuttle::rand::thread_rng().gen_range(0..=longest) {
        shuttle::future::yield_now().await;
    }
}

impl Env for ExploredEnv {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000_000 + self.elapsed.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        breathe();
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst))
    }

    fn unique_id(&self) -> u128 {
        u128::from(self.ids.fetch_add(1, Ordering::SeqCst)) + 1
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        shuttle::thread::spawn(move || shuttle::future::block_on(task));
    }

    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        shuttle::thread::spawn(job);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration >= self.for_ever {
            return Box::pin(std::future::pending());
        }
        let elapsed = Arc::clone(&self.elapsed);
        let begin = elapsed.load(Ordering::SeqCst);
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Box::pin(async move {
            while_others_work(LONGEST_SLEEP).await;
            elapsed.fetch_max(begin.saturating_add(millis), Ordering::SeqCst);
        })
    }
}
