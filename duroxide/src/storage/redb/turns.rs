//! Who may work on which instance: leases of turns, as changes of the [`State`].

use std::time::Duration;

use crate::history::Message;
use crate::provider::TurnLock;
use crate::storage::redb::bodies;
use crate::storage::redb::group::Changes;
use crate::storage::redb::inbox::{Body, Origin, Place, Queued, Row, Stage, TurnLease, Turnstile};
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::state::{Moment, State, TurnDue};

/// A leased instance, before what is missing was read.
#[derive(Debug)]
pub(crate) struct TakenTurn {
    pub(crate) instance: u64,
    pub(crate) epoch: u64,
    pub(crate) token: u128,
    pub(crate) row: Option<Row>,
    pub(crate) messages: Vec<TakenMessage>,
}

/// A message that was handed out.
#[derive(Debug)]
pub(crate) struct TakenMessage {
    pub(crate) id: u64,
    pub(crate) attempt: u32,
    /// `None`: to be read.
    pub(crate) message: Option<Result<Message, String>>,
}

impl State {
    /// Lets what is due happen. Wakes nobody: the caller is about to take.
    pub(crate) fn promote_turns(&mut self, now: Moment) {
        while let Some(&(due, what)) = self.due.first() {
            if due > now.elapsed {
                break;
            }
            self.due.pop_first();
            match what {
                TurnDue::Message { instance } => {
                    self.enqueue(instance, now.elapsed);
                }
                TurnDue::Lease { instance, epoch } => self.expire(instance, epoch, now.elapsed),
            }
        }
        while let Some((key, near)) = self.timers.pop_due(now.wall) {
            let id = self.message_id();
            let message = Message::TimerFired {
                execution_id: key.execution_id,
                source: key.source,
                fire_at: key.fire_at,
            };
            self.inbox(key.instance).add(Queued {
                place: Place::of(id, false),
                body: near.problem.map_or(Body::Here(message), Body::Unreadable),
                origin: Origin::Timer(key),
                deliveries: near.deliveries,
                sent_as: None,
                visible_at: Duration::ZERO,
                group: 0,
            });
            self.enqueue(key.instance, now.elapsed);
        }
    }

    /// When a parked fetch has to look again, on the monotonic clock.
    pub(crate) fn next_turn_due(&self, now: Moment) -> Option<Duration> {
        let due = self.due.first().map(|(due, _)| *due);
        let timer = self.timers.next_in(now.wall);
        let timer = timer.map(|wait| now.elapsed.saturating_add(wait));
        due.into_iter().chain(timer).min()
    }

    /// Leases up to `max` ready instances. True: attempts were written, to be waited for.
    pub(crate) fn take_turns(
        &mut self,
        max: usize,
        lock_timeout: Duration,
        now: Moment,
        mut unique_id: impl FnMut() -> u128,
    ) -> (Vec<TakenTurn>, bool) {
        let mut turns = Vec::new();
        let mut wrote = false;
        while turns.len() < max {
            let Some(instance) = self.ready.pop_front() else {
                break;
            };
            let durable = self.durable;
            let Some(inbox) = self.inboxes.get_mut(&instance) else {
                continue;
            };
            inbox.queued = false;
            if !inbox.is_ready(now.elapsed, durable) {
                continue;
            }
            let epoch = self.grant();
            let token = unique_id();
            let expires = now.elapsed.saturating_add(lock_timeout);
            self.due
                .insert((expires, TurnDue::Lease { instance, epoch }));
            let messages = self.hand_out(instance, now.elapsed, &mut wrote);
            let open = &mut self.open;
            open.awaited.remove(&instance);
            let Some(inbox) = self.inboxes.get_mut(&instance) else {
                continue;
            };
            if inbox
                .messages
                .iter()
                .any(|message| message.group == open.number)
            {
                open.leased.insert(instance);
            }
            inbox.lease = Some(TurnLease {
                epoch,
                token,
                expires,
                stage: Stage::Held,
                taken: messages.iter().map(|(place, _)| *place).collect(),
            });
            turns.push(TakenTurn {
                instance,
                epoch,
                token,
                row: inbox.row.clone(),
                messages: messages.into_iter().map(|(_, message)| message).collect(),
            });
        }
        if !turns.is_empty() {
            self.turn_lot
                .expect(now.elapsed.saturating_add(lock_timeout));
        }
        (turns, wrote)
    }

