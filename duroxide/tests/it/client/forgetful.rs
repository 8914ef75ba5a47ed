//! A store that does what it is told and then loses its answer, so many times in a row.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch,
    TurnItem, TurnLock,
};

/// Loses the first answers to starts, events, waits and reads of values.
#[derive(Debug)]
pub(super) struct Forgetful {
    store: ProviderRef,
    left: AtomicU32,
}

impl Forgetful {
    pub(super) fn new(store: ProviderRef, losses: u32) -> Self {
        let left = AtomicU32::new(losses);
        Self { store, left }
    }

    fn lose<T>(&self, answer: Result<T, ProviderError>) -> Result<T, ProviderError> {
        let one_less = |left: u32| left.checked_sub(1);
        let lost = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        match lost {
            Ok(_) => Err(ProviderError::Unavailable {
                operation: "answer",
                source: "lost on purpose".into(),
            }),
            Err(_) => answer,
        }
    }
}

#[async_trait]
impl Provider for Forgetful {
    fn describe(&self) -> String {
        format!("forgetful {}", self.store.describe())
    }
    async fn start(&self, id: &InstanceId, start: Start) -> Result<StartOutcome, ProviderError> {
        self.lose(self.store.start(id, start).await)
    }
    async fn enqueue(
        &self,
        id: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        self.lose(self.store.enqueue(id, message_id, message).await)
    }
    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError> {
        self.store.fetch_turns(fetch).await
    }
    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        self.store.commit_turn(lock, turn).await
    }
    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget: bool,
    ) -> Result<(), ProviderError> {
        self.store.abandon_turn(lock, delay, forget).await
    }
    async fn renew_turn(&self, lock: &TurnLock, lease: Duration) -> Result<(), ProviderError> {
        self.store.renew_turn(lock, lease).await
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
        self.store.complete_activity(lock, result).await
    }
    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Result<(), ProviderError> {
        self.store.abandon_activity(lock, delay, forget).await
    }
    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lease: Duration,
    ) -> Result<(), ProviderError> {
        self.store.renew_activity(lock, lease).await
    }
    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        self.store.release_sessions(owners).await
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lease: Duration,
        idle: Duration,
    ) -> Result<usize, ProviderError> {
        self.store.renew_sessions(owners, lease, idle).await
    }
    async fn read(
        &self,
        id: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        self.store.read(id, execution_id, after, max).await
    }
    async fn status(&self, id: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        self.store.status(id).await
    }
    async fn wait(&self, id: &InstanceId, seen: u64) -> Result<InstanceStatus, ProviderError> {
        let answer = self.store.wait(id, seen).await;
        self.lose(answer)
    }
    async fn kv(&self, id: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        let answer = self.store.kv(id, key).await;
        self.lose(answer)
    }
    async fn kv_entries(&self, id: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        self.store.kv_entries(id).await
    }
    /// Like a store that has no management verbs.
    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        None
    }
}
