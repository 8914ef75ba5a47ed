//! Instances by their ids, which memory may not know; and what comes for them from outside.

use std::collections::HashMap;

use crate::history::{InstanceId, Message, Start};
use crate::provider::ProviderError;
use crate::storage::redb::checks::unstorable;
use crate::storage::redb::deliveries::NewInstance;
use crate::storage::redb::disk::Disk;
use crate::storage::redb::inbox::Inbox;
use crate::storage::redb::reads::{self, ReadError};
use crate::storage::redb::shared::Shared;
use crate::storage::redb::state::{Durable, State};

pub(crate) const START: &str = "start an instance";
pub(crate) const ENQUEUE: &str = "send an event";

/// The numbers of some instances. The disk is asked while nobody waits for the mutex; what was
/// created, forgotten or deleted since is noticed.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    ids: Vec<InstanceId>,
    /// What the disk said of those that memory did not know.
    on_disk: HashMap<InstanceId, Option<u64>>,
    /// The state of things when it was asked.
    seen: u64,
}

impl Numbers {
    pub(crate) fn look_up<'a>(
        shared: &Shared,
        operation: &'static str,
        ids: impl IntoIterator<Item = &'a InstanceId>,
    ) -> Result<Self, ProviderError> {
        let mut numbers = Self {
            ids: ids.into_iter().cloned().collect(),
            ..Self::default()
        };
        let Some(first) = numbers.ids.first() else {
            return Ok(numbers);
        };
        let (unknown, seen) = shared.act(operation, |state, _, _| {
            (numbers.unknown(state), state.forgotten)
        })?;
        let on_disk = if unknown.is_empty() {
            HashMap::new()
        } else {
            shared.read(operation, first, |disk| reads::numbers_of(disk, unknown))?
        };
        numbers.on_disk = on_disk;
        numbers.seen = seen;
        Ok(numbers)
    }

    fn unknown(&self, state: &State) -> Vec<InstanceId> {
        let unknown = |id: &&InstanceId| !state.by_id.contains_key(*id);
        self.ids.iter().filter(unknown).cloned().collect()
    }

    /// Asks the disk again, if what it said may be out of date. Under the mutex; rare.
    pub(crate) fn refresh(&mut self, state: &State, disk: &Disk) -> Result<(), ReadError> {
        if self.seen != state.forgotten && !self.ids.is_empty() {
            self.on_disk = reads::numbers_of(disk, self.unknown(state))?;
            self.seen = state.forgotten;
        }
        Ok(())
    }

    /// The number of an instance that exists.
    pub(crate) fn of(&self, state: &State, id: &InstanceId) -> Option<u64> {
        let known = state.by_id.get(id).copied();
        let on_disk = || self.on_disk.get(id).copied().flatten();
        known.or_else(|| on_disk().filter(|number| !state.buried.contains(number)))
    }
}

/// How a start found things.
pub(crate) enum Created {
    Now(Durable),
    /// There is one; durable when this is.
    Before(Option<Durable>),
}

pub(crate) fn create(
    shared: &Shared,
    id: &InstanceId,
    start: Start,
) -> Result<Created, ProviderError> {
    let mut numbers = Numbers::look_up(shared, START, [id])?;
    shared.act(START, |state, disk, now| {
        let refreshed = numbers.refresh(state, disk);
        refreshed.map_err(|error| error.into_provider(START, id))?;
        if numbers.of(state, id).is_some() {
            return Ok(Created::Before(state.barrier()));
        }
        let new = NewInstance::new(state.next_instance, id.clone(), start, false, now);
        state.create(new.map_err(|error| unstorable(&error))?, now);
        Ok(Created::Now(state.join()))
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
    let mut numbers = Numbers::look_up(shared, ENQUEUE, [id])?;
    shared.act(ENQUEUE, |state, disk, now| {
        let refreshed = numbers.refresh(state, disk);
        refreshed.map_err(|error| error.into_provider(ENQUEUE, id))?;
        let number = numbers.of(state, id);
        let number = number.ok_or(ProviderError::InstanceNotFound)?;
        let allowed = shared.options.max_inbox;
        let waiting = state.inboxes.get(&number).map_or(0, Inbox::waiting);
        let gets_through = matches!(message, Message::CancelRequested { .. })
            || state.sent_ids.knows(number, message_id);
        if waiting >= allowed && !gets_through {
            return Err(ProviderError::Refused(format!(
                "{waiting} messages wait in the inbox of `{id}`; {allowed} are allowed: send it again \
                 when the instance has taken some"
            )));
        }
        let sent = state.send(number, message_id, message, now);
        Ok(match sent.map_err(|error| unstorable(&error))? {
            Some(durable) => Sent::Now(durable),
            None => Sent::Before(state.barrier()),
        })
    })?
}
