//! The queue of activities, and its verbs as changes of the [`State`].

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::history::{ErrorDetails, EventId, ExecutionId, Message};
use crate::provider::{ActivityLock, ActivityRequest};
use crate::storage::redb::bodies::{self, ActivityKey};
use crate::storage::redb::inbox::{Deliveries, Head};
use crate::storage::redb::isolation::Isolation;
use crate::storage::redb::limits::MAX_RESIDENT_BYTES;
use crate::storage::redb::record::RecordError;
use crate::storage::redb::recovery;
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::state::{Durable, Effect, Moment, State};

/// All activities that are not done.
#[derive(Debug)]
pub(crate) struct Activities {
    next: u64,
    entries: HashMap<u64, Entry>,
    /// To take back an activity by the event that scheduled it.
    by_source: HashMap<(u64, ExecutionId, EventId), u64>,
    /// Durable, visible and not leased; first in, first out.
    ready: BTreeSet<u64>,
    /// The same for those that start alone.
    isolation: Isolation,
    due: BTreeSet<(Duration, u64)>,
}

/// One activity that is not done.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: ActivityKey,
    pub(crate) head: Option<Arc<Head>>,
    /// `None`: to be read from the history.
    pub(crate) request: Option<Result<ActivityRequest, String>>,
    pub(crate) deliveries: Deliveries,
    /// Out in several crashes: it starts alone.
    pub(crate) is_isolated: bool,
    pub(crate) lease: Option<ActivityLease>,
    /// When the lease ends, or the delay: its place among what is due.
    pub(crate) due: Option<Duration>,
}

/// The right to complete an activity.
#[derive(Debug)]
pub(crate) struct ActivityLease {
    epoch: u64,
    token: u128,
    expires: Duration,
}

/// A leased activity, before what is missing was read.
#[derive(Debug)]
pub(crate) struct TakenActivity {
    pub(crate) key: ActivityKey,
    pub(crate) lock: ActivityLock,
    pub(crate) attempt: u32,
    pub(crate) head: Option<Arc<Head>>,
    pub(crate) request: Option<Result<ActivityRequest, String>>,
}

impl Activities {
    /// The queue of a new store.
    pub(crate) fn new() -> Self {
        Self {
            next: 1,
            entries: HashMap::new(),
            by_source: HashMap::new(),
            ready: BTreeSet::new(),
            isolation: Isolation::default(),
            due: BTreeSet::new(),
        }
    }

    /// Adds an activity that was found on disk.
    pub(crate) fn found(&mut self, entry: Entry) {
        let ActivityKey {
            sequence,
            instance,
            execution_id,
            source,
        } = entry.key;
        self.next = recovery::behind(self.next, sequence);
        self.by_source
            .insert((instance, execution_id, source), sequence);
        self.entries.insert(sequence, entry);
        self.make_ready(sequence);
    }

    /// How many could be taken now.
    pub(crate) fn ready_len(&self, elapsed: Duration) -> usize {
        let isolated = usize::from(self.isolation.is_open(elapsed));
        self.ready.len().saturating_add(isolated)
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        let due = self.due.first().map(|(due, _)| *due);
        due.into_iter().chain(self.isolation.next_due()).min()
    }

    /// It can be taken. False: there is no such activity.
    fn make_ready(&mut self, sequence: u64) -> bool {
        match self.entries.get(&sequence) {
            Some(entry) if entry.is_isolated => self.isolation.add(sequence),
            Some(_) => {
                self.ready.insert(sequence);
            }
            None => return false,
        }
        true
    }

    /// The next one to be taken.
    fn pop_ready(&mut self, elapsed: Duration) -> Option<u64> {
        self.isolation
            .take(elapsed)
            .or_else(|| self.ready.pop_first())
    }

    /// Lets leases and delays end. Wakes nobody: the caller is about to take.
    pub(crate) fn promote(&mut self, elapsed: Duration) {
        while let Some(&(due, sequence)) = self.due.first() {
            if due > elapsed {
                break;
            }
            self.due.pop_first();
            if let Some(entry) = self.entries.get_mut(&sequence) {
                entry.due = None;
                self.isolation.end(sequence);
                self.make_ready(sequence);
            }
        }
    }

