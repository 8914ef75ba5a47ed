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

use super::state::{Moment, State};
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
        self.transact(|state, moment| state.start(moment, instance, start))
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        self.transact(|state, _| state.enqueue(instance, message_id, message))
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
        self.transact(|state, moment| state.commit_turn(moment, lock, turn))
    }

    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.transact(|state, moment| state.abandon_turn(moment, lock, delay, forget_attempt))
    }

    async fn renew_turn(
        &self,
        lock: &TurnLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        self.transact(|state, moment| state.renew_turn(moment, lock, lock_timeout))
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
        self.transact(|state, moment| state.complete_activity(moment, lock, result))
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        self.transact(|state, moment| state.abandon_activity(moment, lock, delay, forget_attempt))
    }

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        self.transact(|state, moment| state.renew_activity(moment, lock, lock_timeout))
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
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Result<usize, ProviderError> {
        let renew = |state: &mut State, moment: &Moment<'_>| {
            Ok(state.renew_sessions(moment, owners, lock_timeout, idle_timeout))
        };
        self.transact(renew)
    }

    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        self.transact(|state, moment| Ok(state.release_sessions(moment, owners)))
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        Ok(self.lock().kv(instance, key))
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        Ok(self.lock().kv_entries(instance))
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        Some(self)
    }
}

#[async_trait]
impl ProviderAdmin for ModelProvider {
    async fn list_instances(
        &self,
        filter: &InstanceQuery,
        after: Option<&InstanceId>,
        max: usize,
    ) -> Result<Vec<InstanceStatus>, ProviderError> {
        Ok(self.lock().list(filter, after, max))
    }

    async fn executions(
        &self,
        instance: &InstanceId,
    ) -> Result<Vec<ExecutionSummary>, ProviderError> {
        self.lock().executions(instance)
    }

    async fn children(&self, instance: &InstanceId) -> Result<Vec<InstanceId>, ProviderError> {
        Ok(self.lock().children(instance))
    }

    async fn delete(
        &self,
        instances: &[InstanceId],
        force: bool,
    ) -> Result<Deleted, ProviderError> {
        self.transact(|state, _| state.delete(instances, force))
    }

    async fn prune(
        &self,
        instance: &InstanceId,
        keep_last: Option<u32>,
        ended_before: Option<Timestamp>,
    ) -> Result<Deleted, ProviderError> {
        self.transact(|state, _| Ok(state.prune(instance, keep_last, ended_before)))
    }

    async fn totals(&self) -> Result<Totals, ProviderError> {
        Ok(self.lock().totals())
    }

    async fn queue_depths(&self) -> Result<QueueDepths, ProviderError> {
        // Not just a look: what falls due in it is not in the queue of timers any more.
        Ok(self.write(|state, _| state.queue_depths()))
    }

    async fn stats(&self, instance: &InstanceId) -> Result<Option<SystemStats>, ProviderError> {
        self.lock().stats(instance)
    }
}
