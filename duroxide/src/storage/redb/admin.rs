//! The management verbs: long reads aside, changes as for all other verbs.

use std::sync::Arc;

use async_trait::async_trait;

use crate::history::{ExecutionId, InstanceId, Message, SystemStats};
use crate::provider::{
    Deleted, ExecutionSummary, InstanceQuery, InstanceStatus, ProviderAdmin, ProviderError,
    QueueDepths, Totals,
};
use crate::storage::redb::bodies::TimerKey;
use crate::storage::redb::disk::Disk;
use crate::storage::redb::inbox::Body;
use crate::storage::redb::reads::{self, ReadError};
use crate::storage::redb::shared::until;
use crate::storage::redb::state::State;
use crate::storage::redb::{RedbProvider, remains, removal, surveys};
use crate::time::Timestamp;

const LIST: &str = "list the instances";
const EXECUTIONS: &str = "list the executions";
const CHILDREN: &str = "list the children";
const PRUNE: &str = "forget executions";
const TOTALS: &str = "sum up the store";
const QUEUES: &str = "measure the queues";
const STATS: &str = "measure an instance";

#[async_trait]
impl ProviderAdmin for RedbProvider {
    async fn list_instances(
        &self,
        filter: &InstanceQuery,
        after: Option<&InstanceId>,
        max: usize,
    ) -> Result<Vec<InstanceStatus>, ProviderError> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.aside(LIST, move |shared| {
            let disk = Arc::clone(shared.lock().phase.disk(LIST)?);
            let list = surveys::list(&disk, &filter, after.as_ref(), max);
            list.map_err(|(instance, error)| {
                shared.report(&disk, &error);
                match instance {
                    Some(instance) => error.into_provider(LIST, &instance),
                    None => error.into_plain(LIST),
                }
            })
        })
        .await
    }

    async fn executions(
        &self,
        instance: &InstanceId,
    ) -> Result<Vec<ExecutionSummary>, ProviderError> {
        let found = self.look_at(EXECUTIONS, instance, surveys::executions);
        Ok(found.await?.map(|(_, list)| list).unwrap_or_default())
    }

    async fn children(&self, instance: &InstanceId) -> Result<Vec<InstanceId>, ProviderError> {
        self.look_at(CHILDREN, instance, surveys::children).await
    }

    async fn delete(
        &self,
        instances: &[InstanceId],
        force: bool,
    ) -> Result<Deleted, ProviderError> {
        removal::delete(self, instances, force).await
    }

    async fn prune(
        &self,
        instance: &InstanceId,
        keep_last: Option<u32>,
        ended_before: Option<Timestamp>,
    ) -> Result<Deleted, ProviderError> {
        let found = self.look_at(PRUNE, instance, surveys::executions).await?;
        let Some((number, executions)) = found else {
            return Ok(Deleted::default());
        };
        let unwanted = unwanted(&executions, keep_last, ended_before);
        let Some(last) = unwanted.last().map(|summary| summary.execution_id) else {
            return Ok(Deleted::default());
        };
        let left = self.left_timers(PRUNE, instance, last.next()).await?;
        self.shared().load(PRUNE, instance)?;
        let done = self.shared().act(PRUNE, |state, _, _| {
            if state.by_id.get(instance) != Some(&number) {
                return None;
            }
            let deleted = state.prune(number, &unwanted, &left);
            Some((deleted, state.join()))
        })?;
        // Whoever was deleted in between has nothing to be forgotten any more.
        let Some((deleted, durable)) = done else {
            return Ok(Deleted::default());
        };
        until(PRUNE, durable).await?;
        Ok(deleted)
    }

    async fn totals(&self) -> Result<Totals, ProviderError> {
        self.survey(TOTALS, surveys::totals).await
    }

    async fn queue_depths(&self) -> Result<QueueDepths, ProviderError> {
        let now = self.shared().now().wall;
        let depths = move |disk: &Disk| surveys::queue_depths(disk, now);
        self.survey(QUEUES, depths).await
    }

    async fn stats(&self, instance: &InstanceId) -> Result<Option<SystemStats>, ProviderError> {
        let found = self.look_at(STATS, instance, surveys::stats).await?;
        let Some((number, mut stats)) = found else {
            return Ok(None);
        };
        let waiting = self
            .shared()
            .act(STATS, |state, _, _| waiting(state, number))?;
        stats.queue_pending_count = stats.queue_pending_count.saturating_add(waiting);
        Ok(Some(stats))
    }
}

