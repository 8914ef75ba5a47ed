//! Deleting instances: look aside which rows there are, then take everything out of memory and off
//! the disk in one group. One deletion at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::history::InstanceId;
use crate::provider::{Deleted, ProviderError, deletion_notice};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::bodies::TimerKey;
use crate::storage::redb::checks::unstorable;
use crate::storage::redb::deliveries::Parcel;
use crate::storage::redb::inbox::{Body, Inbox, Origin, bytes_of};
use crate::storage::redb::record::RecordError;
use crate::storage::redb::remains::{self, Remains};
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::shared::{Shared, reopened, until};
use crate::storage::redb::state::{Durable, Effect, Group, State, TurnDue};

const DELETE: &str = "delete instances";

/// What happens while somebody looks which rows are to be deleted.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    timers: Vec<TimerKey>,
    /// Parents and children.
    children: Vec<(InstanceId, InstanceId)>,
}

impl Watch {
    /// A timer was set.
    pub(crate) fn set(&mut self, timer: TimerKey) {
        self.timers.push(timer);
    }

    /// An instance was started.
    pub(crate) fn born(&mut self, parent: InstanceId, child: InstanceId) {
        self.children.push((parent, child));
    }
}

/// Deletes all of these instances, or none.
pub(crate) async fn delete(
    store: &RedbProvider,
    ids: &[InstanceId],
    force: bool,
) -> Result<Deleted, ProviderError> {
    let shared = store.shared();
    let _others_wait = shared.removals.lock().await;
    let (watching, before) = Watching::begin(shared)?;
    // Whatever was done before is on disk when we look; what is done later is watched.
    if let Some(before) = before {
        until(DELETE, before).await?;
    }
    let ids: Arc<BTreeSet<InstanceId>> = Arc::new(ids.iter().cloned().collect());
    let wanted = Arc::clone(&ids);
    let look = move |shared: &Shared| {
        let disk = Arc::clone(shared.lock().phase.disk(DELETE)?);
        remains::remains(&disk, &wanted).map_err(|error| {
            shared.report(&disk, &error);
            error.into_plain(DELETE)
        })
    };
    let found = store.aside(DELETE, look).await?;
    let done = shared.act(DELETE, |state, _, now| {
        let incarnation = watching.incarnation;
        if state.incarnation != incarnation {
            return Err(reopened(DELETE));
        }
        let watch = state.removal.take().unwrap_or_default();
        state.check_deletion(&ids, &found, &watch, force)?;
        let notices = state.notices(&found);
        let notices = notices.map_err(|error| unstorable(&error))?;
        let deleted = state.delete(found, watch);
        for (parent, notice) in notices {
            state.deliver(parent, notice, now);
        }
        Ok((deleted, state.join()))
    })?;
    let (deleted, durable) = done?;
    until(DELETE, durable).await?;
    Ok(deleted)
}

/// Somebody watches what happens; it ends with this.
struct Watching<'a> {
    shared: &'a Shared,
    incarnation: u64,
}

impl<'a> Watching<'a> {
    fn begin(shared: &'a Shared) -> Result<(Self, Option<Durable>), ProviderError> {
        shared.act(DELETE, |state, _, _| {
            state.removal = Some(Watch::default());
            let incarnation = state.incarnation;
            let watching = Self {
                shared,
                incarnation,
            };
            (watching, state.barrier())
        })
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.shared.lock().state.removal = None;
    }
}

impl State {
    /// Whether these instances may go.
    fn check_deletion(
        &self,
        ids: &BTreeSet<InstanceId>,
        remains: &Remains,
        watch: &Watch,
        force: bool,
    ) -> Result<(), ProviderError> {
        let gone: BTreeSet<&InstanceId> = remains.instances.iter().map(|found| &found.id).collect();
        for found in &remains.instances {
            let id = &found.id;
            let row = self.row(found.number);
            if !force && !row.map_or(found.ended, |row| row.ended) {
                let problem = format!("`{id}` has not ended; nothing was deleted");
                return Err(ProviderError::Refused(problem));
            }
            if let Some(child) = found.children.iter().find(|child| !ids.contains(child)) {
                let problem = format!(
                    "`{id}` has the child `{child}`, which is to be deleted with it; \
                     nothing was deleted"
                );
                return Err(ProviderError::Refused(problem));
            }
            // What was not there when somebody looked does not go, whoever named it.
            let mut young = watch.children.iter();
            let stays = |(parent, child): &&_| parent == id && !gone.contains(child);
            if let Some((_, child)) = young.find(stays) {
                let problem = format!(
                    "`{id}` has started the child `{child}` meanwhile, which is to be deleted with \
                     it: look again; nothing was deleted"
                );
                return Err(ProviderError::Refused(problem));
            }
        }
        Ok(())
    }

