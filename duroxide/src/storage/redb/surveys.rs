//! Reads for people who look after a store. They may be long: each goes through the file in steps,
//! and lets go of it in between.

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, SystemStats};
use crate::provider::{
    ExecutionState, ExecutionSummary, InstanceQuery, InstanceState, InstanceStatus, QueueDepths,
    Totals, unread_messages,
};
use crate::storage::redb::bodies::{self, StoredTurn};
use crate::storage::redb::disk::Disk;
use crate::storage::redb::reads::{self, ReadError, store};
use crate::storage::redb::schema::{
    ACTIVITIES, FIRST_ACTIVITY, FIRST_MESSAGE, INBOX, RowKey, TIMERS,
};
use crate::storage::redb::timers::before;
use crate::storage::redb::view::View;
use crate::time::Timestamp;

/// Rows that are read before the file is let go of.
pub(crate) const STEP: usize = 1_024;

/// The children of an instance, in the order of their ids.
pub(crate) fn children(disk: &Disk, id: &InstanceId) -> Result<Vec<InstanceId>, ReadError> {
    let view = store!(disk.view())?;
    children_in(&view, id)
}

pub(crate) fn children_in(view: &View, id: &InstanceId) -> Result<Vec<InstanceId>, ReadError> {
    let mut children = Vec::new();
    let first = RowKey::Child(id.as_str().to_owned(), String::new());
    for row in store!(view.rows(&first, None))? {
        let (RowKey::Child(parent, child), _) = store!(row)? else {
            break;
        };
        if parent != id.as_str() {
            break;
        }
        let child =
            InstanceId::new(child).map_err(|error| ReadError::instance(error.to_string()))?;
        children.push(child);
    }
    Ok(children)
}

/// How much history one execution has.
pub(crate) struct Extent {
    pub(crate) execution_id: ExecutionId,
    pub(crate) events: u64,
    first: Turn,
    last: Turn,
}

/// A row of history.
struct Turn {
    first: EventId,
    record: Vec<u8>,
}

impl Turn {
    fn decode(&self, execution_id: ExecutionId) -> Result<StoredTurn, ReadError> {
        bodies::decode_turn(self.first, &self.record)
            .map_err(|(event_id, error)| ReadError::corrupt(execution_id, event_id, &error))
    }
}

/// The executions of an instance that have a history: their first and last rows tell all.
pub(crate) fn extents(view: &View, instance: u64) -> Result<Vec<Extent>, ReadError> {
    let mut extents = Vec::new();
    let mut from = ExecutionId(0);
    let end = RowKey::History(instance, ExecutionId(u64::MAX), EventId(u64::MAX));
    loop {
        let behind = RowKey::History(instance, from, EventId::NONE);
        let row = store!(view.rows(&behind, Some(end.clone())))?.next();
        let Some((RowKey::History(_, execution_id, first), record)) = store!(row.transpose())?
        else {
            return Ok(extents);
        };
        let first = Turn {
            first,
            record: record.value().to_vec(),
        };
        let execution = execution_id.0;
        let own = (instance, execution, 0)..=(instance, execution, u64::MAX);
        let Some(((_, _, event), record)) = store!(view.last_turn(own))? else {
            return Ok(extents);
        };
        let last = Turn {
            first: EventId(event),
            record: record.value().to_vec(),
        };
        // A row that cannot be read counts as one event, as everywhere.
        let in_last = bodies::decode_turn_head(&last.record).map_or(1, |(_, events)| events);
        extents.push(Extent {
            execution_id,
            events: last
                .first
                .0
                .saturating_sub(1)
                .saturating_add(in_last.into()),
            first,
            last,
        });
        let Some(next) = execution.checked_add(1) else {
            return Ok(extents);
        };
        from = ExecutionId(next);
    }
}

