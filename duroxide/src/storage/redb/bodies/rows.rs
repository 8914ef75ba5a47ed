//! Instance rows, and the small rows of queues: activities, timers, attempts, the incarnation.

use bincode::{BorrowDecode, Encode};

use crate::history::{EventId, ExecutionId, InstanceId, KvEntry, Parent};
use crate::provider::{InstanceState, InstanceStatus};
use crate::storage::redb::bodies::event::{ParentV1, borrowed_parent, owned_parent};
use crate::storage::redb::bodies::failure::{self, ErrorV1};
use crate::storage::redb::bodies::{seal, unknown_code, unseal};
use crate::storage::redb::record::{Kind, RecordError};
use crate::time::Timestamp;

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct InstanceV1<'a> {
    id: &'a str,
    orchestration: &'a str,
    version: Option<&'a str>,
    parent: Option<ParentV1<'a>>,
    execution_id: u64,
    /// Of the current execution; none before its first turn.
    semantics: Option<u32>,
    state: u8,
    output: &'a str,
    failure: Option<ErrorV1<'a>>,
    created_at: u64,
    updated_at: u64,
    change: u64,
    digest: u128,
}

/// Frozen. The custom status of an instance.
#[derive(Encode, BorrowDecode)]
struct CustomStatusV1<'a> {
    instance: u64,
    status: Option<&'a str>,
    version: u64,
    updated_at: u64,
}

/// Frozen. One value that an instance keeps. Repeats its key, under the checksum.
#[derive(Encode, BorrowDecode)]
struct ValueV1<'a> {
    instance: u64,
    key: &'a str,
    value: &'a str,
    updated_at: u64,
}

const RUNNING: u8 = 1;
const COMPLETED: u8 = 2;
const FAILED: u8 = 3;

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct IncarnationV1 {
    incarnation: u64,
}

/// Frozen. Repeats its key, under the checksum.
#[derive(Encode, BorrowDecode)]
struct ActivityV1<'a> {
    sequence: u64,
    instance: u64,
    execution_id: u64,
    source: u64,
    session: Option<&'a str>,
    tag: Option<&'a str>,
}

/// Frozen. Repeats its key, under the checksum.
#[derive(Encode, BorrowDecode)]
struct TimerV1 {
    fire_at: u64,
    instance: u64,
    execution_id: u64,
    source: u64,
    attempts: u32,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct AttemptsV1 {
    attempts: u32,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct QuietTurnV1 {
    turn_id: u128,
}

/// All that is kept about an instance, besides its history, its custom status and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceRow {
    /// Without the custom status, which has a row of its own.
    pub(crate) status: InstanceStatus,
    pub(crate) parent: Option<Parent>,
    /// What the current execution is pinned to; `None` before its first turn.
    pub(crate) semantics: Option<u32>,
    /// Of the name and input it was started with.
    pub(crate) digest: u128,
}

/// What an instance shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CustomStatus {
    pub(crate) status: Option<String>,
    /// How often it was set or taken back.
    pub(crate) version: u64,
    pub(crate) updated_at: Timestamp,
}

/// Who may run an activity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Routing {
    pub(crate) session: Option<String>,
    pub(crate) tag: Option<String>,
}

/// A queued activity: its key is all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ActivityKey {
    pub(crate) sequence: u64,
    pub(crate) instance: u64,
    pub(crate) execution_id: ExecutionId,
    pub(crate) source: EventId,
}

/// A durable timer; ordered by when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TimerKey {
    pub(crate) fire_at: Timestamp,
    pub(crate) instance: u64,
    pub(crate) execution_id: ExecutionId,
    pub(crate) source: EventId,
}

pub(crate) fn encode_instance(row: &InstanceRow) -> Result<Vec<u8>, RecordError> {
    let status = &row.status;
    let (state, output, failure) = match &status.state {
        InstanceState::Running => (RUNNING, "", None),
        InstanceState::Completed { output } => (COMPLETED, output.as_str(), None),
        InstanceState::Failed { details } => (FAILED, "", Some(failure::to_stored(details))),
    };
    let stored = InstanceV1 {
        id: status.instance.as_str(),
        orchestration: &status.orchestration,
        version: status.version.as_deref(),
        parent: row.parent.as_ref().map(borrowed_parent),
        execution_id: status.execution_id.0,
        semantics: row.semantics,
        state,
        output,
        failure,
        created_at: status.created_at.as_millis(),
        updated_at: status.updated_at.as_millis(),
        change: status.change,
        digest: row.digest,
    };
    seal(Kind::INSTANCE_V1, stored)
}

pub(crate) fn decode_instance(record: &[u8]) -> Result<InstanceRow, RecordError> {
    let stored: InstanceV1<'_> = unseal(Kind::INSTANCE_V1, record)?;
    let state = match (stored.state, &stored.failure) {
        (RUNNING, _) => InstanceState::Running,
        (COMPLETED, _) => InstanceState::Completed {
            output: stored.output.to_owned(),
        },
        (FAILED, Some(failure)) => InstanceState::Failed {
            details: failure::from_stored(failure)?,
        },
        (other, _) => return Err(unknown_code("state", other)),
    };
    let instance =
        InstanceId::new(stored.id).map_err(|error| RecordError::corrupt(error.to_string()))?;
    let parent = stored.parent.as_ref().map(owned_parent).transpose()?;
    Ok(InstanceRow {
        status: InstanceStatus {
            instance,
            orchestration: stored.orchestration.to_owned(),
            version: stored.version.map(str::to_owned),
            execution_id: ExecutionId(stored.execution_id),
            pending: stored.semantics.is_none() && !state.is_terminal(),
            state,
            parent: parent.as_ref().map(|parent| parent.instance.clone()),
            custom_status: None,
            custom_status_version: 0,
            created_at: Timestamp::from_millis(stored.created_at),
            updated_at: Timestamp::from_millis(stored.updated_at),
            change: stored.change,
        },
        parent,
        semantics: stored.semantics,
        digest: stored.digest,
    })
}

