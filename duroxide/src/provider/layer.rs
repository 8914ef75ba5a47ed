//! Stores in front of a store, which change some of its verbs and hand on the rest.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock,
};

type Answer<T> = Result<T, ProviderError>;

/// A [`Provider`] in front of another one. Each verb is that of the store [below](Self::below) unless
/// it is written anew, so a verb that the contract gets later is not forgotten.
///
/// What each verb owes its callers stands at [`Provider`], and holds for a layer too.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use async_trait::async_trait;
/// use duroxide::history::{InstanceId, Start};
/// use duroxide::provider::{Layer, Provider, ProviderError, ProviderRef, StartOutcome};
///
/// /// Counts the starts that it is asked for.
/// #[derive(Debug)]
/// struct Counting {
///     store: ProviderRef,
///     starts: AtomicUsize,
/// }
///
/// #[async_trait]
/// impl Layer for Counting {
///     fn below(&self) -> &dyn Provider {
///         &*self.store
///     }
///
///     async fn start(&self, instance: &InstanceId, start: Start) -> Result<StartOutcome, ProviderError> {
///         self.starts.fetch_add(1, Ordering::Relaxed);
///         self.below().start(instance, start).await
///     }
/// }
/// ```
#[async_trait]
pub trait Layer: fmt::Debug + Send + Sync + 'static {
    /// The store that this one stands in front of.
    fn below(&self) -> &dyn Provider;

    /// As [`Provider::describe`].
    fn describe(&self) -> String {
        self.below().describe()
    }

    /// As [`Provider::start`].
    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        self.below().start(instance, start).await
    }

    /// As [`Provider::enqueue`].
    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        self.below().enqueue(instance, message_id, message).await
    }

    /// As [`Provider::fetch_turns`].
    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        self.below().fetch_turns(fetch).await
    }

    /// As [`Provider::commit_turn`].
    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        self.below().commit_turn(lock, turn).await
    }

    /// As [`Provider::abandon_turn`].
    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Answer<()> {
        self.below().abandon_turn(lock, delay, forget_attempt).await
    }

    /// As [`Provider::renew_turn`].
    async fn renew_turn(&self, lock: &TurnLock, lock_timeout: Duration) -> Answer<()> {
        self.below().renew_turn(lock, lock_timeout).await
    }

    /// As [`Provider::fetch_activities`].
    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        self.below().fetch_activities(fetch).await
    }

    /// As [`Provider::complete_activity`].
    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        self.below().complete_activity(lock, result).await
    }

    /// As [`Provider::abandon_activity`].
    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Answer<()> {
        self.below()
            .abandon_activity(lock, delay, forget_attempt)
            .await
    }

    /// As [`Provider::renew_activity`].
    async fn renew_activity(&self, lock: &ActivityLock, lock_timeout: Duration) -> Answer<()> {
        self.below().renew_activity(lock, lock_timeout).await
    }

    /// As [`Provider::renew_sessions`].
    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        self.below()
            .renew_sessions(owners, lock_timeout, idle_timeout)
            .await
    }

    /// As [`Provider::release_sessions`].
    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        self.below().release_sessions(owners).await
    }

    /// As [`Provider::read`].
    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        self.below().read(instance, execution_id, after, max).await
    }

    /// As [`Provider::status`].
    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        self.below().status(instance).await
    }

    /// As [`Provider::wait`].
    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        self.below().wait(instance, seen).await
    }

    /// As [`Provider::kv`].
    async fn kv(&self, instance: &InstanceId, key: &str) -> Answer<Option<KvEntry>> {
        self.below().kv(instance, key).await
    }

    /// As [`Provider::kv_entries`].
    async fn kv_entries(&self, instance: &InstanceId) -> Answer<Vec<KvEntry>> {
        self.below().kv_entries(instance).await
    }

    /// As [`Provider::admin`].
    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        self.below().admin()
    }
}

#[async_trait]
impl<L: Layer> Provider for L {
    fn describe(&self) -> String {
        Layer::describe(self)
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        Layer::start(self, instance, start).await
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        Layer::enqueue(self, instance, message_id, message).await
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        Layer::fetch_turns(self, fetch).await
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        Layer::commit_turn(self, lock, turn).await
    }

    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Answer<()> {
        Layer::abandon_turn(self, lock, delay, forget_attempt).await
    }

    async fn renew_turn(&self, lock: &TurnLock, lock_timeout: Duration) -> Answer<()> {
        Layer::renew_turn(self, lock, lock_timeout).await
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        Layer::fetch_activities(self, fetch).await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        Layer::complete_activity(self, lock, result).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Answer<()> {
        Layer::abandon_activity(self, lock, delay, forget_attempt).await
    }

    async fn renew_activity(&self, lock: &ActivityLock, lock_timeout: Duration) -> Answer<()> {
        Layer::renew_activity(self, lock, lock_timeout).await
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        Layer::renew_sessions(self, owners, lock_timeout, idle_timeout).await
    }

    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        Layer::release_sessions(self, owners).await
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        Layer::read(self, instance, execution_id, after, max).await
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        Layer::status(self, instance).await
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        Layer::wait(self, instance, seen).await
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Answer<Option<KvEntry>> {
        Layer::kv(self, instance, key).await
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Answer<Vec<KvEntry>> {
        Layer::kv_entries(self, instance).await
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        Layer::admin(self)
    }
}
