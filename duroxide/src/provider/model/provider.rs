//! The verbs of the contract, each as one transaction.

use std::time::Duration;

use async_trait::async_trait;

use crate::history::{
    ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start, SystemStats,
};
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Deleted, Enqueued, ExecutionSummary,
    HistoryPage, InstanceQuery, InstanceStatus, Provider, ProviderAdmin, ProviderError,
    QueueDepths, StartOutcome, Totals, TurnCommit, TurnFetch, TurnItem, TurnLock,
};
use crate::time::Timestamp;

use super::{Look, ModelProvider};

#[async_trait]
impl Provider for ModelProvider {
    fn describe(&self) -> String {
        "model (in memory, nothing is durable)".to_owned()
    }

    async fn start(
        &self,
        instance: &InstanceId,
        start: Start,
    ) -> Result<StartOutcome, ProviderError> {
        self.write(|state, moment| state.start(moment, instance, start))
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        self.write(|state, _| state.enqueue(instance, message_id, message))
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError> {
        let look = self.park(|state, moment| state.fetch_turns(moment, &fetch));
        Ok(look.await)
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        self.write(|state, _| state.commit_turn(lock, turn))
    }

    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.write(|state, moment| state.abandon_turn(moment, lock, delay, forget_attempt))
    }

    async fn renew_turn(
        &self,
        lock: &TurnLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        self.write(|state, moment| state.renew_turn(moment, lock, lock_timeout))
    }

    async fn fetch_activities(
        &self,
        fetch: ActivityFetch,
    ) -> Result<Vec<ActivityItem>, ProviderError> {
        let look = self.park(|state, moment| state.fetch_activities(moment, &fetch));
        Ok(look.await)
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        self.write(|state, _| state.complete_activity(lock, result))
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.write(|state, moment| state.abandon_activity(moment, lock, delay, forget_attempt))
    }

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        self.write(|state, moment| state.renew_activity(moment, lock, lock_timeout))
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        self.lock().read(instance, execution_id, after, max)
    }

    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        Ok(self.lock().status(instance))
    }

    async fn wait(
        &self,
        instance: &InstanceId,
        seen: u64,
    ) -> Result<InstanceStatus, ProviderError> {
        let look = self.park(|state, _| {
            let status = state.status(instance);
            let news = status.filter(|now| now.change > seen || now.state.is_terminal());
            news.map_or(Look::NothingFor(None), Look::Found)
        });
        Ok(look.await)
    }

    async fn renew_sessions(
        &self,
        _owners: &[String],
        _lock_timeout: Duration,
        _idle_timeout: Duration,
    ) -> Result<usize, ProviderError> {
        Ok(0)
    }

    async fn kv(
        &self,
        _instance: &InstanceId,
        _key: &str,
    ) -> Result<Option<KvEntry>, ProviderError> {
        Ok(None)
    }

    async fn kv_entries(&self, _instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        Ok(Vec::new())
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        Some(self)
    }
}

#[async_trait]
impl ProviderAdmin for ModelProvider {
    async fn list_instances(
        &self,
        _filter: &InstanceQuery,
        after: Option<&InstanceId>,
        max: usize,
    ) -> Result<Vec<InstanceStatus>, ProviderError> {
        Ok(self.lock().list(after, max))
    }

    async fn executions(&self, _: &InstanceId) -> Result<Vec<ExecutionSummary>, ProviderError> {
        Err(missing())
    }

    async fn children(&self, _: &InstanceId) -> Result<Vec<InstanceId>, ProviderError> {
        Err(missing())
    }

    async fn delete(&self, _: &[InstanceId], _: bool) -> Result<Deleted, ProviderError> {
        Err(missing())
    }

    async fn prune(
        &self,
        _: &InstanceId,
        _: Option<u32>,
        _: Option<Timestamp>,
    ) -> Result<Deleted, ProviderError> {
        Err(missing())
    }

    async fn totals(&self) -> Result<Totals, ProviderError> {
        Err(missing())
    }

    async fn queue_depths(&self) -> Result<QueueDepths, ProviderError> {
        Err(missing())
    }

    async fn stats(&self, _: &InstanceId) -> Result<Option<SystemStats>, ProviderError> {
        Err(missing())
    }
}

fn missing() -> ProviderError {
    ProviderError::Refused("this store does not have this verb yet".to_owned())
}
