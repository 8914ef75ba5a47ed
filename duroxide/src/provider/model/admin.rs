//! The verbs of those who look after the store.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::history::{EventKind, ExecutionId, InstanceId, Message, SystemStats};
use crate::provider::{
    Deleted, ExecutionState, ExecutionSummary, InstanceQuery, InstanceState, InstanceStatus,
    ProviderError, QueueDepths, Totals, deletion_notice, unread_messages,
};
use crate::time::Timestamp;

use super::state::{History, Instance, State, StoredEvent};

impl State {
    pub(super) fn list(
        &self,
        filter: &InstanceQuery,
        after: Option<&InstanceId>,
        max: usize,
    ) -> Vec<InstanceStatus> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = self.instances.range((behind, Bound::Unbounded));
        let listed = listed.map(|(id, instance)| instance.status(id));
        listed
            .filter(|status| filter.matches(status))
            .take(max)
            .collect()
    }

    pub(super) fn executions(
        &self,
        id: &InstanceId,
    ) -> Result<Vec<ExecutionSummary>, ProviderError> {
        let Some(instance) = self.instances.get(id) else {
            return Ok(Vec::new());
        };
        let executions = instance.executions.iter();
        executions
            .map(|(&execution_id, history)| {
                let ends = [history.first_key_value(), history.last_key_value()];
                for (_, stored) in ends.into_iter().flatten() {
                    check_readable(id, execution_id, stored)?;
                }
                Ok(summary(execution_id, history))
            })
            .collect()
    }

    pub(super) fn children(&self, id: &InstanceId) -> Vec<InstanceId> {
        let is_child = |instance: &Instance| {
            let parent = instance.parent();
            parent.is_some_and(|parent| parent.instance == *id)
        };
        let children = self.instances.iter();
        children
            .filter(|(_, instance)| is_child(instance))
            .map(|(child, _)| child.clone())
            .collect()
    }

    pub(super) fn delete(
        &mut self,
        ids: &[InstanceId],
        force: bool,
    ) -> Result<Deleted, ProviderError> {
        let ids: BTreeSet<&InstanceId> = ids.iter().collect();
        for id in &ids {
            self.check_deletion(id, &ids, force)
                .map_err(ProviderError::Refused)?;
        }
        let mut deleted = Deleted::default();
        let mut notices = Vec::new();
        for id in ids {
            let forgotten = self.forget(id, |_, _| true);
            deleted.executions = deleted.executions.saturating_add(forgotten.executions);
            deleted.events = deleted.events.saturating_add(forgotten.events);
            deleted.queued = deleted.queued.saturating_add(forgotten.queued);
            if let Some(gone) = self.instances.remove(id) {
                deleted.instances = deleted.instances.saturating_add(1);
                deleted.queued = deleted.queued.saturating_add(count(gone.inbox.len()));
                if !gone.state.is_terminal() {
                    notices.extend(gone.parent().map(|parent| deletion_notice(id, parent)));
                }
            }
        }
        // At the very end: whoever goes along hears nothing.
        for (parent, notice) in notices {
            self.deliver(&parent, notice);
        }
        Ok(deleted)
    }

    fn check_deletion(
        &self,
        id: &InstanceId,
        with: &BTreeSet<&InstanceId>,
        force: bool,
    ) -> Result<(), String> {
        let instance = self.instances.get(id);
        if !force && instance.is_some_and(|found| !found.state.is_terminal()) {
            return Err(format!("`{id}` has not ended"));
        }
        let children = self.children(id);
        match children.iter().find(|child| !with.contains(child)) {
            Some(child) => Err(format!("`{id}` has a child that would stay, `{child}`")),
            None => Ok(()),
        }
    }

    pub(super) fn prune(
        &mut self,
        id: &InstanceId,
        keep_last: Option<u32>,
        ended_before: Option<Timestamp>,
    ) -> Deleted {
        let Some(instance) = self.instances.get(id) else {
            return Deleted::default();
        };
        let current = instance.execution_id;
        let kept = usize::try_from(keep_last.unwrap_or(1).max(1)).unwrap_or(usize::MAX);
        let newest: BTreeSet<ExecutionId> = instance
            .executions
            .keys()
            .rev()
            .take(kept)
            .copied()
            .collect();
        self.forget(id, |execution_id, history| {
            let ended_at = summary(execution_id, history).ended_at;
            execution_id < current
                && !newest.contains(&execution_id)
                && ended_before.is_none_or(|limit| ended_at.is_some_and(|at| at < limit))
        })
    }

    /// Forgets executions: their events, and the activities and timers that they left behind.
    pub(super) fn forget(
        &mut self,
        id: &InstanceId,
        is_unwanted: impl Fn(ExecutionId, &History) -> bool,
    ) -> Deleted {
        let mut deleted = Deleted::default();
        let Some(instance) = self.instances.get_mut(id) else {
            return deleted;
        };
        let mut unwanted = BTreeSet::new();
        instance.executions.retain(|&execution_id, history| {
            let goes = is_unwanted(execution_id, history);
            if goes {
                unwanted.insert(execution_id);
                instance.forgotten = instance.forgotten.saturating_add(1);
                deleted.executions = deleted.executions.saturating_add(1);
                deleted.events = deleted.events.saturating_add(count(history.len()));
            }
            !goes
        });
        let before = instance.timers.len().saturating_add(self.activities.len());
        instance
            .timers
            .retain(|(_, execution_id, _)| !unwanted.contains(execution_id));
        self.activities.retain(|_, activity| {
            activity.instance != *id || !unwanted.contains(&activity.execution_id)
        });
        let after = instance.timers.len().saturating_add(self.activities.len());
        deleted.queued = count(before.saturating_sub(after));
        deleted
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for instance in self.instances.values() {
            totals.instances = totals.instances.saturating_add(1);
            totals.executions = totals
                .executions
                .saturating_add(count(instance.executions.len()));
            let events = instance.executions.values();
            let events = events.map(|history| count(history.len()));
            totals.events = events.fold(totals.events, u64::saturating_add);
            let such = match instance.state {
                InstanceState::Running => &mut totals.running,
                InstanceState::Completed { .. } => &mut totals.completed,
                InstanceState::Failed { .. } => &mut totals.failed,
            };
            *such = such.saturating_add(1);
        }
        totals
    }

    pub(super) fn queue_depths(&self) -> QueueDepths {
        let instances = self.instances.values();
        QueueDepths {
            orchestrator_queue: instances.clone().map(|found| found.inbox.len()).sum(),
            worker_queue: self.activities.len(),
            timer_queue: instances.map(|found| found.timers.len()).sum(),
        }
    }

    pub(super) fn stats(&self, id: &InstanceId) -> Result<Option<SystemStats>, ProviderError> {
        let Some(instance) = self.instances.get(id) else {
            return Ok(None);
        };
        let Some(history) = instance.executions.get(&instance.execution_id) else {
            return Ok(None);
        };
        for stored in history.values() {
            check_readable(id, instance.execution_id, stored)?;
        }
        let events = || history.values().map(|stored| &stored.event);
        let handed_down = instance.inbox.values().map(|stored| &stored.message);
        let handed_down = handed_down.map(|message| match message {
            Message::Start(start) => start.carried.len(),
            _ => 0,
        });
        Ok(Some(SystemStats {
            history_event_count: count(history.len()),
            history_size_bytes: events().map(|event| count(event.kind.text_bytes())).sum(),
            queue_pending_count: count(instance.inbox.len())
                .saturating_add(count(handed_down.sum()))
                .saturating_add(unread_messages(events())),
            kv_user_key_count: count(instance.kv.len()),
            kv_total_value_bytes: instance
                .kv
                .values()
                .map(|entry| count(entry.value.len()))
                .sum(),
        }))
    }
}

