//! Who waits for an instance: for any change of its status, or for its end alone.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::history::InstanceId;
use crate::storage::redb::shared::Shared;
use crate::storage::redb::state::State;

/// No status has changed so often: whoever has seen that waits for the end.
const FOR_THE_END: u64 = u64::MAX;

/// An instance that somebody waits for.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    news: Arc<News>,
    watchers: usize,
}

#[derive(Debug, Default)]
struct News {
    change: Notify,
    end: Notify,
}

impl Watched {
    /// The status has changed, durably.
    pub(crate) fn changed(&self) {
        self.news.change.notify_waiters();
    }

    /// Whatever there is to know may be news, the end included.
    pub(crate) fn ended(&self) {
        self.changed();
        self.news.end.notify_waiters();
    }
}

/// Somebody waits for an instance, until this is dropped.
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    instance: &'a InstanceId,
    for_the_end: bool,
    news: Arc<News>,
}

impl<'a> Watch<'a> {
    /// For whoever has seen that many changes.
    pub(crate) fn new(shared: &'a Shared, instance: &'a InstanceId, seen: u64) -> Self {
        let mut core = shared.lock();
        let watched = core.state.watched.entry(instance.clone()).or_default();
        watched.watchers = watched.watchers.saturating_add(1);
        Self {
            shared,
            instance,
            for_the_end: seen == FOR_THE_END,
            news: Arc::clone(&watched.news),
        }
    }

    /// What is waited for. To be made before the look: news in between is not missed.
    pub(crate) fn news(&self) -> impl Future<Output = ()> + '_ {
        if self.for_the_end {
            self.news.end.notified()
        } else {
            self.news.change.notified()
        }
    }

    /// Whether a look at the disk can show what is waited for.
    pub(crate) fn is_worth_a_look(&self) -> bool {
        !self.for_the_end || !self.shared.lock().state.is_running(self.instance)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut core = self.shared.lock();
        if let Some(watched) = core.state.watched.get_mut(self.instance) {
            watched.watchers = watched.watchers.saturating_sub(1);
            if watched.watchers == 0 {
                core.state.watched.remove(self.instance);
            }
        }
    }
}

impl State {
    /// Whether memory knows that the instance has not ended. What is not on disk yet counts: so the
    /// disk does not say that it has.
    fn is_running(&self, id: &InstanceId) -> bool {
        let row = self.by_id.get(id).and_then(|instance| self.row(*instance));
        row.is_some_and(|row| !row.ended)
    }
}
