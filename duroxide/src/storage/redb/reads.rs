//! Everything that is read from the file while the store is open: durable rows only, copied out
//! of a transaction that ends with the call.

use std::collections::HashMap;
use std::sync::Arc;

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, KvEntry, Message};
use crate::provider::{ActivityRequest, HistoryPage, ProviderError};
use crate::storage::redb::bodies::{
    self, ActivityKey, CustomStatus, InstanceRow, StoredMessage, StoredTurn, TimerKey,
};
use crate::storage::redb::disk::Disk;
use crate::storage::redb::inbox::{Deliveries, Head, Row};
use crate::storage::redb::schema::RowKey;
use crate::storage::redb::timers::{BATCH, Loaded, Near, before};
use crate::storage::redb::view::View;
use crate::time::Timestamp;

/// Why something was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The file, or redb.
    #[error(transparent)]
    Store(#[from] ::redb::Error),
    /// A row; others are not concerned.
    #[error("{problem}")]
    Corrupt {
        execution_id: ExecutionId,
        event_id: EventId,
        problem: String,
    },
}

impl ReadError {
    pub(crate) fn corrupt(
        execution_id: ExecutionId,
        event_id: EventId,
        problem: &impl ToString,
    ) -> Self {
        Self::Corrupt {
            execution_id,
            event_id,
            problem: problem.to_string(),
        }
    }

    /// A row that belongs to the instance as a whole.
    pub(crate) fn instance(problem: impl Into<String>) -> Self {
        Self::Corrupt {
            execution_id: ExecutionId::FIRST,
            event_id: EventId::NONE,
            problem: problem.into(),
        }
    }

    /// There was a row a moment ago.
    pub(crate) fn gone() -> Self {
        Self::instance("the instance row is missing")
    }

    /// For a call that is about no instance in particular.
    pub(crate) fn into_plain(self, operation: &'static str) -> ProviderError {
        ProviderError::Unavailable {
            operation,
            source: Box::new(self),
        }
    }

    pub(crate) fn into_provider(
        self,
        operation: &'static str,
        instance: &InstanceId,
    ) -> ProviderError {
        match self {
            Self::Store(error) => ProviderError::Unavailable {
                operation,
                source: Box::new(error),
            },
            Self::Corrupt {
                execution_id,
                event_id,
                problem,
            } => ProviderError::Corrupt {
                instance: instance.clone(),
                execution_id,
                event_id,
                problem,
            },
        }
    }
}

/// redb has an error type for each call; here one is enough.
macro_rules! store {
    ($call:expr) => {
        $call.map_err(|error| ReadError::Store(error.into()))
    };
}

pub(crate) use store;

/// The numbers of these instances.
pub(crate) fn numbers_of(
    disk: &Disk,
    ids: Vec<InstanceId>,
) -> Result<HashMap<InstanceId, Option<u64>>, ReadError> {
    let view = store!(disk.view())?;
    let numbers = ids.into_iter().map(|id| {
        let number = number_in(&view, &id)?;
        Ok((id, number))
    });
    numbers.collect()
}

/// The number of an instance.
pub(crate) fn number_of(disk: &Disk, id: &InstanceId) -> Result<Option<u64>, ReadError> {
    let view = store!(disk.view())?;
    number_in(&view, id)
}

pub(crate) fn number_in(view: &View, id: &InstanceId) -> Result<Option<u64>, ReadError> {
    let key = RowKey::Id(id.as_str().to_owned());
    let Some(number) = store!(view.get(&key))? else {
        return Ok(None);
    };
    match number.value().try_into() {
        Ok(number) => Ok(Some(u64::from_le_bytes(number))),
        Err(_) => Err(ReadError::instance(
            "the instance number has a wrong length",
        )),
    }
}

/// The row of an instance, as far as it is on disk.
pub(crate) fn instance(
    disk: &Disk,
    id: &InstanceId,
) -> Result<Option<(u64, InstanceRow)>, ReadError> {
    let view = store!(disk.view())?;
    let Some(number) = number_in(&view, id)? else {
        return Ok(None);
    };
    Ok(Some((number, whole_instance(&view, number, id)?)))
}

/// The row of an instance, with the custom status.
pub(crate) fn whole_instance(
    view: &View,
    number: u64,
    id: &InstanceId,
) -> Result<InstanceRow, ReadError> {
    let mut row = instance_in(view, number)?.ok_or_else(ReadError::gone)?;
    let shown = custom_status_in(view, number)?;
    let status = &mut row.status;
    status.custom_status = shown.status;
    status.custom_status_version = shown.version;
    status.updated_at = status.updated_at.max(shown.updated_at);
    // Both only grow.
    status.change = status.change.saturating_add(shown.version);
    if row.status.instance == *id {
        Ok(row)
    } else {
        let other = row.status.instance;
        let problem = format!("its number names the row of `{other}`");
        Err(ReadError::instance(problem))
    }
}

