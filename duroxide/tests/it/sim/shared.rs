//! What all parts of a run know: whether there are faults now, what was seen, what went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::executor::Executor;
use super::plan::Plan;

/// Known to all.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) executor: Arc<Executor>,
    pub(crate) plan: Plan,
    faults: AtomicBool,
    seen: Mutex<BTreeMap<String, u64>>,
    doomed: Mutex<Vec<usize>>,
    violation: Mutex<Option<String>>,
    locks_are_lost: AtomicBool,
    opened: AtomicU64,
    struck_at: Mutex<Duration>,
    hold_ends: Mutex<BTreeSet<Duration>>,
}

impl Shared {
    pub(crate) fn new(executor: &Arc<Executor>, plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            executor: Arc::clone(executor),
            plan,
            faults: AtomicBool::new(true),
            seen: Mutex::default(),
            doomed: Mutex::default(),
            violation: Mutex::default(),
            locks_are_lost: AtomicBool::new(false),
            opened: AtomicU64::new(0),
            struck_at: Mutex::default(),
            hold_ends: Mutex::default(),
        })
    }

    /// Whether anything may go wrong now.
    pub(crate) fn faults(&self) -> bool {
        self.faults.load(Ordering::SeqCst)
    }

    pub(crate) fn end_faults(&self) {
        self.faults.store(false, Ordering::SeqCst);
    }

    /// A rare state was reached.
    pub(crate) fn saw(&self, state: impl Into<String>) {
        *self.seen.lock().unwrap().entry(state.into()).or_default() += 1;
    }

    pub(crate) fn seen(&self) -> BTreeMap<String, u64> {
        self.seen.lock().unwrap().clone()
    }

    /// The node is to be killed before anything else happens.
    pub(crate) fn doom(&self, node: usize) {
        self.doomed.lock().unwrap().push(node);
    }

    pub(crate) fn doomed(&self) -> Option<usize> {
        self.doomed.lock().unwrap().pop()
    }

    /// The store is opened again, and knows of no lock that it gave.
    pub(crate) fn lose_locks(&self) {
        self.locks_are_lost.store(true, Ordering::SeqCst);
        self.opened.fetch_add(1, Ordering::SeqCst);
    }

    /// A node is held still until then.
    pub(crate) fn is_held_until(&self, end: Duration) {
        self.hold_ends.lock().unwrap().insert(end);
    }

    /// Whether a node goes on just now that was held still, and a store whose calls take their time may
    /// have answered meanwhile.
    pub(crate) fn is_held_no_more(&self) -> bool {
        let now = self.executor.now();
        self.plan.flows && self.hold_ends.lock().unwrap().contains(&now)
    }

    /// How often the store was opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::SeqCst)
    }

    /// Whether it was since this was asked last.
    pub(crate) fn take_lost_locks(&self) -> bool {
        self.locks_are_lost.swap(false, Ordering::SeqCst)
    }

    /// The store may have failed just now.
    pub(crate) fn strike(&self) {
        *self.struck_at.lock().unwrap() = self.executor.now();
    }

    /// When the store may have failed last.
    pub(crate) fn struck_at(&self) -> Duration {
        *self.struck_at.lock().unwrap()
    }

    /// Something happened that must not; the first counts.
    pub(crate) fn broken(&self, how: impl Into<String>) {
        let mut violation = self.violation.lock().unwrap();
        violation.get_or_insert_with(|| how.into());
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.violation.lock().unwrap().clone()
    }
}
