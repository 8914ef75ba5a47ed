//! The verbs of activities, as changes of the [`State`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::history::{ErrorDetails, EventId, ExecutionId, Message};
use crate::provider::{ActivityFetch, ActivityLock, ActivityRequest};
use crate::storage::redb::bodies::{self, ActivityKey, Routing};
use crate::storage::redb::deliveries::Parcel;
use crate::storage::redb::inbox::{Deliveries, Head};
use crate::storage::redb::limits::MAX_RESIDENT_BYTES;
use crate::storage::redb::lot::Lot;
use crate::storage::redb::parking;
use crate::storage::redb::queue::{ActivityLease, Entry, Interest};
use crate::storage::redb::record::RecordError;
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::shelves::Shelf;
use crate::storage::redb::state::{Durable, Effect, Moment, State};

/// A leased activity, before what is missing was read.
#[derive(Debug)]
pub(crate) struct TakenActivity {
    pub(crate) key: ActivityKey,
    pub(crate) lock: ActivityLock,
    pub(crate) attempt: u32,
    pub(crate) head: Option<Arc<Head>>,
    pub(crate) request: Option<Result<ActivityRequest, String>>,
}

/// Where fetches of activities wait.
pub(crate) struct ActivityQueue;

impl parking::Queue for ActivityQueue {
    type Interest = Interest;
    type Reason = Shelf;

    fn lot(state: &mut State) -> &mut Lot<Interest, Shelf> {
        &mut state.activity_lot
    }

    fn hand_on(state: &mut State, reason: Shelf, _now: Moment) {
        if state.activities.has(&reason) {
            state.call_for(reason);
        }
    }
}

impl State {
    /// Queues an activity of the turn that is being applied; it can be fetched once that is durable.
    pub(crate) fn queue_activity(
        &mut self,
        instance: u64,
        execution_id: ExecutionId,
        source: EventId,
        head: &Arc<Head>,
        request: Option<ActivityRequest>,
    ) {
        let by_source = (instance, execution_id, source);
        if self.activities.of_source(&by_source).is_some() {
            return;
        }
        let routing = request.as_ref().map(routing_of).unwrap_or_default();
        let sequence = self.activities.next;
        let key = ActivityKey {
            sequence,
            instance,
            execution_id,
            source,
        };
        let Ok(record) = bodies::encode_activity(&key, &routing) else {
            return;
        };
        self.activities.next = sequence.saturating_add(1);
        self.open.changes.insert(RowKey::Activity(key), record);
        self.open.effects.push(Effect::OfferActivity(sequence));
        let bytes = request.as_ref().map_or(0, bytes_of);
        let resident = self.resident.saturating_add(bytes);
        let request = request.filter(|_| resident <= MAX_RESIDENT_BYTES);
        if request.is_some() {
            self.resident = resident;
        }
        self.activities.add(Entry {
            key,
            routing,
            head: Some(Arc::clone(head)),
            request: request.map(Ok),
            deliveries: Deliveries::default(),
            is_isolated: false,
            lease: None,
            due: None,
        });
    }

    /// The activity is durable: somebody may fetch it.
    pub(crate) fn offer_activity(&mut self, sequence: u64) {
        // It may have been taken back since.
        if self.activities.make_ready(sequence) {
            self.call_for_activities();
        }
    }

    /// Wakes somebody for each activity that could be taken of late.
    pub(crate) fn call_for_activities(&mut self) {
        for place in self.activities.take_news() {
            self.call_for(place);
        }
    }

    /// Wakes somebody for what stands there.
    fn call_for(&mut self, place: Shelf) {
        let activities = &self.activities;
        let wanted = place.clone();
        let wants = |interest: &Interest| activities.wants(interest, &wanted);
        self.activity_lot.wake_one(place, wants);
    }

    /// Leases up to `max` activities that the fetch wants. True: attempts were written, to be
    /// waited for.
    pub(crate) fn take_activities(
        &mut self,
        fetch: &ActivityFetch,
        now: Moment,
        mut unique_id: impl FnMut() -> u128,
    ) -> (Vec<TakenActivity>, bool) {
        let mut leased = Vec::new();
        let mut wrote = false;
        let expires = now.elapsed.saturating_add(fetch.lock_timeout);
        self.activities.promote(now.elapsed);
        while leased.len() < fetch.max {
            let Some(sequence) = self.activities.first(fetch) else {
                break;
            };
            self.activities.take(sequence, fetch, now.elapsed);
            let epoch = self.grant();
            let token = unique_id();
            let Some(entry) = self.activities.entry(sequence) else {
                continue;
            };
            let sessions = fetch.sessions.as_ref();
            entry.lease = Some(ActivityLease {
                epoch,
                token,
                expires,
                owner: sessions.map(|sessions| sessions.owner_id.clone()),
            });
            let deliveries = &mut entry.deliveries;
            deliveries.count = deliveries.count.saturating_add(1);
            if deliveries.is_suspect
                && let Ok(record) = bodies::encode_attempts(deliveries.count)
            {
                let key = RowKey::Attempts(Queue::Activities, sequence);
                self.open.changes.replace(key, record);
                deliveries.is_suspect = false;
                deliveries.has_row = true;
                wrote = true;
            }
            leased.push(TakenActivity {
                key: entry.key,
                lock: ActivityLock {
                    activity: sequence,
                    epoch,
                    token,
                },
                attempt: deliveries.count,
                head: entry.head.clone(),
                request: entry.request.clone(),
            });
            self.activities.schedule(sequence, Some(expires));
        }
        if !leased.is_empty() {
            let due = self.activities.next_due();
            self.activity_lot.expect(due.unwrap_or(expires));
        }
        // Others may have been due at the same moment.
        self.call_for_activities();
        (leased, wrote)
    }

