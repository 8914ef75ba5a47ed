//! What is under way in a store that is being opened. A row that cannot be read concerns its
//! owner, whom its key names; it is handed out as an error and keeps nobody else waiting.

use std::collections::HashMap;
use std::time::Duration;

use crate::history::Message;
use crate::storage::redb::bodies::{self, Routing, StoredMessage, TimerKey};
use crate::storage::redb::inbox::{Body, Deliveries, Origin, Place, Queued, bytes_of};
use crate::storage::redb::limits::{ISOLATE_AFTER, MAX_RESIDENT_BYTES};
use crate::storage::redb::open::{OpenError, from_redb};
use crate::storage::redb::queue::{Activities, Entry};
use crate::storage::redb::reads;
use crate::storage::redb::schema::{FIRST_ACTIVITY, FIRST_ATTEMPTS, FIRST_MESSAGE, Queue, RowKey};
use crate::storage::redb::state::State;
use crate::storage::redb::timers::{self, NEAR, Timers};
use crate::storage::redb::view::View;
use crate::time::Timestamp;

/// What was under way.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) next_instance: u64,
    pub(crate) next_message: u64,
    /// With the numbers of their instances.
    pub(crate) messages: Vec<(u64, Queued)>,
    pub(crate) activities: Activities,
    pub(crate) timers: Timers,
    /// Bytes of payloads in memory.
    pub(crate) resident: usize,
}

impl Found {
    /// What is under way in a new store.
    pub(crate) fn nothing(now: Timestamp) -> Self {
        Self {
            next_instance: 1,
            next_message: 1,
            messages: Vec::new(),
            activities: Activities::new(),
            timers: Timers::new(timers::before(now.saturating_add(NEAR)), false),
            resident: 0,
        }
    }
}

/// How often something was delivered, where this process knows it better than the file of its store
/// that failed: what it had handed out then was not what ended a process, and a store that is away
/// fails nobody. That delivery is not counted, whether its end was under way or not.
#[derive(Debug, Default)]
pub(crate) struct InHand {
    messages: HashMap<u64, u32>,
    timers: HashMap<TimerKey, u32>,
    activities: HashMap<u64, u32>,
}

impl InHand {
    /// What is known in a state that is void from now on.
    pub(crate) fn of(state: &State) -> Self {
        let mut known = Self::default();
        for inbox in state.inboxes.values() {
            let taken = inbox.lease.as_ref().map(|lease| &*lease.taken);
            for message in &inbox.messages {
                let is_out = taken.is_some_and(|taken| taken.binary_search(&message.place).is_ok());
                known.message(message, is_out);
            }
        }
        for (key, near) in state
            .timers
            .near()
            .filter(|(_, near)| near.deliveries.has_row)
        {
            known.timers.insert(*key, near.deliveries.count);
        }
        for entry in state.activities.entries() {
            known.activity(entry);
        }
        // What was done with, if only its group had come to the disk.
        for group in state.in_flight.iter().chain([&state.open]) {
            let ended = &group.in_hand;
            known.messages.extend(&ended.messages);
            known.timers.extend(&ended.timers);
            known.activities.extend(&ended.activities);
        }
        known
    }

    /// `is_out`: somebody has it.
    pub(crate) fn message(&mut self, message: &Queued, is_out: bool) {
        // Else the file says what it said before: never.
        if !message.deliveries.has_row {
            return;
        }
        let count = before(message.deliveries, is_out);
        match message.origin {
            Origin::Inbox => self.messages.insert(message.place.id, count),
            Origin::Timer(key) => self.timers.insert(key, count),
        };
    }

    pub(crate) fn activity(&mut self, entry: &Entry) {
        if !entry.deliveries.has_row {
            return;
        }
        let count = before(entry.deliveries, entry.lease.is_some());
        self.activities.insert(entry.key.sequence, count);
    }

    fn of_row(&self, queue: Queue, sequence: u64) -> Option<u32> {
        match queue {
            Queue::Inbox => self.messages.get(&sequence).copied(),
            Queue::Activities => self.activities.get(&sequence).copied(),
        }
    }
}

/// Without the delivery that is under way.
fn before(deliveries: Deliveries, is_out: bool) -> u32 {
    deliveries.count.saturating_sub(u32::from(is_out))
}