/// The executions of an instance that are still kept, and its number.
pub(crate) fn executions(
    disk: &Disk,
    id: &InstanceId,
) -> Result<Option<(u64, Vec<ExecutionSummary>)>, ReadError> {
    let view = store!(disk.view())?;
    let Some(number) = reads::number_in(&view, id)? else {
        return Ok(None);
    };
    let current = reads::whole_instance(&view, number, id)?
        .status
        .execution_id;
    let mut summaries = Vec::new();
    for extent in extents(&view, number)? {
        summaries.push(summary(&extent)?);
    }
    let has_begun = |summary: &ExecutionSummary| summary.execution_id == current;
    if !summaries.last().is_some_and(has_begun) {
        summaries.push(ExecutionSummary {
            execution_id: current,
            state: ExecutionState::Running,
            started_at: None,
            ended_at: None,
            events: 0,
        });
    }
    Ok(Some((number, summaries)))
}

fn summary(extent: &Extent) -> Result<ExecutionSummary, ReadError> {
    let execution_id = extent.execution_id;
    let first = extent.first.decode(execution_id)?;
    let mut last = extent.last.decode(execution_id)?;
    let last = last.events.pop();
    let ended_at = last.as_ref().map(|event| event.timestamp);
    let (state, ended_at) = match last.map(|event| event.kind) {
        Some(EventKind::OrchestrationCompleted { output }) => {
            (ExecutionState::Completed { output }, ended_at)
        }
        Some(EventKind::OrchestrationFailed { details }) => {
            (ExecutionState::Failed { details }, ended_at)
        }
        Some(EventKind::OrchestrationContinuedAsNew { .. }) => {
            (ExecutionState::ContinuedAsNew, ended_at)
        }
        _ => (ExecutionState::Running, None),
    };
    Ok(ExecutionSummary {
        execution_id,
        state,
        started_at: first.events.first().map(|event| event.timestamp),
        ended_at,
        events: extent.events,
    })
}

/// Up to `max` instances in the order of their ids. An error names the instance it concerns.
pub(crate) fn list(
    disk: &Disk,
    query: &InstanceQuery,
    after: Option<&InstanceId>,
    max: usize,
) -> Result<Vec<InstanceStatus>, (Option<InstanceId>, ReadError)> {
    let prefix = query.id_prefix.as_deref().unwrap_or_default();
    let mut after = after.map_or_else(String::new, |after| after.as_str().to_owned());
    let mut found = Vec::new();
    loop {
        let step = ids_behind(disk, prefix, &after).map_err(|error| (None, error))?;
        let Some(last) = step.last() else {
            return Ok(found);
        };
        last.as_str().clone_into(&mut after);
        let view = store!(disk.view()).map_err(|error| (None, error))?;
        for id in step {
            if found.len() >= max {
                return Ok(found);
            }
            let row = reads::number_in(&view, &id)
                .and_then(|number| match number {
                    Some(number) => reads::whole_instance(&view, number, &id).map(Some),
                    None => Ok(None),
                })
                .map_err(|error| (Some(id), error))?;
            let status = row.map(|row| row.status);
            found.extend(status.filter(|status| query.matches(status)));
        }
    }
}

/// Some ids with a prefix.
fn ids_behind(disk: &Disk, prefix: &str, after: &str) -> Result<Vec<InstanceId>, ReadError> {
    let view = store!(disk.view())?;
    let mut found = Vec::new();
    let first = RowKey::Id(after.max(prefix).to_owned());
    for row in store!(view.rows(&first, None))? {
        let (RowKey::Id(id), _) = store!(row)? else {
            break;
        };
        if !id.starts_with(prefix) || found.len() >= STEP {
            break;
        }
        if id != after {
            let id = InstanceId::new(id).map_err(|error| ReadError::instance(error.to_string()))?;
            found.push(id);
        }
    }
    Ok(found)
}

