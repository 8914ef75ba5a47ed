//! Drives a store by hand: what a runtime does in one call is here a line of its own.

use std::sync::Arc;
use std::time::Duration;

use crate::history::{Event, EventId, ExecutionId, InstanceId, Message};
use crate::provider::{
    ActivityFetch, ActivityItem, Committed, Enqueued, InstanceStatus, ProviderRef, StartOutcome,
    TurnFetch, TurnItem,
};
use crate::time::Timestamp;

use super::assertions::{only, unique};
use super::{ProviderFactory, Turn, first_start};

/// A lease that does not end during a test.
///
/// ```
/// use duroxide::provider::TurnFetch;
/// use duroxide::provider::conformance::{ALL, LONG};
///
/// let everything = TurnFetch::new(ALL, LONG);
/// assert_eq!(everything.max, ALL);
/// ```
pub const LONG: Duration = Duration::from_secs(600);
/// More than there ever is.
///
/// An example stands at [`LONG`].
pub const ALL: usize = 10_000;

/// A store, and what tests do with it. Every method asserts that it worked.
///
/// ```
/// use duroxide::provider::conformance::{Driver, ProviderFactory};
///
/// /// A rule: what is started is there after a crash.
/// async fn a_start_survives(stores: &dyn ProviderFactory) {
///     let driver = Driver::new(stores).await;
///     let order = driver.start("order").await;
///     let driver = driver.reopen().await;
///     let found = driver.store.status(&order).await;
///     assert!(found.is_ok_and(|status| status.is_some()));
/// }
/// ```
#[derive(Debug)]
pub struct Driver<'f> {
    factory: &'f dyn ProviderFactory,
    /// The store, for calls that are expected to fail.
    pub store: ProviderRef,
}

impl<'f> Driver<'f> {
    /// An empty store.
    pub async fn new(factory: &'f dyn ProviderFactory) -> Self {
        Self {
            factory,
            store: factory.create().await,
        }
    }

    /// The store after a crash.
    pub async fn reopen(self) -> Self {
        Self {
            factory: self.factory,
            store: self.factory.reopen(self.store).await,
        }
    }

    /// The store with damaged messages in an inbox; `None` if the factory cannot do that.
    pub async fn corrupt_messages(self, instance: &InstanceId) -> Option<Self> {
        let store = self.factory.corrupt_messages(self.store, instance).await?;
        Some(Self {
            factory: self.factory,
            store,
        })
    }

    /// The store with a damaged event in the first execution; `None` if the factory cannot do that.
    pub async fn corrupt_event(self, instance: &InstanceId, event_id: EventId) -> Option<Self> {
        let first = ExecutionId::FIRST;
        let damaged = self
            .factory
            .corrupt_history(self.store, instance, first, event_id);
        let store = damaged.await?;
        Some(Self {
            factory: self.factory,
            store,
        })
    }

    /// Another handle, for a task of its own.
    pub fn share(&self) -> ProviderRef {
        Arc::clone(&self.store)
    }

    /// A lease whose end can be waited for.
    pub fn short(&self) -> Duration {
        self.factory.short_lease()
    }

    /// A moment `delay` from now, on the clock of timers.
    pub fn at(&self, delay: Duration) -> Timestamp {
        self.now().saturating_add(delay)
    }

    /// The clock of timers.
    pub fn now(&self) -> Timestamp {
        self.factory.now()
    }

    /// Waits for a parked call, but not for ever.
    pub async fn patiently<T>(&self, parked: impl Future<Output = T>) -> T {
        let patience = self.factory.patience();
        let Ok(done) = tokio::time::timeout(patience, parked).await else {
            panic!("the call is still parked after {patience:?}: a wake-up was lost");
        };
        done
    }

    /// Starts an instance of the orchestration `orders` with the input `"in"`.
    pub async fn start(&self, id: &str) -> InstanceId {
        let id = InstanceId::new(id).unwrap();
        let outcome = self.store.start(&id, first_start("orders", "in")).await;
        assert_eq!(outcome.unwrap(), StartOutcome::Created);
        id
    }

    /// Starts an instance and commits its first turn.
    pub async fn begin(&self, id: &str, script: impl FnOnce(Turn) -> Turn) -> InstanceId {
        let id = self.start(id).await;
        self.turn_of(&id, script).await;
        id
    }

