//! Workers that do not take everything, and what they must not get.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::history::{EventKind, InstanceId};
use crate::provider::{
    ActivityFetch, ActivityItem, ProviderAdmin, SessionFetch, TagFilter, TurnFetch, TurnItem,
};

use super::assertions::{fresh, only};
use super::driver::{ALL, Driver, LONG};
use super::turn::Turn;

/// An owner of sessions, under terms that never matter.
///
/// ```
/// use duroxide::TagFilter;
/// use duroxide::provider::conformance::{one_for, one_of, owner};
///
/// assert_eq!(one_for(&owner("worker-1")).sessions, Some(owner("worker-1")));
/// assert_eq!(one_of(TagFilter::any()).tags, TagFilter::Any);
/// ```
pub fn owner(id: &str) -> SessionFetch {
    SessionFetch {
        owner_id: id.to_owned(),
        lock_timeout: LONG,
        max_sessions: ALL,
        one_at_a_time: false,
    }
}

/// What a worker that owns sessions under these terms fetches: one activity.
///
/// An example stands at [`owner`].
pub fn one_for(terms: &SessionFetch) -> ActivityFetch {
    ActivityFetch::new(1, LONG).sessions(terms.clone())
}

/// What a worker with this filter fetches: one activity.
///
/// An example stands at [`owner`].
pub fn one_of(tags: TagFilter) -> ActivityFetch {
    ActivityFetch::new(1, LONG).tags(tags)
}

impl Driver<'_> {
    /// The management verbs; `None` if the store has none: the rules about them are then skipped.
    pub fn admin(&self) -> Option<&dyn ProviderAdmin> {
        self.store.admin()
    }

    /// The next turn for a worker that replays these semantics.
    pub async fn fetch_for_semantics(&self, semantics: RangeInclusive<u32>) -> TurnItem {
        let fetch = TurnFetch::new(1, LONG).semantics(semantics);
        only(self.patiently(self.store.fetch_turns(fetch)).await.unwrap())
    }

    /// The activities that this fetch gets.
    pub async fn fetch_activities(&self, fetch: ActivityFetch) -> Vec<ActivityItem> {
        self.patiently(self.store.fetch_activities(fetch))
            .await
            .unwrap()
    }

    /// The name of the one activity that this worker gets, which it completes.
    pub async fn work(&self, fetch: ActivityFetch) -> String {
        let item = only(self.fetch_activities(fetch).await);
        self.complete(&item, "").await;
        item.request.unwrap().name
    }

    /// The one activity that this owner gets.
    pub async fn activity_of(&self, terms: &SessionFetch) -> ActivityItem {
        only(self.fetch_activities(one_for(terms)).await)
    }

    /// Asserts that a worker gets nothing: its parked fetch returns only when something else is
    /// there, which `sentinel` asks for, and then with that alone.
    pub async fn expect_nothing_for(
        &self,
        fetch: ActivityFetch,
        sentinel: impl FnOnce(Turn) -> Turn,
    ) {
        let id = self.start(&fresh("sentinel")).await;
        let item = self.fetch_turn_of(&id).await;
        let parked = self.store.fetch_activities(fetch);
        let arrive = async {
            self.commit(&item, sentinel(Turn::of(&item))).await;
        };
        let (items, ()) = self
            .patiently(futures_util::future::join(parked, arrive))
            .await;
        let item = only(items.unwrap());
        assert_eq!(item.instance, id, "there should be nothing for this worker");
        self.complete(&item, "").await;
        self.turn_of(&id, |turn| turn.complete("")).await;
    }

    /// Asserts the same of an owner of sessions.
    pub async fn expect_nothing_of_sessions(&self, terms: &SessionFetch) {
        self.expect_nothing_for(one_for(terms), |turn| turn.schedule("sentinel", ""))
            .await;
    }

    /// Gives an activity back at once, counting the attempt.
    pub async fn abandon_activity(&self, item: &ActivityItem) {
        let given_back = self
            .store
            .abandon_activity(&item.lock, Duration::ZERO, false);
        given_back.await.unwrap();
    }

    /// An instance whose first turn asks for these activities, each with its session.
    pub async fn begin_sessions(&self, id: &str, activities: &[(&str, &str)]) -> InstanceId {
        let script = |turn: Turn| {
            let ask = |turn: Turn, &(session, name): &(&str, &str)| turn.schedule_in(session, name);
            activities.iter().fold(turn, ask)
        };
        self.begin(id, script).await
    }

    /// An instance that has ended well.
    pub async fn ended(&self, id: &str) -> InstanceId {
        self.begin(id, |turn| turn.complete("")).await
    }

    /// What kinds of events the first execution has, without the first.
    pub async fn kinds(&self, id: &InstanceId) -> Vec<EventKind> {
        let events = self.history(id).await.into_iter();
        events.skip(1).map(|event| event.kind).collect()
    }
}