/// Reads the queues, and the near timers.
pub(crate) fn scan(view: &View, now: Timestamp, in_hand: &InHand) -> Result<Found, OpenError> {
    let mut attempts = attempts(view).map_err(from_redb)?;
    for (&(queue, sequence), count) in &mut attempts {
        if let Ok(count) = count
            && let Some(known) = in_hand.of_row(queue, sequence)
        {
            *count = known.min(*count);
        }
    }
    let mut found = Found::nothing(now);
    if let Some(last) = view.last_instance().map_err(from_redb)? {
        found.next_instance = behind(found.next_instance, last);
    }
    messages(view, &attempts, &mut found).map_err(from_redb)?;
    activities(view, &attempts, &mut found).map_err(from_redb)?;
    let from = timers::before(Timestamp::ZERO);
    found.timers = Timers::new(from, true);
    let mut loaded = reads::timers_in(view, from, now.saturating_add(NEAR)).map_err(from_redb)?;
    for (key, near) in &mut loaded.near {
        if let Some(known) = in_hand.timers.get(key) {
            near.deliveries.count = near.deliveries.count.min(*known);
        }
    }
    found.timers.loaded(loaded);
    Ok(found)
}

/// A number that is not in use. Numbers without end only stand in damaged rows.
pub(crate) fn behind(next: u64, used: u64) -> u64 {
    const LARGEST: u64 = 1 << 62;
    if used < LARGEST {
        next.max(used.saturating_add(1))
    } else {
        next
    }
}

type Attempts = HashMap<(Queue, u64), Result<u32, String>>;

fn attempts(view: &View) -> Result<Attempts, ::redb::Error> {
    let mut attempts = HashMap::new();
    for row in view.rows(&FIRST_ATTEMPTS, None)? {
        let (RowKey::Attempts(queue, sequence), record) = row? else {
            break;
        };
        let count = bodies::decode_attempts(record.value())
            .map_err(|error| format!("the number of attempts: {error}"));
        attempts.insert((queue, sequence), count);
    }
    Ok(attempts)
}

/// A row that survived the process may be what ended it.
fn deliveries(attempts: &Attempts, queue: Queue, sequence: u64) -> (Deliveries, Option<String>) {
    let row = attempts.get(&(queue, sequence));
    let (count, problem) = match row {
        None => (0, None),
        Some(Ok(count)) => (*count, None),
        Some(Err(problem)) => (0, Some(problem.clone())),
    };
    let deliveries = Deliveries {
        count,
        is_suspect: true,
        has_row: row.is_some(),
    };
    (deliveries, problem)
}

fn messages(view: &View, attempts: &Attempts, found: &mut Found) -> Result<(), ::redb::Error> {
    for row in view.rows(&FIRST_MESSAGE, None)? {
        let (RowKey::Inbox { sequence, instance }, record) = row? else {
            break;
        };
        found.next_message = behind(found.next_message, sequence);
        found.next_instance = behind(found.next_instance, instance);
        let (deliveries, problem) = deliveries(attempts, Queue::Inbox, sequence);
        let message = problem.map_or_else(|| reads::message_in(instance, record.value()), Err);
        let is_start =
            matches!(&message, Ok(stored) if matches!(stored.message, Message::Start(_)));
        let mut sender = None;
        let mut is_event = false;
        let body = match message {
            Ok(StoredMessage {
                message, sent_as, ..
            }) => {
                sender = sent_as;
                is_event = message.is_event();
                let resident = found.resident.saturating_add(bytes_of(&message));
                if resident <= MAX_RESIDENT_BYTES {
                    found.resident = resident;
                    Body::Here(message)
                } else {
                    Body::OnDisk
                }
            }
            Err(problem) => {
                tracing::error!(instance, sequence, problem, "a message cannot be read");
                Body::Unreadable(problem)
            }
        };
        let message = Queued {
            place: Place::of(sequence, is_start),
            body,
            origin: Origin::Inbox,
            deliveries,
            sent_as: sender,
            is_event,
            is_held: false,
            visible_at: Duration::ZERO,
            group: 0,
        };
        found.messages.push((instance, message));
    }
    Ok(())
}

fn activities(view: &View, attempts: &Attempts, found: &mut Found) -> Result<(), ::redb::Error> {
    for row in view.rows(&FIRST_ACTIVITY, None)? {
        let (RowKey::Activity(key), record) = row? else {
            break;
        };
        found.next_instance = behind(found.next_instance, key.instance);
        let (deliveries, problem) = deliveries(attempts, Queue::Activities, key.sequence);
        let checked = problem.map_or_else(
            || bodies::decode_activity(&key, record.value()).map_err(|error| error.to_string()),
            Err,
        );
        if let Err(problem) = &checked {
            let (instance, sequence) = (key.instance, key.sequence);
            tracing::error!(instance, sequence, problem, "an activity cannot be read");
        }
        let (routing, problem) = match checked {
            Ok(routing) => (routing, None),
            Err(problem) => (Routing::default(), Some(problem)),
        };
        found.activities.found(Entry {
            key,
            routing,
            head: None,
            request: problem.map(Err),
            is_isolated: deliveries.count >= ISOLATE_AFTER,
            deliveries,
            lease: None,
            due: None,
        });
    }
    Ok(())
}
