//! Committed turns, as changes of the [`State`].

use std::collections::HashSet;
use std::sync::Arc;

use crate::history::{Event, EventId, EventKind, ExecutionId};
use crate::provider::{ActivityRequest, ProviderError, Timer, TurnCommit, TurnLock};
use crate::storage::redb::bodies::{self, TimerKey};
use crate::storage::redb::checks::{check_commit, unstorable};
use crate::storage::redb::inbox::{Body, Head, Inbox, Origin, Place, Row, Stage, bytes_of};
use crate::storage::redb::incoming::Numbers;
use crate::storage::redb::outcome::{Beyond, Kept, Outcome, ValueChange, pin};
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::state::{Durable, Effect, Group, Moment, State, TurnDue};
use crate::storage::redb::timers::Removed;
use crate::storage::redb::turns::forget_delivery;

/// What was looked up for a commit, while nobody waited for the mutex.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Of the instances that it starts, or sends something.
    pub(crate) numbers: Numbers,
    /// Timers that the executions left which it forgets.
    pub(crate) left: Vec<TimerKey>,
}

/// What came of a commit, as far as memory goes.
#[derive(Debug)]
pub(crate) enum CommitStep {
    /// Known; durable when this is.
    AlreadyApplied(Option<Durable>),
    Applied(Durable),
}

impl State {
    /// Applies a commit: all of it, or nothing. `record` is the row of its events. The instance's
    /// row is in memory, or there is no such instance.
    pub(crate) fn commit_turn(
        &mut self,
        lock: &TurnLock,
        mut turn: TurnCommit,
        record: Option<Vec<u8>>,
        beyond: &Looked,
        now: Moment,
    ) -> Result<CommitStep, ProviderError> {
        let instance = self.by_id.get(&lock.instance).copied();
        let instance = instance.ok_or(ProviderError::LockLost)?;
        let row = self.row(instance).ok_or(ProviderError::LockLost)?;
        if row.last_turn == turn.turn_id && turn.turn_id != 0 {
            return Ok(CommitStep::AlreadyApplied(self.barrier()));
        }
        let mut row = row.clone();
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return Err(ProviderError::LockLost);
        };
        let consumed = check_commit(inbox, &row, lock, &turn)?;
        let is_first = pin(&mut row, &turn);
        // What this turn asks for belongs to the execution that asks, not to the next.
        let head = Arc::clone(&row.head);
        let unstorable = |error| unstorable(&error);
        let after = Outcome::of(&mut row, instance, &turn, is_first, now).map_err(unstorable)?;
        let kept = Kept::of(&mut row, instance, &mut turn, now).map_err(unstorable)?;
        let numbers = &beyond.numbers;
        let others = Beyond::of(self, numbers, instance, &mut turn, now).map_err(unstorable)?;
        row.last_turn = turn.turn_id;