impl RedbProvider {
    /// Reads about one instance, aside.
    async fn look_at<R: Send + 'static>(
        &self,
        operation: &'static str,
        instance: &InstanceId,
        look: impl FnOnce(&Disk, &InstanceId) -> Result<R, ReadError> + Send + 'static,
    ) -> Result<R, ProviderError> {
        let instance = instance.clone();
        self.aside(operation, move |shared| {
            shared.read(operation, &instance, |disk| look(disk, &instance))
        })
        .await
    }

    /// Reads about the whole store, aside.
    async fn survey<R: Send + 'static>(
        &self,
        operation: &'static str,
        look: impl FnOnce(&Disk) -> Result<R, ReadError> + Send + 'static,
    ) -> Result<R, ProviderError> {
        self.aside(operation, move |shared| {
            let disk = Arc::clone(shared.lock().phase.disk(operation)?);
            look(&disk).map_err(|error| {
                shared.report(&disk, &error);
                error.into_plain(operation)
            })
        })
        .await
    }

    /// The timers that executions before `first` left.
    pub(crate) async fn left_timers(
        &self,
        operation: &'static str,
        instance: &InstanceId,
        first: ExecutionId,
    ) -> Result<Vec<TimerKey>, ProviderError> {
        let Some(last) = first.0.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let look = move |disk: &Disk, instance: &InstanceId| match reads::number_of(disk, instance)?
        {
            Some(number) => remains::open_timers(disk, number, ..=last),
            None => Ok(Vec::new()),
        };
        self.look_at(operation, instance, look).await
    }
}

/// What is to be forgotten, in order.
fn unwanted(
    executions: &[ExecutionSummary],
    keep_last: Option<u32>,
    ended_before: Option<Timestamp>,
) -> Vec<ExecutionSummary> {
    let kept = usize::try_from(keep_last.unwrap_or(1).max(1)).unwrap_or(usize::MAX);
    let old = executions.len().saturating_sub(kept);
    let is_old = |summary: &&ExecutionSummary| {
        let ended_at = summary.ended_at;
        ended_before.is_none_or(|limit| ended_at.is_some_and(|at| at < limit))
    };
    let old = executions.iter().take(old).filter(is_old);
    old.cloned().collect()
}

impl State {
    /// Forgets these executions, with what they left.
    fn prune(
        &mut self,
        instance: u64,
        unwanted: &[ExecutionSummary],
        left: &[TimerKey],
    ) -> Deleted {
        let mut deleted = Deleted::default();
        for summary in unwanted {
            let execution = summary.execution_id.0;
            deleted.executions = deleted.executions.saturating_add(1);
            deleted.events = deleted.events.saturating_add(summary.events);
            let changes = &mut self.open.changes;
            changes.forget_executions(instance, execution..=execution);
        }
        let is_forgotten = |execution_id| {
            let known = unwanted.iter();
            known
                .into_iter()
                .any(|summary| summary.execution_id == execution_id)
        };
        deleted.queued = self.drop_left(instance, is_forgotten, left);
        self.keep_last_turn(instance);
        deleted
    }

    /// If the current execution has no turn yet, the last turn stands in what is forgotten.
    fn keep_last_turn(&mut self, instance: u64) {
        let Some(mut row) = self.row(instance).cloned() else {
            return;
        };
        if row.semantics.is_some() || row.is_quiet || row.last_turn == 0 {
            return;
        }
        let last_turn = row.last_turn;
        self.write_quiet_turn(instance, &mut row, last_turn);
        if let Some(kept) = self.row_mut(instance) {
            *kept = row;
        }
    }
}

/// The messages in an inbox, and the queue messages that its start brings.
fn waiting(state: &State, instance: u64) -> u64 {
    let inbox = state.inboxes.get(&instance);
    let messages = inbox.into_iter().flat_map(|inbox| &inbox.messages);
    let count = |body: &Body| match body {
        Body::Here(Message::Start(start)) => start.carried.len().saturating_add(1),
        Body::Here(_) | Body::OnDisk | Body::Unreadable(_) => 1,
    };
    messages.map(|message| count(&message.body) as u64).sum()
}