fn instance_in(view: &View, instance: u64) -> Result<Option<InstanceRow>, ReadError> {
    let Some(record) = store!(view.get(&RowKey::Instance(instance)))? else {
        return Ok(None);
    };
    let row = bodies::decode_instance(record.value())
        .map_err(|error| ReadError::instance(error.to_string()))?;
    Ok(Some(row))
}

fn custom_status_in(view: &View, instance: u64) -> Result<CustomStatus, ReadError> {
    let Some(record) = store!(view.get(&RowKey::CustomStatus(instance)))? else {
        return Ok(CustomStatus::default());
    };
    bodies::decode_custom_status(instance, record.value())
        .map_err(|error| ReadError::instance(format!("the custom status: {error}")))
}

/// What an instance keeps under a key.
pub(crate) fn value(disk: &Disk, id: &InstanceId, key: &str) -> Result<Option<KvEntry>, ReadError> {
    let view = store!(disk.view())?;
    let Some(instance) = number_in(&view, id)? else {
        return Ok(None);
    };
    let record = store!(view.get(&RowKey::Value(instance, key.to_owned())))?;
    let entry = record.map(|record| value_in(instance, key, record.value()));
    entry.transpose()
}

/// All that an instance keeps, in the order of the keys.
pub(crate) fn values(disk: &Disk, id: &InstanceId) -> Result<Vec<KvEntry>, ReadError> {
    let view = store!(disk.view())?;
    let Some(instance) = number_in(&view, id)? else {
        return Ok(Vec::new());
    };
    values_in(&view, instance)
}

pub(crate) fn values_in(view: &View, instance: u64) -> Result<Vec<KvEntry>, ReadError> {
    let mut entries = Vec::new();
    for row in store!(view.rows(&RowKey::Value(instance, String::new()), None))? {
        let (RowKey::Value(owner, key), record) = store!(row)? else {
            break;
        };
        if owner != instance {
            break;
        }
        entries.push(value_in(instance, &key, record.value())?);
    }
    Ok(entries)
}

fn value_in(instance: u64, key: &str, record: &[u8]) -> Result<KvEntry, ReadError> {
    bodies::decode_value(instance, key, record)
        .map_err(|error| ReadError::instance(format!("the value of `{key}`: {error}")))
}

/// All that memory wants to know of an instance.
pub(crate) fn row(disk: &Disk, instance: u64) -> Result<Option<Row>, ReadError> {
    let view = store!(disk.view())?;
    let Some(InstanceRow {
        status,
        parent,
        semantics,
        digest,
    }) = instance_in(&view, instance)?
    else {
        return Ok(None);
    };
    let shown = custom_status_in(&view, instance)?;
    let mut last_event = EventId::NONE;
    let mut last_turn = 0;
    let all = (instance, 0, 0)..=(instance, u64::MAX, u64::MAX);
    if let Some(((_, execution, first), record)) = store!(view.last_turn(all))? {
        // Whatever the row says, its instance must be able to end: as if it had one event. The row
        // stays, and reading it stays an error.
        let (turn_id, events) = bodies::decode_turn_head(record.value()).unwrap_or_else(|error| {
            tracing::error!(instance, execution, first, %error, "the last turn cannot be read");
            (0, 1)
        });
        last_turn = turn_id;
        if execution == status.execution_id.0 {
            last_event = EventId(first.saturating_add(u64::from(events)).saturating_sub(1));
        }
    }
    let quiet = store!(view.get(&RowKey::QuietTurn(instance)))?;
    let is_quiet = quiet.is_some();
    if let Some(record) = quiet {
        last_turn = bodies::decode_quiet_turn(record.value())
            .map_err(|error| ReadError::instance(error.to_string()))?;
    }
    Ok(Some(Row {
        head: Arc::new(Head {
            id: status.instance,
            orchestration: status.orchestration,
            version: status.version,
            parent,
        }),
        execution_id: status.execution_id,
        last_event,
        last_turn,
        is_quiet,
        ended: status.state.is_terminal(),
        semantics,
        custom_status_version: shown.version,
        created_at: status.created_at,
        updated_at: status.updated_at,
        change: status.change,
        digest,
    }))
}

/// A message, or what is wrong with it.
pub(crate) fn message(
    disk: &Disk,
    sequence: u64,
    instance: u64,
) -> Result<Result<Message, String>, ReadError> {
    let view = store!(disk.view())?;
    let record = store!(view.get(&RowKey::Inbox { sequence, instance }))?;
    Ok(match record {
        Some(record) => message_in(instance, record.value()).map(|stored| stored.message),
        None => Err("the message is missing".to_owned()),
    })
}

/// The message in a row of this instance's inbox.
pub(crate) fn message_in(instance: u64, record: &[u8]) -> Result<StoredMessage, String> {
    let stored = bodies::decode_message(record).map_err(|error| error.to_string())?;
    if stored.instance == instance {
        Ok(stored)
    } else {
        let owner = stored.instance;
        Err(format!("the message is for instance number {owner}"))
    }
}

