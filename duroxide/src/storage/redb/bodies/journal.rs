//! A group of changes as one record: first the ranges that go, then row after row.

use bincode::{BorrowDecode, Encode};

use crate::history::{EventId, ExecutionId};
use crate::storage::redb::bodies::{ActivityKey, TimerKey, put, take, unknown_code};
use crate::storage::redb::layer::{Change, Layer};
use crate::storage::redb::ranges::Gone;
use crate::storage::redb::record::{self, Kind, RecordError};
use crate::storage::redb::schema::{Queue, RowKey};
use crate::time::Timestamp;

/// Frozen. Repeats the key, under the checksum. The entries stand behind it.
#[derive(Encode, BorrowDecode)]
struct JournalV1 {
    number: u64,
    entries: u64,
}

const VALUES_GO: u8 = 1;
const EXECUTIONS_GO: u8 = 2;
const INSTANCE_GOES: u8 = 3;
const ROW_IS: u8 = 4;
const ROW_GOES: u8 = 5;

const ID: u8 = 1;
const INSTANCE: u8 = 2;
const HISTORY: u8 = 3;
const INBOX: u8 = 4;
const ACTIVITY: u8 = 5;
const TIMER: u8 = 6;
const ATTEMPTS: u8 = 7;
const QUIET_TURN: u8 = 8;
const CUSTOM_STATUS: u8 = 9;
const VALUE: u8 = 10;
const CHILD: u8 = 11;

pub(crate) fn encode_journal(number: u64, layer: &Layer) -> Result<Vec<u8>, RecordError> {
    record::seal(Kind::JOURNAL_V1, |to| {
        let entries = layer
            .ranges()
            .iter()
            .count()
            .saturating_add(layer.rows().len());
        let entries = entries as u64;
        put(to, JournalV1 { number, entries })?;
        for gone in layer.ranges().iter() {
            match gone {
                Gone::Values(instance) => put(to, (VALUES_GO, instance))?,
                Gone::Executions(instance, first, last) => {
                    put(to, (EXECUTIONS_GO, instance, first, last))?;
                }
                Gone::Instance(instance) => put(to, (INSTANCE_GOES, instance))?,
            }
        }
        for (key, change) in layer.rows() {
            match change.value() {
                Some(value) => {
                    put_key(to, ROW_IS, key)?;
                    put(to, value)?;
                }
                None => put_key(to, ROW_GOES, key)?,
            }
        }
        Ok(())
    })
}

fn put_key(to: &mut Vec<u8>, what: u8, key: &RowKey) -> Result<(), RecordError> {
    match key {
        RowKey::Id(id) => put(to, (what, ID, id.as_str())),
        RowKey::Instance(instance) => put(to, (what, INSTANCE, instance)),
        RowKey::History(instance, execution, first) => {
            put(to, (what, HISTORY, instance, execution.0, first.0))
        }
        RowKey::Inbox { sequence, instance } => put(to, (what, INBOX, sequence, instance)),
        RowKey::Activity(key) => {
            put(to, (what, ACTIVITY, key.sequence, key.instance))?;
            put(to, (key.execution_id.0, key.source.0))
        }
        RowKey::Timer(key) => {
            put(to, (what, TIMER, key.fire_at.as_millis(), key.instance))?;
            put(to, (key.execution_id.0, key.source.0))
        }
        RowKey::Attempts(queue, sequence) => put(to, (what, ATTEMPTS, queue.code(), sequence)),
        RowKey::QuietTurn(instance) => put(to, (what, QUIET_TURN, instance)),
        RowKey::CustomStatus(instance) => put(to, (what, CUSTOM_STATUS, instance)),
        RowKey::Value(instance, key) => put(to, (what, VALUE, instance, key.as_str())),
        RowKey::Child(parent, child) => put(to, (what, CHILD, parent.as_str(), child.as_str())),
    }
}

/// The changes of a group. Nobody knows which of its rows the tables have by now: all are written
/// as if they had them.
pub(crate) fn decode_journal(number: u64, record: &[u8]) -> Result<Layer, RecordError> {
    let mut body = record::unseal(Kind::JOURNAL_V1, record)?;
    let from = &mut body;
    let head: JournalV1 = take(from)?;
    if head.number != number {
        let other = head.number;
        let problem = format!("the record is that of group {other}");
        return Err(RecordError::corrupt(problem));
    }
    let mut layer = Layer::default();
    for _ in 0..head.entries {
        match take::<u8>(from)? {
            VALUES_GO => layer.remove(Gone::Values(take(from)?)),
            EXECUTIONS_GO => {
                let (instance, first, last) = take(from)?;
                layer.remove(Gone::Executions(instance, first, last));
            }
            INSTANCE_GOES => layer.remove(Gone::Instance(take(from)?)),
            ROW_IS => {
                let key = take_key(from)?;
                let value: &[u8] = take(from)?;
                layer.change(key, Change::Replace(value.to_vec()));
            }
            ROW_GOES => layer.change(take_key(from)?, Change::Delete),
            code => return Err(unknown_code("journal", code)),
        }
    }
    super::nothing_left(body)?;
    Ok(layer)
}

fn take_key(from: &mut &[u8]) -> Result<RowKey, RecordError> {
    Ok(match take::<u8>(from)? {
        ID => RowKey::Id(take::<&str>(from)?.to_owned()),
        INSTANCE => RowKey::Instance(take(from)?),
        HISTORY => {
            let (instance, execution, first) = take(from)?;
            RowKey::History(instance, ExecutionId(execution), EventId(first))
        }
        INBOX => {
            let (sequence, instance) = take(from)?;
            RowKey::Inbox { sequence, instance }
        }
        ACTIVITY => {
            let (sequence, instance, execution, source) = take(from)?;
            RowKey::Activity(ActivityKey {
                sequence,
                instance,
                execution_id: ExecutionId(execution),
                source: EventId(source),
            })
        }
        TIMER => {
            let (fire_at, instance, execution, source) = take(from)?;
            RowKey::Timer(TimerKey {
                fire_at: Timestamp::from_millis(fire_at),
                instance,
                execution_id: ExecutionId(execution),
                source: EventId(source),
            })
        }
        ATTEMPTS => {
            let code = take(from)?;
            let queue = Queue::from_code(code).ok_or_else(|| unknown_code("queue", code))?;
            RowKey::Attempts(queue, take(from)?)
        }
        QUIET_TURN => RowKey::QuietTurn(take(from)?),
        CUSTOM_STATUS => RowKey::CustomStatus(take(from)?),
        VALUE => RowKey::Value(take(from)?, take::<&str>(from)?.to_owned()),
        CHILD => {
            let parent = take::<&str>(from)?.to_owned();
            RowKey::Child(parent, take::<&str>(from)?.to_owned())
        }
        code => return Err(unknown_code("table", code)),
    })
}
