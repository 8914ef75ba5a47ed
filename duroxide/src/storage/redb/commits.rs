//! What becomes durable on the side of instances: starts, messages, committed turns.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::history::{Event, EventId, EventKind, InstanceId, Message, Start};
use crate::provider::{
    ActivityRequest, InstanceState, InstanceStatus, ProviderError, Timer, TurnCommit, TurnLock,
    TurnOutcome,
};
use crate::storage::redb::bodies::{self, InstanceRow, TimerKey};
use crate::storage::redb::checks::{check_commit, unstorable};
use crate::storage::redb::inbox::{
    Body, Deliveries, Head, Origin, Place, Queued, Row, Stage, bytes_of,
};
use crate::storage::redb::limits::MAX_RESIDENT_BYTES;
use crate::storage::redb::record::RecordError;
use crate::storage::redb::schema::{Queue, RowKey};
use crate::storage::redb::state::{Durable, Effect, Moment, State, TurnDue};
use crate::storage::redb::timers::Removed;
use crate::storage::redb::turns::forget_delivery;

/// What came of a commit, as far as memory goes.
#[derive(Debug)]
pub(crate) enum CommitStep {
    /// Known; durable when this is.
    AlreadyApplied(Option<Durable>),
    Applied(Durable),
}

/// What a start is made of.
#[derive(Debug)]
pub(crate) struct NewInstance {
    pub(crate) id: InstanceId,
    pub(crate) start: Start,
    pub(crate) digest: u128,
}

impl State {
    /// Creates an instance that neither memory nor disk has.
    pub(crate) fn create(&mut self, new: NewInstance, now: Moment) -> Result<Durable, RecordError> {
        let instance = self.next_instance;
        let NewInstance { id, start, digest } = new;
        let row = Row {
            head: Arc::new(Head {
                id: id.clone(),
                orchestration: start.name.clone(),
                version: start.version.clone(),
            }),
            execution_id: start.execution_id,
            last_event: EventId::NONE,
            last_turn: 0,
            is_quiet: false,
            ended: false,
            created_at: now.wall,
            change: 1,
            digest,
        };
        let record = bodies::encode_instance(&stored(&row, InstanceState::Running))?;
        let message = Message::Start(start);
        let message_record = bodies::encode_message(instance, &message, 0)?;

        self.next_instance = instance.saturating_add(1);
        let number = instance.to_le_bytes().to_vec();
        self.open.changes.insert(RowKey::Id(id.clone()), number);
        self.open.changes.insert(RowKey::Instance(instance), record);
        self.open.effects.push(Effect::Changed(id.clone()));
        self.by_id.insert(id, instance);
        self.inbox(instance).row = Some(row);
        self.deliver(instance, message, message_record, None, now);
        Ok(self.join())
    }

    /// Puts an event into an inbox. `None`: it was sent before.
    pub(crate) fn send(
        &mut self,
        instance: u64,
        id: u128,
        message: Message,
        now: Moment,
    ) -> Result<Option<Durable>, RecordError> {
        let record = bodies::encode_message(instance, &message, id)?;
        if !self.sent_ids.insert(instance, id) {
            return Ok(None);
        }
        self.deliver(instance, message, record, Some(id), now);
        Ok(Some(self.join()))
    }

    /// Puts a message into an inbox and its row into the open group. It can be taken at once.
    pub(crate) fn deliver(
        &mut self,
        instance: u64,
        message: Message,
        record: Vec<u8>,
        sent_as: Option<u128>,
        now: Moment,
    ) {
        let id = self.message_id();
        let key = RowKey::Inbox {
            sequence: id,
            instance,
        };
        self.open.changes.insert(key, record);
        let place = Place::of(id, matches!(message, Message::Start(_)));
        let bytes = bytes_of(&message);
        let resident = self.resident.saturating_add(bytes);
        let body = if resident <= MAX_RESIDENT_BYTES {
            self.resident = resident;
            Body::Here(message)
        } else {
            self.open.effects.push(Effect::ShowMessage { instance });
            Body::OnDisk
        };
        let group = self.open.number;
        let is_here = matches!(body, Body::Here(_));
        let inbox = self.inbox(instance);
        inbox.add(Queued {
            place,
            body,
            origin: Origin::Inbox,
            deliveries: Deliveries::default(),
            sent_as,
            visible_at: Duration::ZERO,
            group,
        });
        if is_here && inbox.is_free() {
            self.open.awaited.insert(instance);
            self.offer(instance, now.elapsed);
        }
    }

