//! The waker of the code's root: a flag, and a watch for wakes that no history caused.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Wake;

thread_local! {
    /// The execution that this thread is applying, polling or dropping at the moment.
    static INSIDE: Cell<u64> = const { Cell::new(0) };
}

/// Wakes from inside a turn mean *poll again*; wakes from outside betray a future that the history
/// does not drive.
#[derive(Debug)]
pub(super) struct TurnWaker {
    identity: u64,
    woken: AtomicBool,
    foreign: AtomicBool,
}

impl TurnWaker {
    pub(super) fn new(identity: u64) -> Arc<Self> {
        Arc::new(Self {
            identity,
            woken: AtomicBool::new(false),
            foreign: AtomicBool::new(false),
        })
    }

    pub(super) fn clear_woken(&self) {
        self.woken.store(false, Relaxed);
    }

    pub(super) fn is_woken(&self) -> bool {
        self.woken.load(Relaxed)
    }

    pub(super) fn is_foreign(&self) -> bool {
        self.foreign.load(Relaxed)
    }
}

impl Wake for TurnWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let inside = INSIDE.get() == self.identity;
        (if inside { &self.woken } else { &self.foreign }).store(true, Relaxed);
    }
}

/// Marks this thread as working on an execution, until dropped.
pub(super) struct InsideTurn {
    before: u64,
}

impl InsideTurn {
    pub(super) fn enter(identity: u64) -> Self {
        Self {
            before: INSIDE.replace(identity),
        }
    }
}

impl Drop for InsideTurn {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}