/// Sums over the whole store. Of instances whose rows are damaged nobody knows how they stand.
pub(crate) fn totals(disk: &Disk) -> Result<Totals, ReadError> {
    let mut totals = Totals::default();
    let mut from = 0;
    loop {
        let view = store!(disk.view())?;
        let mut rows = store!(view.rows(&RowKey::Instance(from), None))?;
        for _ in 0..STEP {
            let Some(row) = rows.next() else {
                return Ok(totals);
            };
            let (RowKey::Instance(number), record) = store!(row)? else {
                return Ok(totals);
            };
            add_to(&mut totals, &view, number, record.value())?;
            from = number.saturating_add(1);
        }
    }
}

fn add_to(totals: &mut Totals, view: &View, number: u64, record: &[u8]) -> Result<(), ReadError> {
    let count = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
    count(&mut totals.instances, 1);
    let mut current = None;
    if let Ok(row) = bodies::decode_instance(record) {
        let sum = match row.status.state {
            InstanceState::Running => &mut totals.running,
            InstanceState::Completed { .. } => &mut totals.completed,
            InstanceState::Failed { .. } => &mut totals.failed,
        };
        count(sum, 1);
        current = Some(row.status.execution_id);
    }
    let mut last = None;
    for extent in extents(view, number)? {
        count(&mut totals.executions, 1);
        count(&mut totals.events, extent.events);
        last = Some(extent.execution_id);
    }
    if current.is_some_and(|current| Some(current) != last) {
        count(&mut totals.executions, 1);
    }
    Ok(())
}

/// How much waits in the queues.
pub(crate) fn queue_depths(disk: &Disk, now: Timestamp) -> Result<QueueDepths, ReadError> {
    let view = store!(disk.view())?;
    let inbox = store!(view.count(INBOX, &FIRST_MESSAGE))?;
    let activities = store!(view.count(ACTIVITIES, &FIRST_ACTIVITY))?;
    let first = RowKey::Timer(before(Timestamp::ZERO));
    let timers = store!(view.count(TIMERS, &first))?;
    // Those that are due are messages; they go soon.
    let until = before(now.saturating_add(std::time::Duration::from_millis(1)));
    let mut due = 0_u64;
    for row in store!(view.rows(&first, Some(RowKey::Timer(until))))? {
        store!(row)?;
        due = due.saturating_add(1);
    }
    let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    Ok(QueueDepths {
        orchestrator_queue: size(inbox.saturating_add(due)),
        worker_queue: size(activities),
        timer_queue: size(timers.saturating_sub(due)),
    })
}

/// How large the history and the values of an instance are, and its number. What waits in its inbox
/// is not counted here.
pub(crate) fn stats(disk: &Disk, id: &InstanceId) -> Result<Option<(u64, SystemStats)>, ReadError> {
    let view = store!(disk.view())?;
    let Some(number) = reads::number_in(&view, id)? else {
        return Ok(None);
    };
    let execution_id = reads::whole_instance(&view, number, id)?
        .status
        .execution_id;
    let mut stats = SystemStats::default();
    for entry in reads::values_in(&view, number)? {
        stats.kv_user_key_count = stats.kv_user_key_count.saturating_add(1);
        let bytes = entry.value.len() as u64;
        stats.kv_total_value_bytes = stats.kv_total_value_bytes.saturating_add(bytes);
    }
    drop(view);
    let mut queues = Vec::new();
    let mut after = EventId::NONE;
    loop {
        let page = reads::page(disk, id, execution_id, after, STEP)?;
        for event in page.events {
            after = event.event_id;
            let bytes = event.kind.text_bytes() as u64;
            stats.history_size_bytes = stats.history_size_bytes.saturating_add(bytes);
            if is_about_queues(&event.kind) {
                queues.push(event);
            }
        }
        if !page.more {
            break;
        }
    }
    stats.history_event_count = after.0;
    stats.queue_pending_count = unread_messages(&queues);
    Ok(Some((number, stats)))
}

/// Whether the event tells which queue messages were read.
fn is_about_queues(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::OrchestrationStarted { .. }
            | EventKind::QueueEventDelivered { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueSubscriptionCancelled { .. }
    )
}