        // Nothing fails from here on.
        self.commits_now(instance);
        self.consume(instance, &consumed);
        self.record_turn(instance, &mut row, &turn, record);
        if let Some(first) = turn.forget_before {
            self.drop_left(instance, |execution_id| execution_id < first, &beyond.left);
        }
        self.set_obligations(instance, &head, turn);
        self.apply_beyond(others, now);
        self.apply_kept(instance, &row, kept);
        self.apply_outcome(instance, row, after, now);
        self.open.effects.push(Effect::ReleaseTurn {
            instance,
            epoch: lock.epoch,
        });
        Ok(CommitStep::Applied(self.join()))
    }

    /// The lease does not run out any more.
    fn commits_now(&mut self, instance: u64) {
        let inbox = self.inboxes.get_mut(&instance);
        if let Some(lease) = inbox.and_then(|inbox| inbox.lease.as_mut()) {
            lease.stage = Stage::Committing;
            let epoch = lease.epoch;
            let due = TurnDue::Lease { instance, epoch };
            self.due.remove(&(lease.expires, due));
        }
        self.open.leased.remove(&instance);
    }

    /// Queues activities and sets timers, and then takes back those that were cancelled.
    fn set_obligations(&mut self, instance: u64, head: &Arc<Head>, turn: TurnCommit) {
        let TurnCommit {
            execution_id,
            mut history_delta,
            activities,
            cancelled_activities,
            timers,
            cancelled_timers,
            forget_before,
            ..
        } = turn;
        if forget_before.is_some_and(|first| execution_id < first) {
            return;
        }
        for source in activities {
            let request = request_of(&mut history_delta, source);
            self.queue_activity(instance, execution_id, source, head, request);
        }
        let timer = |timer: Timer| TimerKey {
            fire_at: timer.fire_at,
            instance,
            execution_id,
            source: timer.source,
        };
        let cancelled: HashSet<TimerKey> = cancelled_timers.into_iter().map(timer).collect();
        for key in timers.into_iter().map(timer) {
            if !cancelled.contains(&key)
                && let Ok(record) = bodies::encode_timer(&key, 0)
            {
                if let Some(removal) = &mut self.removal {
                    removal.set(key);
                }
                self.open.changes.insert(RowKey::Timer(key), record);
                self.open.effects.push(Effect::ArmTimer(key));
            }
        }
        for source in cancelled_activities {
            self.cancel_activity(instance, execution_id, source);
        }
        for key in cancelled {
            self.cancel_timer(key);
        }
    }

    fn consume(&mut self, instance: u64, consumed: &HashSet<Place>) {
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return;
        };
        let Group {
            changes, in_hand, ..
        } = &mut self.open;
        let resident = &mut self.resident;
        let sent_ids = &mut self.sent_ids;
        // Under a commit nobody asks any more what its lease covered.
        let lease = inbox.lease.as_mut();
        let taken = lease.map(|lease| std::mem::take(&mut lease.taken));
        let taken = taken.unwrap_or_default();
        inbox.messages.retain_mut(|message| {
            if !consumed.contains(&message.place) {
                // The turn got somewhere: what it left was not what stops this instance.
                if !consumed.is_empty() && taken.binary_search(&message.place).is_ok() {
                    forget_delivery(message, instance, changes);
                }
                return true;
            }
            in_hand.message(message, true);
            if let Some(id) = message.sent_as {
                sent_ids.consume(instance, id);
            }
            let sequence = message.place.id;
            match message.origin {
                Origin::Inbox => changes.delete(RowKey::Inbox { sequence, instance }),
                Origin::Timer(key) => changes.delete(RowKey::Timer(key)),
            }
            if message.deliveries.has_row && message.origin == Origin::Inbox {
                changes.delete(RowKey::Attempts(Queue::Inbox, sequence));
            }
            if let Body::Here(content) = &message.body {
                *resident = resident.saturating_sub(bytes_of(content));
            }
            false
        });
    }

    /// Writes the events, and forgets old executions; if nothing of the turn stays in the history,
    /// its id has a row of its own.
    fn record_turn(
        &mut self,
        instance: u64,
        row: &mut Row,
        turn: &TurnCommit,
        record: Option<Vec<u8>>,
    ) {
        let changes = &mut self.open.changes;
        match (record, turn.history_delta.first()) {
            (Some(record), Some(first)) => {
                let key = RowKey::History(instance, turn.execution_id, first.event_id);
                changes.insert(key, record);
                if std::mem::take(&mut row.is_quiet) {
                    changes.delete(RowKey::QuietTurn(instance));
                }
            }
            _ => self.write_quiet_turn(instance, row, turn.turn_id),
        }
        // Never the current one, which may be the next by now.
        let first_kept = turn.forget_before.map(|first| first.min(row.execution_id));
        if let Some(last) = first_kept.and_then(|first| first.0.checked_sub(1)) {
            self.open.changes.forget_executions(instance, 0..=last);
            if last >= turn.execution_id.0 {
                self.write_quiet_turn(instance, row, turn.turn_id);
            }
        }
    }

    pub(crate) fn write_quiet_turn(&mut self, instance: u64, row: &mut Row, turn_id: u128) {
        if let Ok(record) = bodies::encode_quiet_turn(turn_id) {
            let changes = &mut self.open.changes;
            changes.replace(RowKey::QuietTurn(instance), record);
            row.is_quiet = true;
        }
    }

    /// Drops the activities and timers that forgotten executions left; how many.
    pub(crate) fn drop_left(
        &mut self,
        instance: u64,
        is_forgotten: impl Fn(ExecutionId) -> bool,
        timers: &[TimerKey],
    ) -> u64 {
        let mut dropped = 0_u64;
        for sequence in self.activities.of_instance(instance) {
            let entry = self.activities.entry(sequence);
            if entry.is_some_and(|entry| is_forgotten(entry.key.execution_id)) {
                self.drop_activity(sequence);
                dropped = dropped.saturating_add(1);
            }
        }
        self.call_for_activities();
        for &key in timers.iter().filter(|key| is_forgotten(key.execution_id)) {
            let inbox = self.inboxes.get(&instance);
            let origin = Origin::Timer(key);
            let is_message = |inbox: &Inbox| inbox.messages.iter().any(|it| it.origin == origin);
            if !inbox.is_some_and(is_message) {
                self.cancel_timer(key);
                dropped = dropped.saturating_add(1);
            }
        }
        dropped
    }

    /// Starts other instances, and sends them messages.
    fn apply_beyond(&mut self, beyond: Beyond, now: Moment) {
        for new in beyond.born {
            self.create(new, now);
        }
        for (to, parcel) in beyond.parcels {
            self.deliver(to, parcel, now);
        }
    }

    /// Changes what the instance shows and keeps.
    fn apply_kept(&mut self, instance: u64, row: &Row, kept: Kept) {
        let changes = &mut self.open.changes;
        if let Some(record) = kept.custom_status {
            changes.replace(RowKey::CustomStatus(instance), record);
            let id = row.head.id.clone();
            self.open.effects.push(Effect::Changed(id));
        }
        for value in kept.values {
            match value {
                ValueChange::Set(key, record) => {
                    changes.replace(RowKey::Value(instance, key), record);
                }
                ValueChange::Clear(key) => changes.delete(RowKey::Value(instance, key)),
                ValueChange::ClearAll => changes.clear_values(instance),
            }
        }
    }

    pub(crate) fn cancel_timer(&mut self, key: TimerKey) {
        self.open.changes.delete(RowKey::Timer(key));
        match self.timers.remove(key) {
            Removed::Near => {}
            Removed::Far => self.open.effects.push(Effect::SettleTimer(key)),
            Removed::Fired => {
                if let Some(inbox) = self.inboxes.get_mut(&key.instance) {
                    let origin = Origin::Timer(key);
                    inbox.messages.retain(|message| message.origin != origin);
                }
            }
        }
    }

    fn apply_outcome(&mut self, instance: u64, row: Row, after: Outcome, now: Moment) {
        let (id, ended) = (row.head.id.clone(), row.ended);
        if let Some(inbox) = self.inboxes.get_mut(&instance) {
            inbox.row = Some(row);
        }
        if let Some(record) = after.record {
            self.open
                .changes
                .replace(RowKey::Instance(instance), record);
            self.open.effects.push(if ended {
                Effect::Ended(id)
            } else {
                Effect::Changed(id)
            });
        }
        if let Some(next) = after.next {
            self.deliver(instance, next, now);
        }
    }
}

/// Takes the request out of an event that is written already.
fn request_of(delta: &mut [Event], source: EventId) -> Option<ActivityRequest> {
    let first = delta.first()?.event_id;
    let at = usize::try_from(source.0.checked_sub(first.0)?).ok()?;
    match &mut delta.get_mut(at)?.kind {
        EventKind::ActivityScheduled {
            name,
            input,
            attempt,
            first_attempt,
            session_id,
            tag,
        } => Some(ActivityRequest {
            name: std::mem::take(name),
            input: std::mem::take(input),
            attempt: *attempt,
            first_attempt: *first_attempt,
            session_id: session_id.take(),
            tag: tag.take(),
        }),
        _ => None,
    }
}
