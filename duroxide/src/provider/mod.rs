//! The storage contract: what the runtime and the client ask of a store, and what whoever
//! implements one owes them. The how-to is `docs/provider-guide.md`. The feature `provider-test` adds
//! two modules: `conformance` is the contract as tests, `model` the shortest program that passes
//! them.
//!
//! Storage is told what to commit, never what it means. Must not know: the engine, the runtime.

mod admin;
mod check;
mod derived;
mod error;
mod fetch;
mod layer;
mod nowhere;
mod tags;
mod work;

#[cfg(feature = "provider-test")]
pub mod conformance;
#[cfg(any(feature = "provider-test", feature = "testing"))]
pub mod model;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};

pub use admin::{
    Deleted, ExecutionState, ExecutionSummary, InstanceQuery, ProviderAdmin, QueueDepths,
    StateQuery, Totals,
};
pub use check::{CommitBase, check_event, check_start};
pub use derived::{deletion_notice, unread_messages};
pub use error::ProviderError;
pub use fetch::{ActivityFetch, SessionFetch, TurnFetch};
pub use layer::Layer;
pub(crate) use nowhere::Nowhere;
pub use tags::TagFilter;
pub use work::{
    ActivityItem, ActivityLock, ActivityRequest, ChildStart, Committed, Enqueued, HistoryPage,
    InboxMessage, InstanceState, InstanceStatus, KvChange, MessageId, StartOutcome, Timer,
    TurnCommit, TurnItem, TurnLock, TurnOutcome,
};

/// A shared store.
pub type ProviderRef = Arc<dyn Provider>;