    /// What is told to those who wait for the end of one of these, and stay.
    fn notices(&self, remains: &Remains) -> Result<Vec<(u64, Parcel)>, RecordError> {
        let gone: BTreeSet<u64> = remains.instances.iter().map(|found| found.number).collect();
        let mut notices = Vec::new();
        for found in &remains.instances {
            let row = self.row(found.number);
            let ended = row.map_or(found.ended, |row| row.ended);
            if let Some((number, parent)) = &found.waits
                && !ended
                && !gone.contains(number)
            {
                let (_, message) = deletion_notice(&found.id, parent);
                notices.push((*number, Parcel::new(*number, message, None)?));
            }
        }
        Ok(notices)
    }

    /// Takes them out of memory at once, and off the disk with the open group.
    fn delete(&mut self, remains: Remains, watch: Watch) -> Deleted {
        let mut deleted = Deleted::default();
        let numbers: BTreeSet<u64> = remains.instances.iter().map(|found| found.number).collect();
        let mut timers: BTreeSet<TimerKey> = remains.timers.into_iter().collect();
        let young = watch.timers.into_iter();
        timers.extend(young.filter(|timer| numbers.contains(&timer.instance)));
        for found in remains.instances {
            deleted.instances = deleted.instances.saturating_add(1);
            deleted.executions = deleted.executions.saturating_add(found.executions);
            deleted.events = deleted.events.saturating_add(found.events);
            let changes = &mut self.open.changes;
            changes.delete(RowKey::Id(found.id.as_str().to_owned()));
            changes.drop_instance(found.number);
            if let Some(parent) = found.parent {
                changes.delete(RowKey::Child(parent.to_string(), found.id.to_string()));
            }
            let queued = self.empty(found.number, &mut timers);
            deleted.queued = deleted.queued.saturating_add(queued);
            self.bury(found.number, found.id);
        }
        deleted.queued = deleted.queued.saturating_add(timers.len() as u64);
        for timer in timers {
            self.cancel_timer(timer);
        }
        let is_alive = |effect: &Effect| match effect {
            Effect::ArmTimer(timer) => !numbers.contains(&timer.instance),
            Effect::ReleaseTurn { .. }
            | Effect::ShowMessage { .. }
            | Effect::OfferActivity(_)
            | Effect::SettleTimer(_)
            | Effect::Changed(_)
            | Effect::Ended(_)
            | Effect::Buried(_) => true,
        };
        self.open.effects.retain(is_alive);
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.effects.retain(is_alive);
        }
        self.call_for_activities();
        deleted
    }

    /// Removes messages and activities; how many there were. Timers that have become messages are
    /// taken out of `timers`.
    fn empty(&mut self, instance: u64, timers: &mut BTreeSet<TimerKey>) -> u64 {
        let mut queued = 0_u64;
        for sequence in self.activities.of_instance(instance) {
            self.drop_activity(sequence);
            queued = queued.saturating_add(1);
        }
        let Some(Inbox {
            messages, lease, ..
        }) = self.inboxes.remove(&instance)
        else {
            return queued;
        };
        let mut taken = Vec::new();
        if let Some(lease) = lease {
            let epoch = lease.epoch;
            let due = TurnDue::Lease { instance, epoch };
            self.due.remove(&(lease.expires, due));
            taken = lease.taken;
        }
        queued = queued.saturating_add(messages.len() as u64);
        let Group {
            changes, in_hand, ..
        } = &mut self.open;
        for message in messages {
            in_hand.message(&message, taken.binary_search(&message.place).is_ok());
            if let Some(id) = message.sent_as {
                self.sent_ids.consume(instance, id);
            }
            if let Body::Here(content) = &message.body {
                self.resident = self.resident.saturating_sub(bytes_of(content));
            }
            let sequence = message.place.id;
            match message.origin {
                Origin::Inbox => {
                    changes.delete(RowKey::Inbox { sequence, instance });
                    if message.deliveries.has_row {
                        changes.delete(RowKey::Attempts(Queue::Inbox, sequence));
                    }
                }
                Origin::Timer(key) => {
                    changes.delete(RowKey::Timer(key));
                    timers.remove(&key);
                }
            }
        }
        queued
    }

    /// Nobody finds it any more; its id can be used again.
    fn bury(&mut self, instance: u64, id: InstanceId) {
        self.forget_row(instance);
        self.by_id.remove(&id);
        let forget = |group: &mut Group| {
            group.awaited.remove(&instance);
            group.leased.remove(&instance);
        };
        forget(&mut self.open);
        self.buried.insert(instance);
        self.forgotten = self.forgotten.wrapping_add(1);
        self.open.effects.push(Effect::Buried(instance));
        self.open.effects.push(Effect::Changed(id));
    }
}