    /// Counts a delivery of each visible message.
    fn hand_out(
        &mut self,
        instance: u64,
        elapsed: Duration,
        wrote: &mut bool,
    ) -> Vec<(Place, TakenMessage)> {
        let durable = self.durable;
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return Vec::new();
        };
        let mut taken = Vec::new();
        let mut turnstile = Turnstile::new(elapsed, durable);
        for message in &mut inbox.messages {
            if !turnstile.passes(message) {
                continue;
            }
            let deliveries = &mut message.deliveries;
            deliveries.count = deliveries.count.saturating_add(1);
            if deliveries.is_suspect
                && let Some((key, record)) = attempts_row(message, instance)
            {
                self.open.changes.replace(key, record);
                message.deliveries.is_suspect = false;
                message.deliveries.has_row = true;
                *wrote = true;
            }
            let content = match &message.body {
                Body::Here(message) => Some(Ok(message.clone())),
                Body::OnDisk => None,
                Body::Unreadable(problem) => Some(Err(problem.clone())),
            };
            let handed = TakenMessage {
                id: message.place.id,
                attempt: message.deliveries.count,
                message: content,
            };
            taken.push((message.place, handed));
        }
        taken
    }

    /// Ends a lease without a turn. False: it was not held any more.
    pub(crate) fn give_back_turn(
        &mut self,
        instance: u64,
        epoch: u64,
        token: u128,
        delay: Duration,
        forget_attempt: bool,
        elapsed: Duration,
    ) -> bool {
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return false;
        };
        let Some(lease) = inbox.lease_of(epoch, token) else {
            return false;
        };
        if lease.stage == Stage::Committing {
            return false;
        }
        let places = std::mem::take(&mut lease.taken);
        let visible_at = elapsed.saturating_add(delay);
        for place in places {
            let Some(message) = inbox.find_mut(place) else {
                continue;
            };
            if !delay.is_zero() {
                message.visible_at = visible_at;
            }
            if forget_attempt {
                forget_delivery(message, instance, &mut self.open.changes);
            }
        }
        if !delay.is_zero() {
            self.due.insert((visible_at, TurnDue::Message { instance }));
            self.turn_lot.expect(visible_at);
        }
        self.end_lease(instance, epoch);
        self.offer(instance, elapsed);
        true
    }

    /// Prolongs a lease. False: it was not held any more.
    pub(crate) fn renew_turn(
        &mut self,
        lock: &TurnLock,
        lock_timeout: Duration,
        elapsed: Duration,
    ) -> bool {
        let Some(&instance) = self.by_id.get(&lock.instance) else {
            return false;
        };
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return false;
        };
        let Some(lease) = inbox.lease_of(lock.epoch, lock.token) else {
            return false;
        };
        match lease.stage {
            Stage::Committing => return true,
            Stage::Expired => return false,
            Stage::Held => {}
        }
        let expires = elapsed.saturating_add(lock_timeout);
        if lease.expires <= elapsed {
            return false;
        }
        if expires > lease.expires {
            let epoch = lease.epoch;
            let due = TurnDue::Lease { instance, epoch };
            self.due.remove(&(lease.expires, due));
            self.due.insert((expires, due));
            lease.expires = expires;
        }
        true
    }

    /// No row, no work: the instance waits until somebody repaired the store.
    pub(crate) fn set_aside(&mut self, instance: u64, epoch: u64) {
        if let Some(inbox) = self.inboxes.get_mut(&instance) {
            inbox.unreadable = true;
        }
        self.end_lease(instance, epoch);
    }

    /// The lease with this epoch is over.
    pub(crate) fn end_lease(&mut self, instance: u64, epoch: u64) {
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return;
        };
        if let Some(lease) = inbox.lease.take_if(|lease| lease.epoch == epoch) {
            let due = TurnDue::Lease { instance, epoch };
            self.due.remove(&(lease.expires, due));
            self.open.leased.remove(&instance);
        }
    }

    fn expire(&mut self, instance: u64, epoch: u64, elapsed: Duration) {
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return;
        };
        let held = |lease: &&mut TurnLease| lease.epoch == epoch && lease.stage == Stage::Held;
        if let Some(lease) = inbox.lease.as_mut().filter(held) {
            lease.stage = Stage::Expired;
            self.open.leased.remove(&instance);
            self.enqueue(instance, elapsed);
        }
    }
}

/// This delivery does not count.
pub(crate) fn forget_delivery(message: &mut Queued, instance: u64, changes: &mut Changes) {
    let deliveries = &mut message.deliveries;
    deliveries.count = deliveries.count.saturating_sub(1);
    if deliveries.has_row
        && let Some((key, record)) = attempts_row(message, instance)
    {
        // Nobody waits for it: lost, it is one attempt too many.
        message.deliveries.is_suspect = true;
        changes.replace(key, record);
    }
}

/// The row on disk that counts the deliveries of a message.
fn attempts_row(message: &Queued, instance: u64) -> Option<(RowKey, Vec<u8>)> {
    let count = message.deliveries.count;
    match message.origin {
        Origin::Inbox => {
            let key = RowKey::Attempts(Queue::Inbox, message.place.id);
            Some((key, bodies::encode_attempts(count).ok()?))
        }
        Origin::Timer(key) => {
            debug_assert_eq!(key.instance, instance, "an inbox has its own timers only");
            Some((RowKey::Timer(key), bodies::encode_timer(&key, count).ok()?))
        }
    }
}