/// A durable store of histories, inboxes, queued activities and timers.
///
/// Duties that hold for every verb:
///
/// * A mutating call is one atomic transaction: when it returns `Ok`, its effect is durable; on
///   [`LockLost`](ProviderError::LockLost) or [`Refused`](ProviderError::Refused) it had none; on
///   [`Unavailable`](ProviderError::Unavailable) its effect is *unknown* and the same call may be
///   made again. Dropping the future of a call has the same meaning as `Unavailable`.
/// * The store's own clock decides leases and due times; safety rests on the epoch of a lock, which
///   is strictly larger with every grant, over restarts too.
/// * Rows that cannot be decoded concern their instance only: they are handed out as errors, never
///   skipped, and never block a queue.
/// * Ids of events and executions are the caller's: a store never invents one.
///
/// Programs talk to a store through a [`Client`](crate::Client) and a [`Runtime`](crate::Runtime); this is what these two do:
///
/// ```
/// use duroxide::history::{InstanceId, Start};
/// use duroxide::provider::{Provider, StartOutcome};
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = RedbProvider::in_memory()?;
/// let order = InstanceId::new("order-42")?;
/// let start = Start::first("fulfil_order", "null", 7);
/// assert!(matches!(store.start(&order, start.clone()).await?, StartOutcome::Created));
/// assert!(matches!(store.start(&order, start).await?, StartOutcome::Exists { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// What the start-up line of the runtime calls this store, durability included.
    fn describe(&self) -> String;

    /// Creates the instance and puts `start` into its inbox, unless there is an instance with that
    /// id. From the moment it is acknowledged the instance exists and messages for it are kept.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Refused`] for what [`check_start`] says.
    async fn start(
        &self,
        instance: &InstanceId,
        start: Start,
    ) -> Result<StartOutcome, ProviderError>;

    /// Puts an event into the inbox of an instance: running, waiting for its first turn, or ended (then
    /// it is handed out as such, and consumed without effect). Durable when it is acknowledged.
    ///
    /// Sending it again under the same `message_id` is [`Enqueued::Duplicate`] and one message, at
    /// least for as long as that is in the inbox; how long after that is the store's to document.
    ///
    /// # Errors
    ///
    /// [`ProviderError::InstanceNotFound`]: nothing was written, and nobody else is held up;
    /// [`ProviderError::Refused`] for a message that is no [event](Message::is_event).
    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError>;

    /// Locks up to [`max`](TurnFetch::max) instances that have visible messages and hands out all these messages;
    /// parks until there is at least one. At most one lock per instance is live.
    ///
    /// Events keep their order: none is handed out while a message before it is not visible, a start
    /// that is put off included.
    ///
    /// A message that arrives or falls due wakes a parked call at once. Each message handed out
    /// counts one attempt; a commit that consumes some of them takes back that of the others. A call that is dropped while parked has locked nothing.
    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError>;

    /// Commits a turn and gives back its lock: all of it, or nothing.
    ///
    /// In one transaction: check the lock; delete the consumed messages; append the events; queue
    /// activities and timers, *then* remove the cancelled ones; create the instances that it starts;
    /// deliver its messages to other instances; change status and values; set the outcome; forget
    /// executions. An instance whose id is taken is not started (see [`ChildStart::if_taken`]). A message
    /// for an instance that does not exist is dropped, and holds nobody up. Messages that are
    /// not consumed stay visible. The first event of an execution pins its version. An instance that continues as new gets its next execution and
    /// that execution's start; activities and timers of the old one that are not cancelled stay.
    ///
    /// The same `turn_id` as that of the instance's last commit gives
    /// [`Committed::AlreadyApplied`], whatever the lock.
    ///
    /// # Errors
    ///
    /// [`ProviderError::LockLost`] if the lock expired and was granted anew, or was given back;
    /// [`ProviderError::Refused`] if the delta does not follow the last event, names a message that
    /// the lock does not cover, or an execution that is not the current one, or if the commit does
    /// not agree with itself: [`TurnCommit::check`] is for all stores.
    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError>;

    /// Gives back the lock without a turn. The messages are visible again after `delay`.
    /// With `forget_attempt` this delivery is not counted.
    ///
    /// # Errors
    ///
    /// [`ProviderError::LockLost`]; messages of whoever holds the lock now are not touched.
    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError>;

    /// Lets the lease end `lock_timeout` from now, never earlier than it would have.
    ///
    /// # Errors
    ///
    /// [`ProviderError::LockLost`] if it has expired or was taken over.
    async fn renew_turn(
        &self,
        lock: &TurnLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError>;

    /// Locks up to [`max`](ActivityFetch::max) queued activities that the filter lets through, first
    /// in first out; parks until there is at least one. Only activities whose turn is durable are
    /// handed out. Each delivery counts one attempt.
    ///
    /// What belongs to a session goes to its owner only; a session without one is claimed in the same
    /// step (see [`SessionFetch`]). What the filter keeps back is not lost, and holds nobody up.
    async fn fetch_activities(
        &self,
        fetch: ActivityFetch,
    ) -> Result<Vec<ActivityItem>, ProviderError>;

    /// Removes the activity from the queue and puts its completion into the instance's inbox.
    ///
    /// # Errors
    ///
    /// [`ProviderError::LockLost`] if the lock was taken over, or the activity was cancelled,
    /// completed before, or deleted: the first committed completion wins.
    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError>;

    /// Puts the activity back into the queue, visible after `delay`.
    /// With `forget_attempt` this delivery is not counted.
    ///
    /// # Errors
    ///
    /// [`ProviderError::LockLost`], as for completing it.
    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError>;

    /// Lets the lease end `lock_timeout` from now, never earlier than it would have.
    ///
    /// # Errors
    ///
    /// [`ProviderError::LockLost`] if it has expired, or was taken over, or the activity was
    /// cancelled: this is how a worker learns of it.
    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError>;

    /// Lets the claims of these owners on sessions end `lock_timeout` from now, never earlier than
    /// they would have; gives how many were renewed. Claims that have run out are not revived. A
    /// session of which no activity was fetched, renewed or completed for `idle_timeout` is passed
    /// over, and so becomes free when its claim runs out.
    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Result<usize, ProviderError>;

    /// Gives back the claims of these owners on sessions; how many there were. Whoever waits for work
    /// of such a session may claim it at once. Activities that are out under a lock stay there.
    ///
    /// As it stands it gives back none: claims then run out by themselves, as after a crash.
    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        let _ = owners;
        Ok(0)
    }

    /// Reads up to `max` events of an execution, from the event behind `after` on. Durable events
    /// only. Unknown instances and executions have no events.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Corrupt`] for rows that cannot be decoded; they are never skipped.
    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError>;

    /// Where the instance stands, as far as that is durable; `None` if there is none.
    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError>;

    /// Parks until the instance exists with a `change` above `seen`, or has ended: with `u64::MAX` for
    /// the end alone. Wakes on the change, without polling. To be dropped by whoever does not want to wait any longer.
    async fn wait(&self, instance: &InstanceId, seen: u64)
    -> Result<InstanceStatus, ProviderError>;

    /// The value that the instance keeps under a key, as far as that is durable.
    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError>;

    /// All values that the instance keeps, in the order of their keys, as far as they are durable.
    async fn kv_entries(&self, instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError>;

    /// The management verbs, if this store has them.
    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        None
    }
}
