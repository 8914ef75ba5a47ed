//! The contract, verb by verb: code what goes in, ask the store, decode what comes out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::history::{
    ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start, SystemStats,
};
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Deleted, Enqueued, ExecutionState,
    ExecutionSummary, HistoryPage, InstanceQuery, InstanceStatus, Provider, ProviderAdmin,
    ProviderError, QueueDepths, StartOutcome, Totals, TurnCommit, TurnFetch, TurnItem, TurnLock,
};
use crate::storage::coded::{CodedProvider, Coder, PayloadField, Way};
use crate::time::Timestamp;

impl CodedProvider {
    fn coder<'a>(&'a self, way: Way, instance: &'a InstanceId) -> Coder<'a> {
        Coder {
            codec: &*self.codec,
            way,
            instance,
        }
    }

    /// A status as callers see it. One that cannot be decoded is the store's trouble with one
    /// instance.
    fn shown(&self, mut status: InstanceStatus) -> Result<InstanceStatus, ProviderError> {
        let instance = status.instance.clone();
        let decoded = self.coder(Way::Out, &instance).shown(&mut status);
        decoded.map_err(|problem| {
            unreadable(&instance, status.execution_id, EventId::NONE, problem)
        })?;
        Ok(status)
    }

    fn value(&self, instance: &InstanceId, mut entry: KvEntry) -> Result<KvEntry, ProviderError> {
        let decoded = self.coder(Way::Out, instance).entry(&mut entry);
        let none = (ExecutionId::FIRST, EventId::NONE);
        decoded.map_err(|problem| unreadable(instance, none.0, none.1, problem))?;
        Ok(entry)
    }

    fn management(&self) -> Result<&dyn ProviderAdmin, ProviderError> {
        let missing = || ProviderError::Refused("the store has no management verbs".to_owned());
        self.store.admin().ok_or_else(missing)
    }
}

#[async_trait]
impl Provider for CodedProvider {
    fn describe(&self) -> String {
        format!("{}, payloads by {:?}", self.store.describe(), self.codec)
    }

    async fn start(
        &self,
        instance: &InstanceId,
        mut start: Start,
    ) -> Result<StartOutcome, ProviderError> {
        let coder = self.coder(Way::In, instance);
        coder.start(&mut start).map_err(ProviderError::Refused)?;
        Ok(match self.store.start(instance, start).await? {
            StartOutcome::Created => StartOutcome::Created,
            StartOutcome::Exists {
                status,
                same_request,
            } => StartOutcome::Exists {
                status: Box::new(self.shown(*status)?),
                same_request,
            },
        })
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        mut message: Message,
    ) -> Result<Enqueued, ProviderError> {
        let coder = self.coder(Way::In, instance);
        coder
            .message(&mut message)
            .map_err(ProviderError::Refused)?;
        self.store.enqueue(instance, message_id, message).await
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError> {
        let mut items = self.store.fetch_turns(fetch).await?;
        for item in &mut items {
            let coder = self.coder(Way::Out, &item.lock.instance);
            for inbox in &mut item.messages {
                let decoded = inbox.message.as_mut().map(|message| coder.message(message));
                if let Ok(Err(problem)) = decoded {
                    inbox.message = Err(problem);
                }
            }
        }
        Ok(items)
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        mut turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        let refused = ProviderError::Refused;
        let own = self.coder(Way::In, &lock.instance);
        own.commit(&mut turn).map_err(refused)?;
        for child in &mut turn.starts {
            if let Some(message) = &mut child.if_taken {
                own.message(message).map_err(refused)?;
            }
            let coder = self.coder(Way::In, &child.instance);
            coder.start(&mut child.start).map_err(refused)?;
        }
        for (instance, message) in &mut turn.messages {
            let coder = self.coder(Way::In, instance);
            coder.message(message).map_err(refused)?;
        }
        self.store.commit_turn(lock, turn).await
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
        let mut items = self.store.fetch_activities(fetch).await?;
        for item in &mut items {
            let coder = self.coder(Way::Out, &item.instance);
            let at = (Some(item.execution_id), Some(item.source));
            let request = item.request.as_mut();
            let decoded =
                request.map(|request| coder.text(&mut request.input, PayloadField::Input, at, ""));
            if let Ok(Err(problem)) = decoded {
                item.request = Err(problem);
            }
            self.running.note(item);
        }
        Ok(items)
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        mut result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        // What is not known here was taken over, or is done.
        let (instance, execution_id, source) =
            self.running.of(lock).ok_or(ProviderError::LockLost)?;
        let coder = self.coder(Way::In, &instance);
        let at = (Some(execution_id), Some(source));
        let sealed = match &mut result {
            Ok(result) => coder.text(result, PayloadField::Output, at, ""),
            Err(details) => coder.error(details, at),
        };
        sealed.map_err(ProviderError::Refused)?;
        let completed = self.store.complete_activity(lock, result).await;
        self.running.settle(lock, &completed);
        completed
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        let given_back = self.store.abandon_activity(lock, delay, forget_attempt);
        let given_back = given_back.await;
        self.running.settle(lock, &given_back);
        given_back
    }

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        let renewed = self.store.renew_activity(lock, lock_timeout).await;
        if renewed.is_err() {
            self.running.settle(lock, &renewed);
        }
        renewed
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

    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        self.store.release_sessions(owners).await
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        let mut page = self.store.read(instance, execution_id, after, max).await?;
        let coder = self.coder(Way::Out, instance);
        for event in &mut page.events {
            let decoded = coder.event(execution_id, event);
            decoded
                .map_err(|problem| unreadable(instance, execution_id, event.event_id, problem))?;
        }
        Ok(page)
    }

    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        let status = self.store.status(instance).await?;
        status.map(|status| self.shown(status)).transpose()
    }

    async fn wait(
        &self,
        instance: &InstanceId,
        seen: u64,
    ) -> Result<InstanceStatus, ProviderError> {
        self.shown(self.store.wait(instance, seen).await?)
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        let entry = self.store.kv(instance, key).await?;
        entry.map(|entry| self.value(instance, entry)).transpose()
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        let entries = self.store.kv_entries(instance).await?.into_iter();
        entries.map(|entry| self.value(instance, entry)).collect()
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        self.store.admin().is_some().then_some(self)
    }
}