pub(crate) fn encode_custom_status(
    instance: u64,
    status: &CustomStatus,
) -> Result<Vec<u8>, RecordError> {
    let stored = CustomStatusV1 {
        instance,
        status: status.status.as_deref(),
        version: status.version,
        updated_at: status.updated_at.as_millis(),
    };
    seal(Kind::CUSTOM_STATUS_V1, stored)
}

pub(crate) fn decode_custom_status(
    instance: u64,
    record: &[u8],
) -> Result<CustomStatus, RecordError> {
    let stored: CustomStatusV1<'_> = unseal(Kind::CUSTOM_STATUS_V1, record)?;
    matches_key(stored.instance == instance)?;
    Ok(CustomStatus {
        status: stored.status.map(str::to_owned),
        version: stored.version,
        updated_at: Timestamp::from_millis(stored.updated_at),
    })
}

pub(crate) fn encode_value(instance: u64, entry: &KvEntry) -> Result<Vec<u8>, RecordError> {
    let stored = ValueV1 {
        instance,
        key: &entry.key,
        value: &entry.value,
        updated_at: entry.updated_at.as_millis(),
    };
    seal(Kind::VALUE_V1, stored)
}

pub(crate) fn decode_value(
    instance: u64,
    key: &str,
    record: &[u8],
) -> Result<KvEntry, RecordError> {
    let stored: ValueV1<'_> = unseal(Kind::VALUE_V1, record)?;
    matches_key(stored.instance == instance && stored.key == key)?;
    Ok(KvEntry {
        key: stored.key.to_owned(),
        value: stored.value.to_owned(),
        updated_at: Timestamp::from_millis(stored.updated_at),
    })
}

pub(crate) fn encode_incarnation(incarnation: u64) -> Result<Vec<u8>, RecordError> {
    seal(Kind::INCARNATION_V1, IncarnationV1 { incarnation })
}

pub(crate) fn decode_incarnation(record: &[u8]) -> Result<u64, RecordError> {
    let stored: IncarnationV1 = unseal(Kind::INCARNATION_V1, record)?;
    Ok(stored.incarnation)
}

pub(crate) fn encode_activity(
    key: &ActivityKey,
    routing: &Routing,
) -> Result<Vec<u8>, RecordError> {
    let stored = ActivityV1 {
        sequence: key.sequence,
        instance: key.instance,
        execution_id: key.execution_id.0,
        source: key.source.0,
        session: routing.session.as_deref(),
        tag: routing.tag.as_deref(),
    };
    seal(Kind::ACTIVITY_V1, stored)
}

/// Who may run it; checks that the row says what its key says.
pub(crate) fn decode_activity(key: &ActivityKey, record: &[u8]) -> Result<Routing, RecordError> {
    let stored: ActivityV1<'_> = unseal(Kind::ACTIVITY_V1, record)?;
    let same = stored.sequence == key.sequence
        && stored.instance == key.instance
        && stored.execution_id == key.execution_id.0
        && stored.source == key.source.0;
    matches_key(same)?;
    Ok(Routing {
        session: stored.session.map(str::to_owned),
        tag: stored.tag.map(str::to_owned),
    })
}

pub(crate) fn encode_timer(key: &TimerKey, attempts: u32) -> Result<Vec<u8>, RecordError> {
    let stored = TimerV1 {
        fire_at: key.fire_at.as_millis(),
        instance: key.instance,
        execution_id: key.execution_id.0,
        source: key.source.0,
        attempts,
    };
    seal(Kind::TIMER_V1, stored)
}

/// How often the timer's message was handed out; checks that the row says what its key says.
pub(crate) fn decode_timer(key: &TimerKey, record: &[u8]) -> Result<u32, RecordError> {
    let stored: TimerV1 = unseal(Kind::TIMER_V1, record)?;
    let same = stored.fire_at == key.fire_at.as_millis()
        && stored.instance == key.instance
        && stored.execution_id == key.execution_id.0
        && stored.source == key.source.0;
    matches_key(same)?;
    Ok(stored.attempts)
}

pub(crate) fn encode_attempts(attempts: u32) -> Result<Vec<u8>, RecordError> {
    seal(Kind::ATTEMPTS_V1, AttemptsV1 { attempts })
}

pub(crate) fn decode_attempts(record: &[u8]) -> Result<u32, RecordError> {
    let stored: AttemptsV1 = unseal(Kind::ATTEMPTS_V1, record)?;
    Ok(stored.attempts)
}

pub(crate) fn encode_quiet_turn(turn_id: u128) -> Result<Vec<u8>, RecordError> {
    seal(Kind::QUIET_TURN_V1, QuietTurnV1 { turn_id })
}

pub(crate) fn decode_quiet_turn(record: &[u8]) -> Result<u128, RecordError> {
    let stored: QuietTurnV1 = unseal(Kind::QUIET_TURN_V1, record)?;
    Ok(stored.turn_id)
}

fn matches_key(same: bool) -> Result<(), RecordError> {
    if same {
        Ok(())
    } else {
        Err(RecordError::corrupt("record and key disagree"))
    }
}
