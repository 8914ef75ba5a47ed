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
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::storage::redb::RedbProvider;
/// use duroxide::{Client, ProviderRef};
///
/// let store: ProviderRef = Arc::new(RedbProvider::in_memory()?);
/// let (here, there) = (Client::new(Arc::clone(&store)), Client::new(store)); // of one store
/// # drop((here, there));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    ///
    /// ```
    /// use duroxide::provider::Provider;
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// let store = RedbProvider::in_memory()?;
    /// assert_eq!(store.describe(), "redb in memory: gone with its last handle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn describe(&self) -> String;

    /// Creates the instance and puts `start` into its inbox, unless there is an instance with that
    /// id. From the moment it is acknowledged the instance exists and messages for it are kept.
    ///
    /// An example stands at [`Provider`].
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
    /// An example stands at [`Enqueued`].
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
    ///
    /// An example stands at [`TurnItem`].
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
    /// A turn that does nothing but take its message away; [`TurnCommit`] has one that ends an instance:
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::history::{InstanceId, Start};
    /// use duroxide::provider::{Committed, Provider, TurnCommit, TurnFetch};
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let store = RedbProvider::in_memory()?;
    /// store.start(&InstanceId::new("order-42")?, Start::first("fulfil_order", "null", 7)).await?;
    /// for item in store.fetch_turns(TurnFetch::new(1, Duration::from_secs(30))).await? {
    ///     let consumed = item.messages.iter().map(|message| message.id).collect();
    ///     let turn = TurnCommit::new(99, item.execution_id, consumed);
    ///     assert_eq!(store.commit_turn(&item.lock, turn).await?, Committed::Applied);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::provider::{Provider, ProviderError, TurnItem};
    ///
    /// /// What a worker does that does not know the orchestration: another one may.
    /// async fn pass_on(store: &dyn Provider, item: &TurnItem) -> Result<(), ProviderError> {
    ///     store.abandon_turn(&item.lock, Duration::from_secs(1), false).await
    /// }
    /// ```
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
    /// An example stands at [`TurnLock`].
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
    ///
    /// An example stands at [`complete_activity`](Self::complete_activity).
    async fn fetch_activities(
        &self,
        fetch: ActivityFetch,
    ) -> Result<Vec<ActivityItem>, ProviderError>;

    /// Removes the activity from the queue and puts its completion into the instance's inbox.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::provider::{ActivityFetch, Provider, ProviderError};
    ///
    /// /// What a worker does, for activities that give back what they are given.
    /// async fn work(store: &dyn Provider) -> Result<(), ProviderError> {
    ///     for item in store.fetch_activities(ActivityFetch::new(8, Duration::from_secs(30))).await? {
    ///         match item.request {
    ///             Ok(request) => store.complete_activity(&item.lock, Ok(request.input)).await?,
    ///             Err(_corrupt) => store.abandon_activity(&item.lock, Duration::from_secs(60), false).await?,
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
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
    /// An example stands at [`complete_activity`](Self::complete_activity).
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
    /// An example stands at [`ActivityLock`].
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
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::provider::{Provider, ProviderError};
    ///
    /// /// Keeps the sessions of a worker that are in use; gives back all of them when it goes.
    /// async fn keep(store: &dyn Provider, worker: &str, goes: bool) -> Result<usize, ProviderError> {
    ///     let owners = [worker.to_owned()];
    ///     if goes {
    ///         return store.release_sessions(&owners).await;
    ///     }
    ///     let (lease, idle) = (Duration::from_secs(30), Duration::from_secs(300));
    ///     store.renew_sessions(&owners, lease, idle).await
    /// }
    /// ```
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
    ///
    /// An example stands at [`renew_sessions`](Self::renew_sessions).
    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        let _ = owners;
        Ok(0)
    }

    /// Reads up to `max` events of an execution, from the event behind `after` on. Durable events
    /// only. Unknown instances and executions have no events.
    ///
    /// An example stands at [`HistoryPage`].
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
    ///
    /// An example stands at [`InstanceStatus`].
    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError>;

    /// Parks until the instance exists with a `change` above `seen`, or has ended: with `u64::MAX` for
    /// the end alone. Wakes on the change, without polling. To be dropped by whoever does not want to wait any longer.
    ///
    /// ```
    /// use duroxide::history::InstanceId;
    /// use duroxide::provider::{InstanceState, Provider, ProviderError};
    ///
    /// async fn end(store: &dyn Provider, id: &InstanceId) -> Result<InstanceState, ProviderError> {
    ///     Ok(store.wait(id, u64::MAX).await?.state) // changes on the way do not wake it
    /// }
    /// ```
    async fn wait(&self, instance: &InstanceId, seen: u64)
    -> Result<InstanceStatus, ProviderError>;

    /// The value that the instance keeps under a key, as far as that is durable.
    ///
    /// An example stands at [`kv_entries`](Self::kv_entries).
    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError>;

    /// All values that the instance keeps, in the order of their keys, as far as they are durable.
    ///
    /// ```
    /// use duroxide::history::{InstanceId, Start};
    /// use duroxide::provider::Provider;
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let store = RedbProvider::in_memory()?;
    /// let order = InstanceId::new("order-42")?;
    /// store.start(&order, Start::first("fulfil_order", "null", 7)).await?;
    /// assert!(store.kv_entries(&order).await?.is_empty()); // no turn has set any
    /// assert!(store.kv(&order, "address").await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn kv_entries(&self, instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError>;

    /// The management verbs, if this store has them.
    ///
    /// An example stands at [`ProviderAdmin`].
    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        None
    }
}
