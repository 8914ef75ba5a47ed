//! A store around any other that tells what was written: each event of a history, when it is on disk.
//! A dashboard or an audit log can listen, and reads nothing twice.

use std::time::Duration;

use async_trait::async_trait;
use duroxide::Event;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch,
    TurnItem, TurnLock,
};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// An event that is on disk.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) instance: InstanceId,
    pub(crate) execution: ExecutionId,
    pub(crate) event: Event,
}

/// Adds the feed to a store. All verbs go through as they are; one of them is listened to.
#[derive(Debug)]
pub(crate) struct Feed {
    store: ProviderRef,
    listeners: Sender<Written>,
}

impl Feed {
    pub(crate) fn of(store: ProviderRef) -> Self {
        let (listeners, _) = channel(10_000);
        Self { store, listeners }
    }

    /// What is written from now on. The feed ends with the store. The events of one turn come in their
    /// order; two turns at the same moment in any. A listener that is too slow is told how many
    /// events it missed, and finds them in the histories.
    pub(crate) fn listen(&self) -> Receiver<Written> {
        self.listeners.subscribe()
    }
}

#[async_trait]
impl Provider for Feed {
    fn describe(&self) -> String {
        format!("{}, with a feed", self.store.describe())
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        let (execution, events) = (turn.execution_id, turn.history_delta.clone());
        // Only what is written is told: after `Ok`, and not after an outcome that nobody knows. The
        // runtime makes such a call again, and gets `AlreadyApplied` if it was: told then, and once.
        let committed = self.store.commit_turn(lock, turn).await?;
        for event in events {
            let instance = lock.instance.clone();
            // An error says that nobody listens.
            let _ = self.listeners.send(Written {
                instance,
                execution,
                event,
            });
        }
        Ok(committed)
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

    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.store.abandon_turn(lock, delay, forget_attempt).await
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
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.store
            .abandon_activity(lock, delay, forget_attempt)
            .await
    }

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lease: Duration,
    ) -> Result<(), ProviderError> {
        self.store.renew_activity(lock, lease).await
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
        instance: &InstanceId,
        execution: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        self.store.read(instance, execution, after, max).await
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
