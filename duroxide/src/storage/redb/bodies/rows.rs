//! Instance rows, and the small rows of queues: activities, timers, attempts, the incarnation.

use bincode::{BorrowDecode, Encode};

use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::{InstanceState, InstanceStatus};
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
    execution_id: u64,
    state: u8,
    output: &'a str,
    failure: Option<ErrorV1<'a>>,
    created_at: u64,
    change: u64,
    digest: u128,
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
struct ActivityV1 {
    sequence: u64,
    instance: u64,
    execution_id: u64,
    source: u64,
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

/// All that is kept about an instance, besides its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceRow {
    pub(crate) status: InstanceStatus,
    /// Of the name and input it was started with.
    pub(crate) digest: u128,
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
        execution_id: status.execution_id.0,
        state,
        output,
        failure,
        created_at: status.created_at.as_millis(),
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
    Ok(InstanceRow {
        status: InstanceStatus {
            instance,
            orchestration: stored.orchestration.to_owned(),
            version: stored.version.map(str::to_owned),
            execution_id: ExecutionId(stored.execution_id),
            state,
            pending: false,
            parent: None,
            custom_status: None,
            custom_status_version: 0,
            created_at: Timestamp::from_millis(stored.created_at),
            updated_at: Timestamp::from_millis(stored.created_at),
            change: stored.change,
        },
        digest: stored.digest,
    })
}

pub(crate) fn encode_incarnation(incarnation: u64) -> Result<Vec<u8>, RecordError> {
    seal(Kind::INCARNATION_V1, IncarnationV1 { incarnation })
}

pub(crate) fn decode_incarnation(record: &[u8]) -> Result<u64, RecordError> {
    let stored: IncarnationV1 = unseal(Kind::INCARNATION_V1, record)?;
    Ok(stored.incarnation)
}

pub(crate) fn encode_activity(key: &ActivityKey) -> Result<Vec<u8>, RecordError> {
    let stored = ActivityV1 {
        sequence: key.sequence,
        instance: key.instance,
        execution_id: key.execution_id.0,
        source: key.source.0,
    };
    seal(Kind::ACTIVITY_V1, stored)
}

/// Checks that the row says what its key says.
pub(crate) fn decode_activity(key: &ActivityKey, record: &[u8]) -> Result<(), RecordError> {
    let stored: ActivityV1 = unseal(Kind::ACTIVITY_V1, record)?;
    let same = stored.sequence == key.sequence
        && stored.instance == key.instance
        && stored.execution_id == key.execution_id.0
        && stored.source == key.source.0;
    matches_key(same)
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