    /// Applies a commit: all of it, or nothing. `record` is the row of its events. The instance's
    /// row is in memory, or there is no such instance.
    pub(crate) fn commit_turn(
        &mut self,
        lock: &TurnLock,
        turn: TurnCommit,
        record: Option<Vec<u8>>,
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
        let is_pinned_now = pin_version(&mut row, &turn);
        // What this turn asks for belongs to the execution that asks, not to the next.
        let head = Arc::clone(&row.head);
        let after = Outcome::of(&mut row, instance, &turn, is_pinned_now)
            .map_err(|error| unstorable(&error))?;
        row.last_turn = turn.turn_id;

        // Nothing fails from here on.
        if let Some(lease) = inbox.lease.as_mut() {
            lease.stage = Stage::Committing;
            let due = TurnDue::Lease {
                instance,
                epoch: lease.epoch,
            };
            self.due.remove(&(lease.expires, due));
        }
        self.open.leased.remove(&instance);
        self.consume(instance, &consumed);
        self.record_turn(instance, &mut row, &turn, record);
        let TurnCommit {
            execution_id,
            mut history_delta,
            activities,
            cancelled_activities,
            timers,
            cancelled_timers,
            ..
        } = turn;
        for source in activities {
            let request = request_of(&mut history_delta, source);
            self.queue_activity(instance, execution_id, source, &head, request);
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
        self.apply_outcome(instance, row, after, now);
        self.open.effects.push(Effect::ReleaseTurn {
            instance,
            epoch: lock.epoch,
        });
        Ok(CommitStep::Applied(self.join()))
    }

    fn consume(&mut self, instance: u64, consumed: &HashSet<Place>) {
        let Some(inbox) = self.inboxes.get_mut(&instance) else {
            return;
        };
        let changes = &mut self.open.changes;
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

    /// Writes the events; a turn without any leaves its id in a row of its own.
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
            _ => {
                if let Ok(record) = bodies::encode_quiet_turn(turn.turn_id) {
                    changes.replace(RowKey::QuietTurn(instance), record);
                    row.is_quiet = true;
                }
            }
        }
    }

    fn cancel_timer(&mut self, key: TimerKey) {
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
        let id = row.head.id.clone();
        if let Some(inbox) = self.inboxes.get_mut(&instance) {
            inbox.row = Some(row);
        }
        if let Some(record) = after.record {
            self.open
                .changes
                .replace(RowKey::Instance(instance), record);
            self.open.effects.push(Effect::Changed(id));
        }
        if let Some((next, record)) = after.next {
            self.deliver(instance, next, record, None, now);
        }
    }
}

/// What a commit makes of the instance.
#[derive(Debug)]
struct Outcome {
    /// The new instance row, if its status changes.
    record: Option<Vec<u8>>,
    /// The start of the next execution, and its row.
    next: Option<(Message, Vec<u8>)>,
}

impl Outcome {
    /// `is_pinned_now`: the row just got another version.
    fn of(
        row: &mut Row,
        instance: u64,
        turn: &TurnCommit,
        is_pinned_now: bool,
    ) -> Result<Self, RecordError> {
        if let Some(last) = turn.history_delta.last() {
            row.last_event = last.event_id;
        }
        let mut outcome = Self {
            record: None,
            next: None,
        };
        let state = match &turn.outcome {
            TurnOutcome::Running if is_pinned_now => InstanceState::Running,
            TurnOutcome::Running => return Ok(outcome),
            TurnOutcome::Completed { output } => {
                row.ended = true;
                InstanceState::Completed {
                    output: output.clone(),
                }
            }
            TurnOutcome::Failed { details } => {
                row.ended = true;
                InstanceState::Failed {
                    details: details.clone(),
                }
            }
            TurnOutcome::ContinuedAsNew { next } => {
                row.execution_id = next.execution_id;
                row.last_event = EventId::NONE;
                row.head = Arc::new(Head {
                    id: row.head.id.clone(),
                    orchestration: next.name.clone(),
                    version: next.version.clone(),
                });
                let message = Message::Start(next.clone());
                let record = bodies::encode_message(instance, &message, 0)?;
                outcome.next = Some((message, record));
                InstanceState::Running
            }
        };
        row.change = row.change.saturating_add(1);
        outcome.record = Some(bodies::encode_instance(&stored(row, state))?);
        Ok(outcome)
    }
}

/// Gives the row the version that the turn pins; whether that is another one.
fn pin_version(row: &mut Row, turn: &TurnCommit) -> bool {
    let pinned = turn.pinned_version();
    if pinned.is_none() || pinned == row.head.version.as_deref() {
        return false;
    }
    row.head = Arc::new(Head {
        id: row.head.id.clone(),
        orchestration: row.head.orchestration.clone(),
        version: pinned.map(str::to_owned),
    });
    true
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

/// The row as it goes to disk.
fn stored(row: &Row, state: InstanceState) -> InstanceRow {
    InstanceRow {
        status: InstanceStatus {
            instance: row.head.id.clone(),
            orchestration: row.head.orchestration.clone(),
            version: row.head.version.clone(),
            execution_id: row.execution_id,
            state,
            pending: row.last_event == EventId::NONE,
            parent: None,
            custom_status: None,
            custom_status_version: 0,
            created_at: row.created_at,
            updated_at: row.created_at,
            change: row.change,
        },
        digest: row.digest,
    }
}