/// The turn whose row holds this event.
pub(crate) fn turn_of(
    disk: &Disk,
    key: &ActivityKey,
) -> Result<Option<(EventId, StoredTurn)>, ReadError> {
    let view = store!(disk.view())?;
    let (instance, execution) = (key.instance, key.execution_id.0);
    let until = (instance, execution, 0)..=(instance, execution, key.source.0);
    let Some(((_, _, first), record)) = store!(view.last_turn(until))? else {
        return Ok(None);
    };
    let first = EventId(first);
    let turn = bodies::decode_turn(first, record.value())
        .map_err(|(event_id, error)| ReadError::corrupt(key.execution_id, event_id, &error))?;
    Ok(Some((first, turn)))
}

/// Name and version that the execution of this activity was begun with.
pub(crate) fn pins_of(
    disk: &Disk,
    key: &ActivityKey,
) -> Result<Option<(String, String)>, ReadError> {
    let first = ActivityKey {
        source: EventId::FIRST,
        ..*key
    };
    let turn = turn_of(disk, &first)?;
    let begun = turn.and_then(|(_, turn)| turn.events.into_iter().next());
    Ok(match begun.map(|event| event.kind) {
        Some(EventKind::OrchestrationStarted { name, version, .. }) => Some((name, version)),
        Some(_) | None => None,
    })
}

/// What the scheduled event asks for.
pub(crate) fn request_in(
    first: EventId,
    turn: &StoredTurn,
    source: EventId,
) -> Result<ActivityRequest, String> {
    let at = usize::try_from(source.0.saturating_sub(first.0)).unwrap_or(usize::MAX);
    let request = turn.events.get(at).map(|event| &event.kind);
    request
        .and_then(ActivityRequest::of)
        .ok_or_else(|| format!("event {source} does not schedule an activity"))
}

/// Timers from `from` on that are due before `until`, as many as one may load at a time.
pub(crate) fn timers(
    disk: &Disk,
    from: TimerKey,
    until: Timestamp,
) -> Result<Loaded, ::redb::Error> {
    timers_in(&disk.view()?, from, until)
}

pub(crate) fn timers_in(
    view: &View,
    from: TimerKey,
    until: Timestamp,
) -> Result<Loaded, ::redb::Error> {
    let mut near = Vec::new();
    for row in view.rows(&RowKey::Timer(from), None)? {
        let (RowKey::Timer(key), record) = row? else {
            break;
        };
        if key.fire_at >= until || near.len() >= BATCH {
            return Ok(Loaded {
                near,
                horizon: if key.fire_at >= until {
                    before(until)
                } else {
                    key
                },
                more: true,
            });
        }
        let (count, problem) = match bodies::decode_timer(&key, record.value()) {
            Ok(count) => (count, None),
            Err(error) => {
                let instance = key.instance;
                tracing::error!(instance, %error, "a timer cannot be read");
                (0, Some(error.to_string()))
            }
        };
        let deliveries = Deliveries {
            count,
            is_suspect: true,
            has_row: true,
        };
        near.push((
            key,
            Near {
                deliveries,
                problem,
            },
        ));
    }
    Ok(Loaded {
        near,
        horizon: before(until),
        more: false,
    })
}

/// Some events of an execution, from the one behind `after` on.
pub(crate) fn page(
    disk: &Disk,
    instance: &InstanceId,
    execution_id: ExecutionId,
    after: EventId,
    max: usize,
) -> Result<HistoryPage, ReadError> {
    let view = store!(disk.view())?;
    let mut page = HistoryPage::default();
    let Some(instance) = number_in(&view, instance)? else {
        return Ok(page);
    };
    let execution = execution_id.0;
    // The row that holds the wanted event may begin before it.
    let wanted = after.next();
    let until = (instance, execution, 0)..=(instance, execution, wanted.0);
    let start = match store!(view.last_turn(until))? {
        Some(((_, _, first), _)) => EventId(first),
        None => wanted,
    };
    let from = RowKey::History(instance, execution_id, start);
    let until = RowKey::History(instance, execution_id, EventId(u64::MAX));
    for row in store!(view.rows(&from, Some(until)))? {
        let (RowKey::History(_, _, first), record) = store!(row)? else {
            break;
        };
        if page.events.len() >= max {
            page.more = true;
            return Ok(page);
        }
        let turn = bodies::decode_turn(first, record.value())
            .map_err(|(event_id, error)| ReadError::corrupt(execution_id, event_id, &error))?;
        for event in turn.events {
            if event.event_id <= after {
                continue;
            }
            if page.events.len() >= max {
                page.more = true;
                return Ok(page);
            }
            page.events.push(event);
        }
    }
    Ok(page)
}
