//! A store whose calls are counted and timed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::env::EnvRef;
use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch,
    TurnItem, TurnLock,
};
use crate::runtime::metering::Meters;
use crate::telemetry::metric;

type Answer<T> = Result<T, ProviderError>;

/// Hands everything on.
#[derive(Debug)]
pub(in crate::runtime) struct Metered {
    store: ProviderRef,
    env: EnvRef,
    meters: Arc<Meters>,
}

impl Metered {
    pub(in crate::runtime) fn new(store: ProviderRef, env: EnvRef, meters: Arc<Meters>) -> Self {
        Self { store, env, meters }
    }

    async fn timed<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let begun = self.env.elapsed();
        let answer = call.await;
        let took = self.env.elapsed().saturating_sub(begun);
        let status = match &answer {
            Ok(_) => "success",
            Err(ProviderError::LockLost) => "lock_lost",
            Err(_) => "error",
        };
        metrics::histogram!(
            metric::PROVIDER_OPERATION_DURATION,
            "operation" => operation,
            "status" => status
        )
        .record(took.as_secs_f64());
        self.counted(operation, answer)
    }

    /// For calls that park: how long they take says nothing about the store.
    fn counted<T>(&self, operation: &'static str, answer: Answer<T>) -> Answer<T> {
        let error_type = match &answer {
            Ok(_) | Err(ProviderError::LockLost | ProviderError::Closed) => return answer,
            Err(ProviderError::Unavailable { .. }) => "unavailable",
            Err(ProviderError::Corrupt { .. }) => "corrupt",
            Err(ProviderError::Refused(_)) => "refused",
            Err(ProviderError::InstanceNotFound) => "other",
        };
        self.meters.provider_errors.one();
        metrics::counter!(
            metric::PROVIDER_ERRORS,
            "operation" => operation,
            "error_type" => error_type
        )
        .increment(1);
        answer
    }
}

#[async_trait]
impl Provider for Metered {
    fn describe(&self) -> String {
        self.store.describe()
    }
    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        self.store.admin()
    }
    async fn start(&self, id: &InstanceId, start: Start) -> Answer<StartOutcome> {
        self.timed("start", self.store.start(id, start)).await
    }
    async fn enqueue(&self, id: &InstanceId, number: u128, message: Message) -> Answer<Enqueued> {
        let call = self.store.enqueue(id, number, message);
        self.timed("enqueue", call).await
    }
    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        self.counted("fetch_turns", self.store.fetch_turns(fetch).await)
    }
    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        let call = self.store.commit_turn(lock, turn);
        self.timed("commit_turn", call).await
    }
    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        let call = self.store.abandon_turn(lock, delay, forget);
        self.timed("abandon_turn", call).await
    }
    async fn renew_turn(&self, lock: &TurnLock, lease: Duration) -> Answer<()> {
        let call = self.store.renew_turn(lock, lease);
        self.timed("renew_turn", call).await
    }
    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        self.counted("fetch_activities", self.store.fetch_activities(fetch).await)
    }
    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        let call = self.store.complete_activity(lock, result);
        self.timed("complete_activity", call).await
    }
    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        let call = self.store.abandon_activity(lock, delay, forget);
        self.timed("abandon_activity", call).await
    }
    async fn renew_activity(&self, lock: &ActivityLock, lease: Duration) -> Answer<()> {
        let call = self.store.renew_activity(lock, lease);
        self.timed("renew_activity", call).await
    }
    async fn renew_sessions(
        &self,
        owners: &[String],
        lease: Duration,
        idle: Duration,
    ) -> Answer<usize> {
        let call = self.store.renew_sessions(owners, lease, idle);
        self.timed("renew_sessions", call).await
    }
    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        let call = self.store.release_sessions(owners);
        self.timed("release_sessions", call).await
    }
    async fn read(
        &self,
        id: &InstanceId,
        execution: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        let call = self.store.read(id, execution, after, max);
        self.timed("read", call).await
    }
    async fn status(&self, id: &InstanceId) -> Answer<Option<InstanceStatus>> {
        self.timed("status", self.store.status(id)).await
    }
    async fn wait(&self, id: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        self.counted("wait", self.store.wait(id, seen).await)
    }
    async fn kv(&self, id: &InstanceId, key: &str) -> Answer<Option<KvEntry>> {
        self.timed("kv", self.store.kv(id, key)).await
    }
    async fn kv_entries(&self, id: &InstanceId) -> Answer<Vec<KvEntry>> {
        self.timed("kv_entries", self.store.kv_entries(id)).await
    }
}
