//! What a commit must be like: under a live lock, and consistent.

use std::collections::HashSet;

use crate::provider::{CommitBase, ProviderError, TurnCommit, TurnLock};
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
    let base = CommitBase {
        execution_id: row.execution_id,
        last_event_id: row.last_event,
        ended: row.ended,
    };
    turn.check(&lock.instance, base).map_err(refused)?;
    Ok(consumed)
}

fn refused(problem: String) -> ProviderError {
    ProviderError::Refused(problem)
}

pub(crate) fn unstorable(error: &RecordError) -> ProviderError {
    refused(error.to_string())
}
