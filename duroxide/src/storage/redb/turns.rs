//! Who may work on which instance: leases of turns, as changes of the [`State`].

use std::time::Duration;

use crate::history::Message;
use crate::provider::{TurnFetch, TurnLock};
use crate::storage::redb::bodies;
use crate::storage::redb::group::Changes;
use crate::storage::redb::inbox::{Body, Origin, Place, Queued, Row, Stage, TurnLease, Turnstile};
use crate::storage::redb::lot::Lot;
use crate::storage::redb::parking;
use crate::storage::redb::ready::{Lane, fits};
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::state::{Moment, State, TurnDue};

/// A leased instance, before what is missing was read.
#[derive(Debug)]
pub(crate) struct TakenTurn {
    pub(crate) instance: u64,
    pub(crate) epoch: u64,
    pub(crate) token: u128,
    pub(crate) row: Row,
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

/// What a look at the ready queue comes to.
#[derive(Debug, Default)]
pub(crate) struct TakenTurns {
    pub(crate) turns: Vec<TakenTurn>,
    /// Instances whose rows have to be read before anybody can take them. [`State::found_row`] is to
    /// follow for each.
    pub(crate) unread: Vec<Unread>,
    /// Attempts were written, to be waited for.
    pub(crate) wrote: bool,
}

/// An instance whose row somebody reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unread {
    pub(crate) instance: u64,
    pub(crate) mark: u64,
}

/// Where fetches of turns wait.
pub(crate) struct TurnQueue;

impl parking::Queue for TurnQueue {
    type Interest = (u32, u32);
    type Reason = Lane;

    fn lot(state: &mut State) -> &mut Lot<(u32, u32), Lane> {
        &mut state.turn_lot
    }

    fn hand_on(state: &mut State, lane: Lane, _now: Moment) {
        if state.ready.has(lane) {
            state.call_for_turn(lane);
        }
    }
}

impl State {
    /// Wakes somebody who wants what is in this lane.
    pub(crate) fn call_for_turn(&mut self, lane: Lane) {
        let wants = |&(first, last): &(u32, u32)| fits(lane, &(first..=last));
        self.turn_lot.wake_one(lane, wants);
    }