    /// Starts an instance, lets its first turn schedule one activity, and fetches that.
    pub async fn begin_activity(&self, id: &str) -> ActivityItem {
        self.begin(id, |turn| turn.schedule("charge", "42")).await;
        self.activity().await
    }

    /// The next turn, under a long lease.
    pub async fn fetch(&self) -> TurnItem {
        self.fetch_for(LONG).await
    }

    /// The next turn, under this lease.
    pub async fn fetch_for(&self, lease: Duration) -> TurnItem {
        only(self.fetch_up_to(1, lease).await)
    }

    /// As many turns as there are, up to `max`.
    pub async fn fetch_up_to(&self, max: usize, lease: Duration) -> Vec<TurnItem> {
        self.patiently(self.store.fetch_turns(TurnFetch::new(max, lease)))
            .await
            .unwrap()
    }

    /// Commits; the turn must be new.
    pub async fn commit(&self, item: &TurnItem, turn: Turn) {
        let committed = self.store.commit_turn(&item.lock, turn.commit).await;
        assert_eq!(committed.unwrap(), Committed::Applied);
    }

    /// Fetches the next turn, whosever it is, and commits it.
    pub async fn turn(&self, script: impl FnOnce(Turn) -> Turn) -> TurnItem {
        let item = self.fetch().await;
        self.commit(&item, script(Turn::of(&item))).await;
        item
    }

    /// Fetches the next turn of this instance and commits it. Others stay as they were.
    pub async fn turn_of(&self, id: &InstanceId, script: impl FnOnce(Turn) -> Turn) -> TurnItem {
        let item = self.fetch_turn_of(id).await;
        self.commit(&item, script(Turn::of(&item))).await;
        item
    }

    /// Sends an event to this instance, and commits the turn that has it. Others stay as they were.
    pub async fn poke(&self, id: &InstanceId, script: impl FnOnce(Turn) -> Turn) -> TurnItem {
        let message = Message::ExternalEvent {
            name: "poke".to_owned(),
            data: String::new(),
        };
        let sent = self.store.enqueue(id, unique(), message).await;
        assert_eq!(sent.unwrap(), Enqueued::Accepted);
        self.turn_of(id, script).await
    }

    /// Locks the next turn of this instance. Others stay as they were.
    pub async fn fetch_turn_of(&self, id: &InstanceId) -> TurnItem {
        let mut others = Vec::new();
        let found = loop {
            let item = self.fetch().await;
            if item.lock.instance == *id {
                break item;
            }
            others.push(item);
        };
        for other in others {
            let given_back = self
                .store
                .abandon_turn(&other.lock, Duration::ZERO, true)
                .await;
            given_back.unwrap();
        }
        found
    }

    /// Gives a turn back at once, counting the attempt.
    pub async fn abandon(&self, item: &TurnItem) {
        let given_back = self
            .store
            .abandon_turn(&item.lock, Duration::ZERO, false)
            .await;
        given_back.unwrap();
    }

    /// The next activity, under a long lease.
    pub async fn activity(&self) -> ActivityItem {
        self.activity_for(LONG).await
    }

    /// The next activity, under this lease.
    pub async fn activity_for(&self, lease: Duration) -> ActivityItem {
        only(self.activities_up_to(1, lease).await)
    }

    /// As many activities as there are, up to `max`.
    pub async fn activities_up_to(&self, max: usize, lease: Duration) -> Vec<ActivityItem> {
        self.patiently(self.store.fetch_activities(ActivityFetch::new(max, lease)))
            .await
            .unwrap()
    }

    /// Completes an activity well.
    pub async fn complete(&self, item: &ActivityItem, result: &str) {
        let completed = self
            .store
            .complete_activity(&item.lock, Ok(result.to_owned()));
        completed.await.unwrap();
    }

    /// The history of the first execution.
    pub async fn history(&self, id: &InstanceId) -> Vec<Event> {
        self.history_of(id, ExecutionId::FIRST).await
    }

    /// The history of an execution.
    pub async fn history_of(&self, id: &InstanceId, execution_id: ExecutionId) -> Vec<Event> {
        let page = self
            .store
            .read(id, execution_id, EventId::NONE, ALL)
            .await
            .unwrap();
        assert!(!page.more, "{ALL} events are not enough");
        page.events
    }

    /// Where an instance stands.
    pub async fn status(&self, id: &InstanceId) -> InstanceStatus {
        self.store
            .status(id)
            .await
            .unwrap()
            .expect("the instance exists")
    }
}
