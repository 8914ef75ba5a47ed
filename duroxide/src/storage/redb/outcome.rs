//! What a commit comes to: of the instance, of what it keeps, of others. All that can fail is done
//! here, before anything is changed.

use std::collections::HashMap;
use std::sync::Arc;

use crate::history::{EventId, Message};
use crate::provider::{InstanceState, InstanceStatus, KvChange, TurnCommit, TurnOutcome};
use crate::storage::redb::bodies::{self, CustomStatus, InstanceRow};
use crate::storage::redb::deliveries::{NewInstance, Parcel};
use crate::storage::redb::inbox::{Head, Row};
use crate::storage::redb::incoming::Numbers;
use crate::storage::redb::record::RecordError;
use crate::storage::redb::state::{Moment, State};

/// What a commit makes of the instance.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The new instance row, if its status changes.
    pub(crate) record: Option<Vec<u8>>,
    /// The start of the next execution.
    pub(crate) next: Option<Parcel>,
}

impl Outcome {
    /// `is_first`: the execution begins with this turn. Changed values are a change of the status: who
    /// waits for one sees it.
    pub(crate) fn of(
        row: &mut Row,
        instance: u64,
        turn: &TurnCommit,
        is_first: bool,
        now: Moment,
    ) -> Result<Self, RecordError> {
        if let Some(last) = turn.history_delta.last() {
            row.last_event = last.event_id;
        }
        let mut outcome = Self {
            record: None,
            next: None,
        };
        let state = match &turn.outcome {
            TurnOutcome::Running if is_first || !turn.kv.is_empty() => InstanceState::Running,
            TurnOutcome::Running => return Ok(outcome),
            TurnOutcome::Completed { output } => {
                row.ended = true;
                InstanceState::Completed {
                    output: output.clone(),
                }
            }
            TurnOutcome::Failed { details } => {
                row.ended = true;
                InstanceState::Failed {
                    details: details.clone(),
                }
            }
            TurnOutcome::ContinuedAsNew { next } => {
                row.execution_id = next.execution_id;
                row.last_event = EventId::NONE;
                row.semantics = None;
                row.head = Arc::new(Head {
                    id: row.head.id.clone(),
                    orchestration: next.name.clone(),
                    version: next.version.clone(),
                    parent: row.head.parent.clone(),
                });
                let start = Message::Start(next.clone());
                outcome.next = Some(Parcel::new(instance, start, None)?);
                InstanceState::Running
            }
        };
        if turn.outcome != TurnOutcome::Running {
            row.updated_at = now.wall;
        }
        row.change = row.change.saturating_add(1);
        outcome.record = Some(bodies::encode_instance(&stored(row, state))?);
        Ok(outcome)
    }
}

/// What a commit does to other instances.
pub(crate) struct Beyond {
    pub(crate) born: Vec<NewInstance>,
    pub(crate) parcels: Vec<(u64, Parcel)>,
}

impl Beyond {
    /// `instance`: whose turn it is.
    pub(crate) fn of(
        state: &State,
        numbers: &Numbers,
        instance: u64,
        turn: &mut TurnCommit,
        now: Moment,
    ) -> Result<Self, RecordError> {
        let mut beyond = Self {
            born: Vec::new(),
            parcels: Vec::new(),
        };
        let mut next = state.next_instance;
        let mut fresh = HashMap::new();
        for child in std::mem::take(&mut turn.starts) {
            let id = child.instance;
            if fresh.contains_key(&id) || numbers.of(state, &id).is_some() {
                if let Some(message) = child.if_taken {
                    let parcel = Parcel::new(instance, message, None)?;
                    beyond.parcels.push((instance, parcel));
                }
                continue;
            }
            // Effects never run ahead of the disk.
            let new = NewInstance::new(next, id.clone(), child.start, true, now)?;
            beyond.born.push(new);
            fresh.insert(id, next);
            next = next.saturating_add(1);
        }
        for (id, message) in std::mem::take(&mut turn.messages) {
            let number = fresh.get(&id).copied().or_else(|| numbers.of(state, &id));
            if let Some(number) = number {
                let parcel = Parcel::new(number, message, None)?;
                beyond.parcels.push((number, parcel));
            }
        }
        Ok(beyond)
    }
}

/// What a commit makes of what the instance shows and keeps.
pub(crate) struct Kept {
    pub(crate) custom_status: Option<Vec<u8>>,
    pub(crate) values: Vec<ValueChange>,
}

pub(crate) enum ValueChange {
    Set(String, Vec<u8>),
    Clear(String),
    ClearAll,
}

impl Kept {
    pub(crate) fn of(
        row: &mut Row,
        instance: u64,
        turn: &mut TurnCommit,
        now: Moment,
    ) -> Result<Self, RecordError> {
        let custom_status = match turn.custom_status.take() {
            Some(status) => {
                row.custom_status_version = row.custom_status_version.saturating_add(1);
                let status = CustomStatus {
                    status,
                    version: row.custom_status_version,
                    updated_at: now.wall,
                };
                Some(bodies::encode_custom_status(instance, &status)?)
            }
            None => None,
        };
        let values = std::mem::take(&mut turn.kv).into_iter();
        let values = values.map(|change| match change {
            KvChange::Set(entry) => {
                let record = bodies::encode_value(instance, &entry)?;
                Ok(ValueChange::Set(entry.key, record))
            }
            KvChange::Clear { key } => Ok(ValueChange::Clear(key)),
            KvChange::ClearAll => Ok(ValueChange::ClearAll),
        });
        Ok(Self {
            custom_status,
            values: values.collect::<Result<_, RecordError>>()?,
        })
    }
}

/// Pins the execution to what its first turn says. True: this is the first turn.
pub(crate) fn pin(row: &mut Row, turn: &TurnCommit) -> bool {
    let Some(version) = turn.pinned_version() else {
        return false;
    };
    row.semantics = turn.pinned_semantics();
    if row.head.version.as_deref() != Some(version) {
        row.head = Arc::new(Head {
            id: row.head.id.clone(),
            orchestration: row.head.orchestration.clone(),
            version: Some(version.to_owned()),
            parent: row.head.parent.clone(),
        });
    }
    true
}

/// The row as it goes to disk.
pub(crate) fn stored(row: &Row, state: InstanceState) -> InstanceRow {
    InstanceRow {
        status: InstanceStatus {
            instance: row.head.id.clone(),
            orchestration: row.head.orchestration.clone(),
            version: row.head.version.clone(),
            execution_id: row.execution_id,
            state,
            // Not in this row as it is on disk: whoever reads it fills these in.
            pending: false,
            parent: None,
            custom_status: None,
            custom_status_version: 0,
            created_at: row.created_at,
            updated_at: row.updated_at,
            change: row.change,
        },
        parent: row.head.parent.clone(),
        semantics: row.semantics,
        digest: row.digest,
    }
}