#[async_trait]
impl ProviderAdmin for CodedProvider {
    async fn list_instances(
        &self,
        filter: &InstanceQuery,
        after: Option<&InstanceId>,
        max: usize,
    ) -> Result<Vec<InstanceStatus>, ProviderError> {
        let found = self
            .management()?
            .list_instances(filter, after, max)
            .await?;
        found.into_iter().map(|status| self.shown(status)).collect()
    }

    async fn executions(
        &self,
        instance: &InstanceId,
    ) -> Result<Vec<ExecutionSummary>, ProviderError> {
        let mut all = self.management()?.executions(instance).await?;
        let coder = self.coder(Way::Out, instance);
        for execution in &mut all {
            let at = (Some(execution.execution_id), None);
            let decoded = match &mut execution.state {
                ExecutionState::Completed { output } => {
                    coder.text(output, PayloadField::Output, at, "")
                }
                ExecutionState::Failed { details } => coder.error(details, at),
                ExecutionState::Running | ExecutionState::ContinuedAsNew => Ok(()),
            };
            let id = execution.execution_id;
            decoded.map_err(|problem| unreadable(instance, id, EventId::NONE, problem))?;
        }
        Ok(all)
    }

    async fn children(&self, instance: &InstanceId) -> Result<Vec<InstanceId>, ProviderError> {
        self.management()?.children(instance).await
    }

    async fn delete(
        &self,
        instances: &[InstanceId],
        force: bool,
    ) -> Result<Deleted, ProviderError> {
        self.management()?.delete(instances, force).await
    }

    async fn prune(
        &self,
        instance: &InstanceId,
        keep_last: Option<u32>,
        ended_before: Option<Timestamp>,
    ) -> Result<Deleted, ProviderError> {
        let admin = self.management()?;
        admin.prune(instance, keep_last, ended_before).await
    }

    async fn totals(&self) -> Result<Totals, ProviderError> {
        self.management()?.totals().await
    }

    async fn queue_depths(&self) -> Result<QueueDepths, ProviderError> {
        self.management()?.queue_depths().await
    }

    async fn stats(&self, instance: &InstanceId) -> Result<Option<SystemStats>, ProviderError> {
        self.management()?.stats(instance).await
    }
}

/// Whose the activities are that are out: a lock alone does not say it.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<HashMap<u64, Owner>>);

#[derive(Debug)]
struct Owner {
    lock: ActivityLock,
    instance: InstanceId,
    execution_id: ExecutionId,
    source: EventId,
}

impl Running {
    fn all(&self) -> MutexGuard<'_, HashMap<u64, Owner>> {
        // Every update leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, item: &ActivityItem) {
        let owner = Owner {
            lock: item.lock.clone(),
            instance: item.instance.clone(),
            execution_id: item.execution_id,
            source: item.source,
        };
        self.all().insert(item.lock.activity, owner);
    }

    fn of(&self, lock: &ActivityLock) -> Option<(InstanceId, ExecutionId, EventId)> {
        let all = self.all();
        let owner = all.get(&lock.activity)?;
        Some((owner.instance.clone(), owner.execution_id, owner.source))
    }

    /// Forgets what is over for this holder. Whoever took the activity over has noted it again.
    fn settle(&self, lock: &ActivityLock, outcome: &Result<(), ProviderError>) {
        if !matches!(outcome, Ok(()) | Err(ProviderError::LockLost)) {
            return;
        }
        let mut all = self.all();
        if all
            .get(&lock.activity)
            .is_some_and(|owner| owner.lock == *lock)
        {
            all.remove(&lock.activity);
        }
    }
}

fn unreadable(
    instance: &InstanceId,
    execution_id: ExecutionId,
    event_id: EventId,
    problem: String,
) -> ProviderError {
    ProviderError::Corrupt {
        instance: instance.clone(),
        execution_id,
        event_id,
        problem,
    }
}
