//! A store that counts the operations that change it. Hands everything on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock,
};
use duroxide::storage::redb::RedbProvider;

/// How many calls that change the store there were.
#[derive(Debug, Default)]
pub(crate) struct Operations(AtomicU64);

impl Operations {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a call when it is made: a client may see what it does before the call is back. One that
    /// fails is taken out again.
    async fn note<T>(&self, call: impl Future<Output = Done<T>> + Send) -> Done<T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let outcome = call.await;
        if outcome.is_err() {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        outcome
    }
}

#[derive(Debug)]
pub(crate) struct Counted {
    store: RedbProvider,
    operations: Arc<Operations>,
}

impl Counted {
    pub(crate) fn new(store: RedbProvider, operations: Arc<Operations>) -> Self {
        Self { store, operations }
    }
}

type Done<T> = Result<T, ProviderError>;

#[async_trait]
impl Provider for Counted {
    fn describe(&self) -> String {
        self.store.describe()
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Done<StartOutcome> {
        self.operations
            .note(self.store.start(instance, start))
            .await
    }

    async fn enqueue(&self, instance: &InstanceId, id: u128, message: Message) -> Done<Enqueued> {
        self.operations
            .note(self.store.enqueue(instance, id, message))
            .await
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Done<Committed> {
        self.operations
            .note(self.store.commit_turn(lock, turn))
            .await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Done<()> {
        self.operations
            .note(self.store.complete_activity(lock, result))
            .await
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Done<Vec<TurnItem>> {
        self.store.fetch_turns(fetch).await
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Done<()> {
        self.store.abandon_turn(lock, delay, forget).await
    }

    async fn renew_turn(&self, lock: &TurnLock, lease: Duration) -> Done<()> {
        self.store.renew_turn(lock, lease).await
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Done<Vec<ActivityItem>> {
        self.store.fetch_activities(fetch).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Done<()> {
        self.store.abandon_activity(lock, delay, forget).await
    }

    async fn renew_activity(&self, lock: &ActivityLock, lease: Duration) -> Done<()> {
        self.store.renew_activity(lock, lease).await
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lease: Duration,
        idle: Duration,
    ) -> Done<usize> {
        self.store.renew_sessions(owners, lease, idle).await
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Done<HistoryPage> {
        self.store.read(instance, execution, after, max).await
    }

    async fn status(&self, instance: &InstanceId) -> Done<Option<InstanceStatus>> {
        self.store.status(instance).await
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Done<InstanceStatus> {
        self.store.wait(instance, seen).await
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Done<Option<KvEntry>> {
        self.store.kv(instance, key).await
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Done<Vec<KvEntry>> {
        self.store.kv_entries(instance).await
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        self.store.admin()
    }
}