    /// The entry that a lock is good for.
    fn locked(&mut self, lock: &ActivityLock) -> Option<&mut Entry> {
        self.entries.get_mut(&lock.activity).filter(|entry| {
            entry
                .lease
                .as_ref()
                .is_some_and(|lease| lease.epoch == lock.epoch && lease.token == lock.token)
        })
    }

    fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let entry = self.entries.remove(&sequence)?;
        let ActivityKey {
            instance,
            execution_id,
            source,
            ..
        } = entry.key;
        let by_source = (instance, execution_id, source);
        if self.by_source.get(&by_source) == Some(&sequence) {
            self.by_source.remove(&by_source);
        }
        self.ready.remove(&sequence);
        if let Some(due) = entry.due {
            self.due.remove(&(due, sequence));
        }
        Some(entry)
    }

    /// Moves an entry among what is due; `None` takes it out.
    fn schedule(&mut self, sequence: u64, due: Option<Duration>) {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut entry.due, due) {
            self.due.remove(&(old, sequence));
        }
        if let Some(due) = due {
            self.due.insert((due, sequence));
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
        if self.activities.by_source.contains_key(&by_source) {
            return;
        }
        let sequence = self.activities.next;
        let key = ActivityKey {
            sequence,
            instance,
            execution_id,
            source,
        };
        let Ok(record) = bodies::encode_activity(&key) else {
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
        self.activities.by_source.insert(by_source, sequence);
        self.activities.entries.insert(
            sequence,
            Entry {
                key,
                head: Some(Arc::clone(head)),
                request: request.map(Ok),
                deliveries: Deliveries::default(),
                is_isolated: false,
                lease: None,
                due: None,
            },
        );
    }

    /// The activity is durable: somebody may fetch it.
    pub(crate) fn offer_activity(&mut self, sequence: u64) {
        // It may have been taken back since.
        if self.activities.make_ready(sequence) {
            self.activity_lot.wake_one();
        }
    }

    /// Leases up to `max` activities. True: attempts were written, to be waited for.
    pub(crate) fn take_activities(
        &mut self,
        max: usize,
        lock_timeout: Duration,
        now: Moment,
        mut unique_id: impl FnMut() -> u128,
    ) -> (Vec<TakenActivity>, bool) {
        let mut leased = Vec::new();
        let mut wrote = false;
        let expires = now.elapsed.saturating_add(lock_timeout);
        while leased.len() < max {
            let Some(sequence) = self.activities.pop_ready(now.elapsed) else {
                break;
            };
            let epoch = self.grant();
            let token = unique_id();
            let Some(entry) = self.activities.entries.get_mut(&sequence) else {
                continue;
            };
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
            entry.lease = Some(ActivityLease {
                epoch,
                token,
                expires,
            });
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
            self.activity_lot.expect(expires);
        }
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
        let record = bodies::encode_message(instance, &message, 0)?;
        self.drop_activity(lock.activity);
        self.deliver(instance, message, record, None, now);
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
        let next_may_start = self.activities.isolation.end(lock.activity);
        if next_may_start {
            self.activity_lot.wake_one();
        }
        let Some(entry) = self.activities.entries.get_mut(&lock.activity) else {
            return false;
        };
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
        if delay.is_zero() {
            self.activities.schedule(lock.activity, None);
            self.offer_activity(lock.activity);
        } else {
            let due = elapsed.saturating_add(delay);
            // Its lease may have run out before: then it stood in the ready queue again.
            self.activities.ready.remove(&lock.activity);
            self.activities.schedule(lock.activity, Some(due));
            self.activity_lot.expect(due);
        }
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
        true
    }

    /// Takes an activity back, if it is not done yet.
    pub(crate) fn cancel_activity(
        &mut self,
        instance: u64,
        execution_id: ExecutionId,
        source: EventId,
    ) {
        let by_source = (instance, execution_id, source);
        if let Some(&sequence) = self.activities.by_source.get(&by_source) {
            self.drop_activity(sequence);
        }
    }

    fn drop_activity(&mut self, sequence: u64) {
        let Some(entry) = self.activities.remove(sequence) else {
            return;
        };
        if self.activities.isolation.end(sequence) {
            self.activity_lot.wake_one();
        }
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

fn bytes_of(request: &ActivityRequest) -> usize {
    request.name.len().saturating_add(request.input.len())
}