    /// Lets what is due happen. Wakes nobody: gives the instances that became ready.
    fn promote_turns(&mut self, now: Moment) -> Vec<u64> {
        let mut promoted = Vec::new();
        while let Some(&(due, what)) = self.due.first() {
            if due > now.elapsed {
                break;
            }
            self.due.pop_first();
            match what {
                TurnDue::Message { instance } => {
                    if self.enqueue(instance, now.elapsed).is_some() {
                        promoted.push(instance);
                    }
                }
                TurnDue::Lease { instance, epoch } => {
                    if self.expire(instance, epoch, now.elapsed) {
                        promoted.push(instance);
                    }
                }
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
                is_event: false,
                is_held: false,
                visible_at: Duration::ZERO,
                group: 0,
            });
            if self.enqueue(key.instance, now.elapsed).is_some() {
                promoted.push(key.instance);
            }
        }
        promoted
    }

    /// When a parked fetch has to look again, on the monotonic clock.
    pub(crate) fn next_turn_due(&self, now: Moment) -> Option<Duration> {
        let due = self.due.first().map(|(due, _)| *due);
        let timer = self.timers.next_in(now.wall);
        let timer = timer.map(|wait| now.elapsed.saturating_add(wait));
        due.into_iter().chain(timer).min()
    }

    /// Leases up to `max` of the ready instances that the fetch wants.
    pub(crate) fn take_turns(
        &mut self,
        fetch: &TurnFetch,
        now: Moment,
        mut unique_id: impl FnMut() -> u128,
    ) -> TakenTurns {
        let promoted = self.promote_turns(now);
        let mut taken = TakenTurns::default();
        while taken.turns.len().saturating_add(taken.unread.len()) < fetch.max {
            let Some((lane, instance)) = self.ready.first(&fetch.semantics) else {
                break;
            };
            match self.look_at(lane, instance, now.elapsed) {
                Seen::Known => {
                    self.ready.pop(lane);
                    let lease = (fetch.lock_timeout, unique_id());
                    let turn = self.lease_turn(instance, lease, now.elapsed, &mut taken.wrote);
                    taken.turns.extend(turn);
                }
                Seen::Unknown => {
                    self.ready.pop(lane);
                    let mark = self.grant();
                    if let Some(inbox) = self.inboxes.get_mut(&instance) {
                        inbox.queued = false;
                        inbox.reading = Some(mark);
                        taken.unread.push(Unread { instance, mark });
                    }
                }
                Seen::Elsewhere => {
                    self.ready.pop(lane);
                    if let Some(inbox) = self.inboxes.get_mut(&instance) {
                        inbox.queued = false;
                    }
                    self.offer(instance, now.elapsed);
                }
            }
        }
        if !taken.turns.is_empty() {
            self.turn_lot
                .expect(now.elapsed.saturating_add(fetch.lock_timeout));
        }
        // Others may have been due at the same moment.
        for instance in promoted {
            if let Some(inbox) = self.inboxes.get(&instance).filter(|inbox| inbox.queued) {
                let lane = inbox.row.as_ref().and_then(|row| row.semantics);
                self.call_for_turn(lane);
            }
        }
        taken
    }

    /// What the first of a lane is.
    fn look_at(&self, lane: Lane, instance: u64, elapsed: Duration) -> Seen {
        let inbox = self.inboxes.get(&instance);
        let Some(inbox) = inbox.filter(|inbox| inbox.is_ready(elapsed, self.durable)) else {
            return Seen::Elsewhere;
        };
        match &inbox.row {
            None => Seen::Unknown,
            Some(row) if row.semantics == lane => Seen::Known,
            Some(_) => Seen::Elsewhere,
        }
    }

    /// The row of an instance was read, or why it could not be: then nobody can work on the
    /// instance until somebody repaired the store. `None`: try again.
    pub(crate) fn found_row(
        &mut self,
        unread: Unread,
        row: Option<Result<Row, String>>,
        elapsed: Duration,
    ) {
        let Unread { instance, mark } = unread;
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return;
        };
        if inbox.reading.take_if(|reading| *reading == mark).is_none() {
            return;
        }
        match row {
            Some(Ok(row)) => self.remember(instance, row),
            Some(Err(_)) => inbox.unreadable = true,
            None => {}
        }
        self.offer(instance, elapsed);
    }

    /// `lease`: how long it lasts, and its token.
    fn lease_turn(
        &mut self,
        instance: u64,
        (lock_timeout, token): (Duration, u128),
        elapsed: Duration,
        wrote: &mut bool,
    ) -> Option<TakenTurn> {
        let epoch = self.grant();
        let expires = elapsed.saturating_add(lock_timeout);
        let messages = self.hand_out(instance, elapsed, wrote);
        let open = &mut self.open;
        open.awaited.remove(&instance);
        let inbox = self.inboxes.get_mut(&instance)?;
        inbox.queued = false;
        let row = inbox.row.clone()?;
        self.due
            .insert((expires, TurnDue::Lease { instance, epoch }));
        let is_fresh = |message: &Queued| message.group == open.number;
        if inbox.messages.iter().any(is_fresh) {
            open.leased.insert(instance);
        }
        inbox.lease = Some(TurnLease {
            epoch,
            token,
            expires,
            stage: Stage::Held,
            taken: messages.iter().map(|(place, _)| *place).collect(),
        });
        Some(TakenTurn {
            instance,
            epoch,
            token,
            row,
            messages: messages.into_iter().map(|(_, message)| message).collect(),
        })
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

    /// True: it can be taken.
    fn expire(&mut self, instance: u64, epoch: u64, elapsed: Duration) -> bool {
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return false;
        };
        let held = |lease: &&mut TurnLease| lease.epoch == epoch && lease.stage == Stage::Held;
        let Some(lease) = inbox.lease.as_mut().filter(held) else {
            return false;
        };
        lease.stage = Stage::Expired;
        self.open.leased.remove(&instance);
        self.enqueue(instance, elapsed).is_some()
    }
}

/// How a fetch finds an instance in the ready queue.
enum Seen {
    /// It can be leased.
    Known,
    /// Its row has to be read.
    Unknown,
    /// It does not belong there any more.
    Elsewhere,
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
