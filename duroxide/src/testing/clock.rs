//! When virtual time goes on: by itself when all wait, or only when the test says so.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Tokio's paused clock jumps to the next timer whenever nothing can run. A blocking job that is
/// under way keeps it from that: so a job that waits for the end of the hold is the hold.
#[derive(Debug)]
pub(super) struct Clock {
    idle: Arc<Idle>,
    hold: Mutex<Hold>,
}

#[derive(Debug)]
struct Hold {
    /// Whether time goes on by itself.
    auto_skip: bool,
    /// How many skips are under way.
    skips: u32,
    /// Ends the hold when it is dropped; none: time goes on.
    held: Option<mpsc::Sender<()>>,
    /// The test is over: nothing is held any more.
    is_over: bool,
}

impl Clock {
    /// A clock inside of a Tokio runtime that tells `idle` when it has nothing to do.
    pub(super) fn new(idle: Arc<Idle>, auto_skip: bool) -> Arc<Self> {
        let clock = Arc::new(Self {
            idle,
            hold: Mutex::new(Hold {
                auto_skip: true,
                skips: 0,
                held: None,
                is_over: false,
            }),
        });
        clock.auto_skip(auto_skip);
        clock
    }

    pub(super) fn auto_skip(&self, auto_skip: bool) {
        let mut hold = self.hold();
        hold.auto_skip = auto_skip;
        hold.settle();
    }

    /// Lets that much time pass, from timer to timer, and then lets everything run that can.
    pub(super) async fn skip(&self, duration: Duration) {
        #[expect(
            clippy::arithmetic_side_effects,
            reason = "beyond the end of time a test has nothing to wait for"
        )]
        let until = Instant::now() + duration;
        {
            let _skipping = Skipping::begin(self);
            sleep_until(until).await;
        }
        self.settled().await;
    }

    /// Completes when nothing can go on without time passing.
    pub(super) fn settled(&self) -> Settled<'_> {
        Settled {
            idle: &self.idle,
            seen: None,
        }
    }

    /// Holds nothing any more: the Tokio runtime can end.
    pub(super) fn end(&self) {
        let mut hold = self.hold();
        hold.is_over = true;
        hold.settle();
    }

    fn hold(&self) -> MutexGuard<'_, Hold> {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Makes the hold what it should be.
    fn settle(&mut self) {
        if self.auto_skip || self.skips > 0 || self.is_over {
            self.held = None;
        } else if self.held.is_none() {
            let (held, end) = mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || {
                // The other side is dropped, and nothing is ever sent.
                let _ = end.recv();
            });
            self.held = Some(held);
        }
    }
}

/// Time goes on as long as this is there.
struct Skipping<'c>(&'c Clock);

impl<'c> Skipping<'c> {
    fn begin(clock: &'c Clock) -> Self {
        let mut hold = clock.hold();
        hold.skips = hold.skips.saturating_add(1);
        hold.settle();
        Self(clock)
    }
}

impl Drop for Skipping<'_> {
    fn drop(&mut self) {
        let mut hold = self.0.hold();
        hold.skips = hold.skips.saturating_sub(1);
        hold.settle();
    }
}

/// Who waits for the moment at which nothing can run.
#[derive(Default)]
pub(super) struct Idle {
    times: AtomicU64,
    waiting: Mutex<Vec<Waker>>,
}

impl Idle {
    /// Nothing can run. Called by Tokio, before time goes on.
    pub(super) fn now(&self) {
        self.times.fetch_add(1, Ordering::SeqCst);
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.into_iter().for_each(Waker::wake);
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Clock::settled`].
pub(super) struct Settled<'c> {
    idle: &'c Idle,
    seen: Option<u64>,
}

impl Future for Settled<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let times = self.idle.times.load(Ordering::SeqCst);
        if *self.seen.get_or_insert(times) < times {
            return Poll::Ready(());
        }
        self.idle.waiting().push(cx.waker().clone());
        Poll::Pending
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Idle")
    }
}
