//! What is to go, read before a deletion and before executions are forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeToInclusive;

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, Parent};
use crate::storage::redb::bodies::{self, TimerKey};
use crate::storage::redb::disk::Disk;
use crate::storage::redb::reads::{self, ReadError, store};
use crate::storage::redb::schema::RowKey;
use crate::storage::redb::surveys::{STEP, children_in, extents};
use crate::storage::redb::timers::before;
use crate::storage::redb::view::View;
use crate::time::Timestamp;

/// What a deletion has to know.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(crate) instances: Vec<Remain>,
    pub(crate) timers: Vec<TimerKey>,
}

/// One instance that is to be deleted.
#[derive(Debug)]
pub(crate) struct Remain {
    pub(crate) id: InstanceId,
    pub(crate) number: u64,
    /// The index of children has it under this id.
    pub(crate) parent: Option<InstanceId>,
    /// Who waits for its end, with the number of that instance.
    pub(crate) waits: Option<(u64, Parent)>,
    pub(crate) ended: bool,
    pub(crate) children: Vec<InstanceId>,
    pub(crate) executions: u64,
    pub(crate) events: u64,
}

/// What there is of these instances. Damaged rows are no obstacle: then nobody knows that the
/// instance has ended.
pub(crate) fn remains(disk: &Disk, ids: &BTreeSet<InstanceId>) -> Result<Remains, ReadError> {
    let mut remains = Remains {
        instances: Vec::new(),
        timers: Vec::new(),
    };
    for id in ids {
        let view = store!(disk.view())?;
        if let Some(number) = reads::number_in(&view, id)? {
            let found = remain(&view, id, number)?;
            remains.instances.push(found);
            drop(view);
            let timers = open_timers(disk, number, ..=u64::MAX)?;
            remains.timers.extend(timers);
        }
    }
    Ok(remains)
}

fn remain(view: &View, id: &InstanceId, number: u64) -> Result<Remain, ReadError> {
    let mut waits = None;
    let (ended, parent, current) = match reads::whole_instance(view, number, id) {
        Ok(row) => {
            let status = row.status;
            if let Some(parent) = row.parent {
                let number = reads::number_in(view, &parent.instance)?;
                waits = number.map(|number| (number, parent));
            }
            let current = Some(status.execution_id);
            (status.state.is_terminal(), status.parent, current)
        }
        Err(ReadError::Corrupt { .. }) => (false, parent_of(view, id)?, None),
        Err(error @ ReadError::Store(_)) => return Err(error),
    };
    let mut executions = 0_u64;
    let mut events = 0_u64;
    let mut last = None;
    for extent in extents(view, number)? {
        executions = executions.saturating_add(1);
        events = events.saturating_add(extent.events);
        last = Some(extent.execution_id);
    }
    if current.is_some_and(|current| Some(current) != last) {
        executions = executions.saturating_add(1);
    }
    Ok(Remain {
        id: id.clone(),
        number,
        parent,
        waits,
        ended,
        children: children_in(view, id)?,
        executions,
        events,
    })
}

/// Who has this child, if its own row does not say.
fn parent_of(view: &View, child: &InstanceId) -> Result<Option<InstanceId>, ReadError> {
    let first = RowKey::Child(String::new(), String::new());
    for row in store!(view.rows(&first, None))? {
        let (RowKey::Child(parent, of), _) = store!(row)? else {
            break;
        };
        if of == child.as_str() {
            return Ok(InstanceId::new(parent).ok());
        }
    }
    Ok(None)
}

/// The timers of some executions that were neither consumed nor taken back: the events that set
/// them are in the history.
pub(crate) fn open_timers(
    disk: &Disk,
    instance: u64,
    executions: RangeToInclusive<u64>,
) -> Result<Vec<TimerKey>, ReadError> {
    let mut set = BTreeMap::new();
    let mut from = RowKey::History(instance, ExecutionId(0), EventId::NONE);
    let last = RowKey::History(instance, ExecutionId(executions.end), EventId(u64::MAX));
    'steps: loop {
        let view = store!(disk.view())?;
        let mut rows = store!(view.rows(&from, Some(last.clone())))?;
        for _ in 0..STEP {
            let Some(row) = rows.next() else {
                break 'steps;
            };
            let (RowKey::History(_, execution, first), record) = store!(row)? else {
                break 'steps;
            };
            from = RowKey::History(instance, execution, first.next());
            let Ok(turn) = bodies::decode_turn(first, record.value()) else {
                return all_timers(disk, instance, executions);
            };
            for event in turn.events {
                match (event.kind, event.source_event_id) {
                    (EventKind::TimerCreated { fire_at }, _) => {
                        set.insert((execution, event.event_id), fire_at);
                    }
                    (
                        EventKind::TimerFired { .. } | EventKind::TimerCancelled { .. },
                        Some(source),
                    ) => {
                        set.remove(&(execution, source));
                    }
                    _ => {}
                }
            }
        }
    }
    let view = store!(disk.view())?;
    let mut open = Vec::new();
    for ((execution, source), fire_at) in set {
        let key = TimerKey {
            fire_at,
            instance,
            execution_id: execution,
            source,
        };
        if store!(view.get(&RowKey::Timer(key)))?.is_some() {
            open.push(key);
        }
    }
    Ok(open)
}

/// The same where the history is damaged: by a look at all timers that there are.
fn all_timers(
    disk: &Disk,
    instance: u64,
    executions: RangeToInclusive<u64>,
) -> Result<Vec<TimerKey>, ReadError> {
    let mut timers = Vec::new();
    let mut from = before(Timestamp::ZERO);
    loop {
        let view = store!(disk.view())?;
        let mut rows = store!(view.rows(&RowKey::Timer(from), None))?;
        for _ in 0..STEP {
            let Some(row) = rows.next() else {
                return Ok(timers);
            };
            let (RowKey::Timer(timer), _) = store!(row)? else {
                return Ok(timers);
            };
            from = timer;
            if from.instance == instance && executions.contains(&from.execution_id.0) {
                timers.push(from);
            }
            from.source = from.source.next();
        }
    }
}