/// How an execution stands, by its first and its last event.
fn summary(execution_id: ExecutionId, history: &History) -> ExecutionSummary {
    let first = history.first_key_value().map(|(_, stored)| &stored.event);
    let last = history.last_key_value().map(|(_, stored)| &stored.event);
    let state = match last.map(|event| &event.kind) {
        Some(EventKind::OrchestrationCompleted { output }) => ExecutionState::Completed {
            output: output.clone(),
        },
        Some(EventKind::OrchestrationFailed { details }) => ExecutionState::Failed {
            details: details.clone(),
        },
        Some(EventKind::OrchestrationContinuedAsNew { .. }) => ExecutionState::ContinuedAsNew,
        _ => ExecutionState::Running,
    };
    let end = last.filter(|event| event.kind.is_terminal());
    ExecutionSummary {
        execution_id,
        state,
        started_at: first.map(|event| event.timestamp),
        ended_at: end.map(|event| event.timestamp),
        events: count(history.len()),
    }
}

pub(super) fn check_readable(
    instance: &InstanceId,
    execution_id: ExecutionId,
    stored: &StoredEvent,
) -> Result<(), ProviderError> {
    if !stored.corrupt {
        return Ok(());
    }
    Err(ProviderError::Corrupt {
        instance: instance.clone(),
        execution_id,
        event_id: stored.event.event_id,
        problem: "damaged on purpose".to_owned(),
    })
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