    /// Replaces a queued activity by its completion. `None`: the lock is lost.
    pub(crate) fn complete_activity(
        &mut self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
        now: Moment,
    ) -> Result<Option<Durable>, RecordError> {
        let Some(entry) = self.activities.locked(lock) else {
            return Ok(None);
        };
        let ActivityKey {
            instance,
            execution_id,
            source,
            ..
        } = entry.key;
        let message = match result {
            Ok(result) => Message::ActivityCompleted {
                execution_id,
                source,
                result,
            },
            Err(details) => Message::ActivityFailed {
                execution_id,
                source,
                details,
            },
        };
        let completion = Parcel::new(instance, message, None)?;
        self.activities.touch(lock.activity, now.elapsed);
        self.drop_activity(lock.activity);
        self.call_for_activities();
        self.deliver(instance, completion, now);
        Ok(Some(self.join()))
    }

    /// Puts a leased activity back. False: the lock is lost.
    pub(crate) fn give_back_activity(
        &mut self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
        elapsed: Duration,
    ) -> bool {
        let Some(entry) = self.activities.locked(lock) else {
            return false;
        };
        entry.lease = None;
        if forget_attempt {
            let deliveries = &mut entry.deliveries;
            deliveries.count = deliveries.count.saturating_sub(1);
            if deliveries.has_row
                && let Ok(record) = bodies::encode_attempts(deliveries.count)
            {
                // Nobody waits for it: lost, it is one attempt too many.
                deliveries.is_suspect = true;
                let key = RowKey::Attempts(Queue::Activities, lock.activity);
                self.open.changes.replace(key, record);
            }
        }
        self.activities.end_isolation(lock.activity);
        if delay.is_zero() {
            self.activities.schedule(lock.activity, None);
            self.activities.make_ready(lock.activity);
        } else {
            let due = elapsed.saturating_add(delay);
            // Its lease may have run out before: then it could be taken again.
            self.activities.put_off(lock.activity);
            self.activities.schedule(lock.activity, Some(due));
            self.activity_lot.expect(due);
        }
        self.call_for_activities();
        true
    }

    /// Prolongs a lease. False: the lock is lost.
    pub(crate) fn renew_activity(
        &mut self,
        lock: &ActivityLock,
        lock_timeout: Duration,
        elapsed: Duration,
    ) -> bool {
        let Some(entry) = self.activities.locked(lock) else {
            return false;
        };
        let Some(lease) = entry.lease.as_mut() else {
            return false;
        };
        if lease.expires <= elapsed {
            return false;
        }
        let expires = elapsed.saturating_add(lock_timeout);
        if expires > lease.expires {
            lease.expires = expires;
            self.activities.schedule(lock.activity, Some(expires));
        }
        self.activities.touch(lock.activity, elapsed);
        true
    }

    /// Prolongs the claims of these owners on sessions; how many.
    pub(crate) fn renew_sessions(
        &mut self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
        elapsed: Duration,
    ) -> usize {
        let owners: BTreeSet<&String> = owners.iter().collect();
        let activities = &mut self.activities;
        activities.renew_sessions(&owners, lock_timeout, idle_timeout, elapsed)
    }

    /// Ends the claims of these owners on sessions, and calls for whoever can have them now; how many.
    pub(crate) fn release_sessions(&mut self, owners: &[String], elapsed: Duration) -> usize {
        let owners: BTreeSet<&String> = owners.iter().collect();
        let released = self.activities.release_sessions(&owners, elapsed);
        self.call_for_activities();
        released
    }

    /// Takes an activity back, if it is not done yet.
    pub(crate) fn cancel_activity(
        &mut self,
        instance: u64,
        execution_id: ExecutionId,
        source: EventId,
    ) {
        let by_source = (instance, execution_id, source);
        if let Some(sequence) = self.activities.of_source(&by_source) {
            self.drop_activity(sequence);
            self.call_for_activities();
        }
    }

    /// Takes an activity out of memory, and off the disk.
    pub(crate) fn drop_activity(&mut self, sequence: u64) {
        let Some(entry) = self.activities.remove(sequence) else {
            return;
        };
        self.open.in_hand.activity(&entry);
        let changes = &mut self.open.changes;
        changes.delete(RowKey::Activity(entry.key));
        if entry.deliveries.has_row {
            changes.delete(RowKey::Attempts(Queue::Activities, sequence));
        }
        if let Some(Ok(request)) = &entry.request {
            self.resident = self.resident.saturating_sub(bytes_of(request));
        }
    }
}

fn routing_of(request: &ActivityRequest) -> Routing {
    Routing {
        session: request.session_id.clone(),
        tag: request.tag.clone(),
    }
}

fn bytes_of(request: &ActivityRequest) -> usize {
    request.name.len().saturating_add(request.input.len())
}
