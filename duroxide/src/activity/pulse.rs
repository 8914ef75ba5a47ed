//! Signs of life of an activity: between its code and the worker that keeps its lock.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// What an activity said last, and a bell for its worker. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    progress: Mutex<Option<String>>,
    bell: Notify,
}

impl Pulse {
    /// The activity is alive, and so far.
    pub(super) fn beat(&self, progress: String) {
        let mut place = self
            .0
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Some(progress);
        drop(place);
        self.0.bell.notify_one();
    }

    /// What it said last.
    pub(crate) fn progress(&self) -> Option<String> {
        let place = self
            .0
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        place.clone()
    }

    /// Completes at the next beat, or at once if there was one since the last call.
    pub(crate) async fn beaten(&self) {
        self.0.bell.notified().await;
    }
}
