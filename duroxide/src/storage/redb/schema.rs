//! The tables, and one name for every row in them. Keys are numbers and text, values are opaque
//! bytes: what redb does with its own types between majors does not concern us.

use ::redb::TableDefinition;

use crate::history::{EventId, ExecutionId};
use crate::storage::redb::bodies::{ActivityKey, TimerKey};
use crate::time::Timestamp;

/// The layout described by `docs/storage-format.md`.
pub(crate) const SCHEMA_VERSION: u32 = 2;

/// Facts about the store itself.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// Instance id to instance number.
pub(crate) const IDS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("ids");
/// Instance number to where it stands.
pub(crate) const INSTANCES: TableDefinition<'static, u64, &[u8]> =
    TableDefinition::new("instances");
/// (instance, execution, first event) to the events of one turn.
pub(crate) const HISTORY: TableDefinition<'static, (u64, u64, u64), &[u8]> =
    TableDefinition::new("history");
/// (sequence, instance) to a message that was not consumed yet.
pub(crate) const INBOX: TableDefinition<'static, (u64, u64), &[u8]> = TableDefinition::new("inbox");
/// (sequence, instance, execution, scheduled event) of an activity that is not done yet.
pub(crate) const ACTIVITIES: TableDefinition<'static, (u64, u64, u64, u64), &[u8]> =
    TableDefinition::new("activities");
/// (due time, instance, execution, created event) of a timer that was not consumed yet.
pub(crate) const TIMERS: TableDefinition<'static, (u64, u64, u64, u64), &[u8]> =
    TableDefinition::new("timers");
/// (queue, sequence) to how often a row that survived a restart was handed out.
pub(crate) const ATTEMPTS: TableDefinition<'static, (u8, u64), &[u8]> =
    TableDefinition::new("attempts");

/// Instance number to its last turn, if that left nothing in the history.
pub(crate) const QUIET_TURNS: TableDefinition<'static, u64, &[u8]> =
    TableDefinition::new("quiet_turns");

/// Instance number to its custom status, if it ever had one.
pub(crate) const CUSTOM_STATUS: TableDefinition<'static, u64, &[u8]> =
    TableDefinition::new("custom_status");
/// (instance, key) to a value that the instance keeps.
pub(crate) const VALUES: TableDefinition<'static, (u64, &str), &[u8]> =
    TableDefinition::new("values");
/// (parent's id, child's id) to nothing: which instances a parent started that still exist.
pub(crate) const CHILDREN: TableDefinition<'static, (&str, &str), &[u8]> =
    TableDefinition::new("children");

/// Number of a group to its changes, as long as the tables do not have them all.
pub(crate) const JOURNAL: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("journal");

/// Four raw bytes, little-endian, for ever: how to read all the rest.
pub(crate) const META_SCHEMA_VERSION: &str = "duroxide_schema_version";
/// How often the store was opened.
pub(crate) const META_INCARNATION: &str = "incarnation";

/// Which queue a row of `attempts` belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Queue {
    Inbox,
    Activities,
}

impl Queue {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Inbox => 1,
            Self::Activities => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Inbox, Self::Activities]
            .into_iter()
            .find(|queue| queue.code() == code)
    }
}

/// The name of one row. The order is that in which a group is written: table by table, keys
/// ascending. Within a table it is the order of the table. Ids are bare text, as in the tables: what
/// stands there may be no good id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowKey {
    Id(String),
    Instance(u64),
    History(u64, ExecutionId, EventId),
    Inbox { sequence: u64, instance: u64 },
    Activity(ActivityKey),
    Timer(TimerKey),
    Attempts(Queue, u64),
    QuietTurn(u64),
    CustomStatus(u64),
    Value(u64, String),
    Child(String, String),
}

/// Before all other keys of the inbox.
pub(crate) const FIRST_MESSAGE: RowKey = RowKey::Inbox {
    sequence: 0,
    instance: 0,
};
/// Before all other keys of activities.
pub(crate) const FIRST_ACTIVITY: RowKey = RowKey::Activity(ActivityKey {
    sequence: 0,
    instance: 0,
    execution_id: ExecutionId(0),
    source: EventId::NONE,
});
/// Before all other keys of attempts.
pub(crate) const FIRST_ATTEMPTS: RowKey = RowKey::Attempts(Queue::Inbox, 0);

pub(crate) fn activity_columns(key: &ActivityKey) -> (u64, u64, u64, u64) {
    let ActivityKey {
        sequence,
        instance,
        execution_id,
        source,
    } = *key;
    (sequence, instance, execution_id.0, source.0)
}

pub(crate) fn activity_key(columns: (u64, u64, u64, u64)) -> ActivityKey {
    let (sequence, instance, execution_id, source) = columns;
    ActivityKey {
        sequence,
        instance,
        execution_id: ExecutionId(execution_id),
        source: EventId(source),
    }
}

pub(crate) fn timer_columns(key: &TimerKey) -> (u64, u64, u64, u64) {
    let TimerKey {
        fire_at,
        instance,
        execution_id,
        source,
    } = *key;
    (fire_at.as_millis(), instance, execution_id.0, source.0)
}

pub(crate) fn timer_key(columns: (u64, u64, u64, u64)) -> TimerKey {
    let (fire_at, instance, execution_id, source) = columns;
    TimerKey {
        fire_at: Timestamp::from_millis(fire_at),
        instance,
        execution_id: ExecutionId(execution_id),
        source: EventId(source),
    }
}
