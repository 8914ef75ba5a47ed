//! What the code under measurement says of itself: moments and counts, outside of the store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::system;

static MOMENTS: Mutex<Vec<Instant>> = Mutex::new(Vec::new());
static LATENESS: Mutex<Vec<Duration>> = Mutex::new(Vec::new());
static REACHED: AtomicU64 = AtomicU64::new(0);

/// Something happens now.
pub(crate) fn moment() {
    let now = system::now();
    lock(&MOMENTS).push(now);
}

/// All moments so far, which are forgotten.
pub(crate) fn take_moments() -> Vec<Instant> {
    std::mem::take(&mut lock(&MOMENTS))
}

/// What was due then, in milliseconds since the epoch, happens now.
pub(crate) fn happens(due_millis: u64) {
    let late = system::wall_micros().saturating_sub(due_millis.saturating_mul(1_000));
    lock(&LATENESS).push(Duration::from_micros(late));
}

/// How late everything was so far.
pub(crate) fn take_lateness() -> Vec<Duration> {
    std::mem::take(&mut lock(&LATENESS))
}

/// One more.
pub(crate) fn reach() {
    REACHED.fetch_add(1, Ordering::Relaxed);
}

/// How many there were.
pub(crate) fn reached() -> u64 {
    REACHED.load(Ordering::Relaxed)
}

/// Comes back when there were so many.
pub(crate) async fn until_reached(count: u64) {
    while reached() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
