//! Which children of a combinator were woken: so that one completion costs one poll, not N.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// The children that are to be polled, in argument order.
#[derive(Default)]
pub(super) struct WakeList(Arc<Mutex<Woken>>);

#[derive(Default)]
struct Woken {
    children: BTreeSet<usize>,
    parent: Option<Waker>,
}

impl WakeList {
    /// Whoever polls the combinator; woken together with any child.
    pub(super) fn set_parent(&self, waker: &Waker) {
        let mut woken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = match &mut woken.parent {
            Some(_) if planted!(FirstParentKept) => None,
            Some(parent) if parent.will_wake(waker) => None,
            parent => parent.replace(waker.clone()),
        };
        drop(woken);
        // Dropped outside of the lock: a waker is foreign code.
        drop(replaced);
    }

    /// The waker to poll a child with.
    pub(super) fn waker(&self, child: usize) -> Waker {
        Waker::from(Arc::new(ChildWaker {
            list: Arc::clone(&self.0),
            child,
        }))
    }

    /// Marks a child as to be polled.
    pub(super) fn insert(&self, child: usize) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .children
            .insert(child);
    }

    /// The children to be polled now, in argument order. Those that are woken meanwhile wake the
    /// combinator and are polled in its next poll: a child that wakes itself must not keep it busy.
    pub(super) fn take(&self) -> BTreeSet<usize> {
        std::mem::take(
            &mut self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .children,
        )
    }
}

impl fmt::Debug for WakeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WakeList")
    }
}

struct ChildWaker {
    list: Arc<Mutex<Woken>>,
    child: usize,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        let parent = {
            let mut woken = self.list.lock().unwrap_or_else(PoisonError::into_inner);
            woken.children.insert(self.child);
            woken.parent.clone()
        };
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}
