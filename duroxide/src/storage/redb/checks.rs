//! What a commit must be like. The engine is trusted with meaning, nobody with the order of rows.

use std::collections::HashSet;

use crate::history::{Event, EventId, EventKind};
use crate::provider::{ProviderError, TurnCommit, TurnLock, TurnOutcome};
use crate::storage::redb::inbox::{Inbox, Place, Row, Stage};
use crate::storage::redb::record::RecordError;

/// Everything that can be wrong with a commit, before anything is changed.
pub(crate) fn check_commit(
    inbox: &mut Inbox,
    row: &Row,
    lock: &TurnLock,
    turn: &TurnCommit,
) -> Result<HashSet<Place>, ProviderError> {
    let lease = inbox
        .lease_of(lock.epoch, lock.token)
        .filter(|lease| lease.stage != Stage::Committing)
        .ok_or(ProviderError::LockLost)?;
    let mut consumed = HashSet::with_capacity(turn.consumed.len());
    for id in &turn.consumed {
        let place = [true, false]
            .map(|is_start| Place::of(id.0, is_start))
            .into_iter()
            .find(|place| lease.taken.binary_search(place).is_ok())
            .ok_or_else(|| refused(format!("the lock does not cover message {}", id.0)))?;
        consumed.insert(place);
    }
    if turn.execution_id != row.execution_id {
        return Err(refused(format!(
            "execution {} is not the current one, {}",
            turn.execution_id, row.execution_id
        )));
    }
    let asks = !turn.history_delta.is_empty()
        || !turn.activities.is_empty()
        || !turn.timers.is_empty()
        || matches!(turn.outcome, TurnOutcome::ContinuedAsNew { .. });
    if row.ended && asks {
        return Err(refused("the instance has ended".to_owned()));
    }
    let mut expected = row.last_event.next();
    for event in &turn.history_delta {
        if event.event_id != expected {
            return Err(refused(format!(
                "event {} does not follow event {}",
                event.event_id, row.last_event
            )));
        }
        expected = expected.next();
    }
    for source in &turn.activities {
        let event = event_in(&turn.history_delta, *source);
        if !event.is_some_and(|event| matches!(event.kind, EventKind::ActivityScheduled { .. })) {
            return Err(refused(format!(
                "event {source} of the turn does not schedule an activity"
            )));
        }
    }
    if let TurnOutcome::ContinuedAsNew { next } = &turn.outcome
        && next.execution_id != row.execution_id.next()
    {
        return Err(refused(format!(
            "execution {} does not follow execution {}",
            next.execution_id, row.execution_id
        )));
    }
    Ok(consumed)
}

fn refused(problem: String) -> ProviderError {
    ProviderError::Refused(problem)
}

pub(crate) fn unstorable(error: &RecordError) -> ProviderError {
    refused(error.to_string())
}

fn event_in(delta: &[Event], source: EventId) -> Option<&Event> {
    let first = delta.first()?.event_id;
    let at = usize::try_from(source.0.checked_sub(first.0)?).ok()?;
    delta.get(at)
}
