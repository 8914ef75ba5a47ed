//! What is to go, read before a deletion and before executions are forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeToInclusive;

use ::redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, Parent};
use crate::storage::redb::bodies::{self, TimerKey};
use crate::storage::redb::reads::{self, ReadError, store};
use crate::storage::redb::schema::{CHILDREN, HISTORY, TIMERS, timer_columns, timer_key};
use crate::storage::redb::surveys::{STEP, children_in, extents};
use crate::storage::redb::timers::before;
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
pub(crate) fn remains(
    database: &Database,
    ids: &BTreeSet<InstanceId>,
) -> Result<Remains, ReadError> {
    let mut remains = Remains {
        instances: Vec::new(),
        timers: Vec::new(),
    };
    for id in ids {
        let transaction = store!(database.begin_read())?;
        if let Some(number) = reads::number_in(&transaction, id)? {
            let found = remain(&transaction, id, number)?;
            remains.instances.push(found);
            drop(transaction);
            let timers = open_timers(database, number, ..=u64::MAX)?;
            remains.timers.extend(timers);
        }
    }
    Ok(remains)
}

fn remain(
    transaction: &ReadTransaction,
    id: &InstanceId,
    number: u64,
) -> Result<Remain, ReadError> {
    let mut waits = None;
    let (ended, parent, current) = match reads::whole_instance(transaction, number, id) {
        Ok(row) => {
            let status = row.status;
            if let Some(parent) = row.parent {
                let number = reads::number_in(transaction, &parent.instance)?;
                waits = number.map(|number| (number, parent));
            }
            let current = Some(status.execution_id);
            (status.state.is_terminal(), status.parent, current)
        }
        Err(ReadError::Corrupt { .. }) => (false, parent_of(transaction, id)?, None),
        Err(error @ ReadError::Store(_)) => return Err(error),
    };
    let mut executions = 0_u64;
    let mut events = 0_u64;
    let mut last = None;
    for extent in extents(transaction, number)? {
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
        children: children_in(transaction, id)?,
        executions,
        events,
    })
}

/// Who has this child, if its own row does not say.
fn parent_of(
    transaction: &ReadTransaction,
    child: &InstanceId,
) -> Result<Option<InstanceId>, ReadError> {
    let children = store!(transaction.open_table(CHILDREN))?;
    for row in store!(children.iter())? {
        let (key, _) = store!(row)?;
        let (parent, of) = key.value();
        if of == child.as_str() {
            return Ok(InstanceId::new(parent).ok());
        }
    }
    Ok(None)
}

/// The timers of some executions that were neither consumed nor taken back: the events that set
/// them are in the history.
pub(crate) fn open_timers(
    database: &Database,
    instance: u64,
    executions: RangeToInclusive<u64>,
) -> Result<Vec<TimerKey>, ReadError> {
    let mut set = BTreeMap::new();
    let mut from = (instance, 0, 0);
    let last = (instance, executions.end, u64::MAX);
    'steps: loop {
        let transaction = store!(database.begin_read())?;
        let history = store!(transaction.open_table(HISTORY))?;
        let mut rows = store!(history.range(from..=last))?;
        for _ in 0..STEP {
            let Some(row) = rows.next() else {
                break 'steps;
            };
            let (key, record) = store!(row)?;
            let (_, execution, first) = key.value();
            from = (instance, execution, first.saturating_add(1));
            let Ok(turn) = bodies::decode_turn(EventId(first), record.value()) else {
                return all_timers(database, instance, executions);
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
    let transaction = store!(database.begin_read())?;
    let table = store!(transaction.open_table(TIMERS))?;
    let mut open = Vec::new();
    for ((execution, source), fire_at) in set {
        let key = TimerKey {
            fire_at,
            instance,
            execution_id: ExecutionId(execution),
            source,
        };
        if store!(table.get(timer_columns(&key)))?.is_some() {
            open.push(key);
        }
    }
    Ok(open)
}

/// The same where the history is damaged: by a look at all timers that there are.
fn all_timers(
    database: &Database,
    instance: u64,
    executions: RangeToInclusive<u64>,
) -> Result<Vec<TimerKey>, ReadError> {
    let mut timers = Vec::new();
    let mut from = before(Timestamp::ZERO);
    loop {
        let transaction = store!(database.begin_read())?;
        let table = store!(transaction.open_table(TIMERS))?;
        let mut rows = store!(table.range(timer_columns(&from)..))?;
        for _ in 0..STEP {
            let Some(row) = rows.next() else {
                return Ok(timers);
            };
            from = timer_key(store!(row)?.0.value());
            if from.instance == instance && executions.contains(&from.execution_id.0) {
                timers.push(from);
            }
            from.source = from.source.next();
        }
    }
}
