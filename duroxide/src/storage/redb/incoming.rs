//! What comes from outside: starts and events, for ids that memory may not know.

use crate::history::{InstanceId, Message};
use crate::provider::ProviderError;
use crate::storage::redb::checks::unstorable;
use crate::storage::redb::commits::NewInstance;
use crate::storage::redb::reads;
use crate::storage::redb::shared::Shared;
use crate::storage::redb::state::Durable;

pub(crate) const START: &str = "start an instance";
pub(crate) const ENQUEUE: &str = "send an event";

/// How a start found things.
pub(crate) enum Created {
    Now(Durable),
    /// There is one; durable when this is.
    Before(Option<Durable>),
}

pub(crate) fn create(shared: &Shared, new: NewInstance) -> Result<Created, ProviderError> {
    let id = new.id.clone();
    let known = shared.act(START, |state, _, _| {
        let known = state.by_id.contains_key(&id);
        (!known).then_some(state.forgotten)
    })?;
    // Most ids are new, so the disk is asked each time: not while others wait for the mutex.
    let (on_disk, seen) = match known {
        None => (true, 0),
        Some(seen) => {
            let number = shared.read(START, &id, |database| reads::number_of(database, &id))?;
            (number.is_some(), seen)
        }
    };
    shared.act(START, |state, database, now| {
        if state.by_id.contains_key(&id) {
            return Ok(Created::Before(state.barrier()));
        }
        // What was forgotten in between may have been created in between.
        let exists = on_disk
            || (state.forgotten != seen
                && reads::number_of(database, &id)
                    .map_err(|error| error.into_provider(START, &id))?
                    .is_some());
        if exists {
            return Ok(Created::Before(None));
        }
        let durable = state.create(new, now).map_err(|error| unstorable(&error))?;
        Ok(Created::Now(durable))
    })?
}

/// How an event found things.
pub(crate) enum Sent {
    Now(Durable),
    /// It is there; durable when this is.
    Before(Option<Durable>),
}

pub(crate) fn send(
    shared: &Shared,
    id: &InstanceId,
    message_id: u128,
    message: Message,
) -> Result<Sent, ProviderError> {
    let known = shared.act(ENQUEUE, |state, _, _| {
        let known = state.by_id.get(id).copied();
        known.ok_or(state.forgotten)
    })?;
    // As for a start: the disk is not asked while others wait for the mutex.
    let (number, seen) = match known {
        Ok(number) => (Some(number), 0),
        Err(seen) => {
            let number = shared.read(ENQUEUE, id, |database| reads::number_of(database, id))?;
            (number, seen)
        }
    };
    shared.act(ENQUEUE, |state, database, now| {
        // A number is given once: what was found before is still right.
        let mut number = number.or_else(|| state.by_id.get(id).copied());
        if number.is_none() && state.forgotten != seen {
            number =
                reads::number_of(database, id).map_err(|error| error.into_provider(ENQUEUE, id))?;
        }
        let number = number.ok_or(ProviderError::InstanceNotFound)?;
        let sent = state.send(number, message_id, message, now);
        Ok(match sent.map_err(|error| unstorable(&error))? {
            Some(durable) => Sent::Now(durable),
            None => Sent::Before(state.barrier()),
        })
    })?
}
