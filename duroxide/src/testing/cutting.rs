//! A store that counts what the program writes, and at one of the writes lets the program die.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::pending;
use tokio::sync::Notify;

use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::model::ModelProvider;
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock,
};

/// Where the program dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// At which write: 1, 2, ...
    pub(super) at: usize,
    /// Whether that write still takes place; its answer never comes back.
    pub(super) is_written: bool,
}

/// What the program does to its store.
#[derive(Debug, Default)]
pub(super) struct Writes {
    count: AtomicUsize,
    cut: Mutex<Option<Cut>>,
    died: Notify,
}

impl Writes {
    /// The program will die there.
    pub(super) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Completes when the program has come to its cut.
    pub(super) async fn died(&self) {
        self.died.notified().await;
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let cut = *self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cut) = cut.filter(|cut| cut.at == number) else {
            return write.await;
        };
        if cut.is_written {
            write.await;
        }
        self.died.notify_one();
        pending().await
    }
}

/// The store as the program sees it.
#[derive(Debug)]
pub(super) struct Cutting {
    pub(super) store: ModelProvider,
    pub(super) writes: Arc<Writes>,
}

#[async_trait]
impl Provider for Cutting {
    fn describe(&self) -> String {
        self.store.describe()
    }

    async fn start(
        &self,
        instance: &InstanceId,
        start: Start,
    ) -> Result<StartOutcome, ProviderError> {
        self.store.start(instance, start).await
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        self.store.enqueue(instance, message_id, message).await
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError> {
        self.store.fetch_turns(fetch).await
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        self.writes.write(self.store.commit_turn(lock, turn)).await
    }

    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.store.abandon_turn(lock, delay, forget_attempt).await
    }

    async fn renew_turn(
        &self,
        lock: &TurnLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        self.store.renew_turn(lock, lock_timeout).await
    }

    async fn fetch_activities(
        &self,
        fetch: ActivityFetch,
    ) -> Result<Vec<ActivityItem>, ProviderError> {
        self.store.fetch_activities(fetch).await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        let write = self.store.complete_activity(lock, result);
        self.writes.write(write).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        let abandoned = self.store.abandon_activity(lock, delay, forget_attempt);
        abandoned.await
    }

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        self.store.renew_activity(lock, lock_timeout).await
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Result<usize, ProviderError> {
        let renewed = self
            .store
            .renew_sessions(owners, lock_timeout, idle_timeout);
        renewed.await
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        self.store.read(instance, execution_id, after, max).await
    }

    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        self.store.status(instance).await
    }

    async fn wait(
        &self,
        instance: &InstanceId,
        seen: u64,
    ) -> Result<InstanceStatus, ProviderError> {
        self.store.wait(instance, seen).await
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        self.store.kv(instance, key).await
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        self.store.kv_entries(instance).await
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        self.store.admin()
    }
}
