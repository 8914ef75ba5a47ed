//! What is in memory of an instance that is in motion: its messages, its lease, its row.

use std::sync::Arc;
use std::time::Duration;

use crate::history::{EventId, ExecutionId, InstanceId, KvEntry, Message, Parent};
use crate::storage::redb::bodies::TimerKey;
use crate::time::Timestamp;

/// What a queued activity needs to know of its instance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: InstanceId,
    pub(crate) orchestration: String,
    pub(crate) version: Option<String>,
    /// Who waits for its end.
    pub(crate) parent: Option<Parent>,
}

/// An instance as the next commit must find it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) head: Arc<Head>,
    pub(crate) execution_id: ExecutionId,
    pub(crate) last_event: EventId,
    /// 0: no turn yet.
    pub(crate) last_turn: u128,
    /// Whether `last_turn` stands in a row of its own.
    pub(crate) is_quiet: bool,
    pub(crate) ended: bool,
    /// What the execution is pinned to; `None` before its first turn.
    pub(crate) semantics: Option<u32>,
    /// How often its custom status was set or taken back.
    pub(crate) custom_status_version: u64,
    pub(crate) created_at: Timestamp,
    /// Of all but the custom status.
    pub(crate) updated_at: Timestamp,
    /// Of all but the custom status.
    pub(crate) change: u64,
    pub(crate) digest: u128,
}

/// The messages of one instance, and who works on them.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) row: Option<Row>,
    /// Ascending by rank and id.
    pub(crate) messages: Vec<Queued>,
    pub(crate) lease: Option<TurnLease>,
    /// Whether the ready queue names it.
    pub(crate) queued: bool,
    /// The row cannot be read: nobody can work on this instance until somebody repaired it.
    pub(crate) unreadable: bool,
    /// Somebody reads the row, which memory does not have: until then nobody takes the instance.
    pub(crate) reading: Option<u64>,
}

/// The right to commit a turn.
#[derive(Debug)]
pub(crate) struct TurnLease {
    pub(crate) epoch: u64,
    pub(crate) token: u128,
    /// On the monotonic clock.
    pub(crate) expires: Duration,
    pub(crate) stage: Stage,
    pub(crate) taken: Vec<Place>,
}

/// How far a leased turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Somebody works on it.
    Held,
    /// The time is over; until somebody else takes it, its holder may still commit.
    Expired,
    /// Its commit waits for the disk.
    Committing,
}

/// The position of a message: a start comes before all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    rank: u8,
    pub(crate) id: u64,
}

impl Place {
    pub(crate) fn of(id: u64, is_start: bool) -> Self {
        let rank = u8::from(!is_start);
        Self { rank, id }
    }

    fn is_start(self) -> bool {
        self.rank == 0
    }
}

/// One message that was not consumed yet.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) place: Place,
    pub(crate) body: Body,
    pub(crate) origin: Origin,
    pub(crate) deliveries: Deliveries,
    /// Of events from outside: the sender's id.
    pub(crate) sent_as: Option<u128>,
    /// Whether it may not overtake others.
    pub(crate) is_event: bool,
    /// Whether it is invisible until it is durable.
    pub(crate) is_held: bool,
    /// Not before this moment of the monotonic clock.
    pub(crate) visible_at: Duration,
    /// The group that makes it durable.
    pub(crate) group: u64,
}

/// How often something was handed out, and what the disk knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deliveries {
    pub(crate) count: u32,
    /// Found at open: it may be what ended the process. The next delivery is written down first.
    pub(crate) is_suspect: bool,
    /// Whether a row counts its attempts.
    pub(crate) has_row: bool,
}

/// Where the content of a message is.
#[derive(Debug)]
pub(crate) enum Body {
    Here(Message),
    /// To be read when it is handed out; visible once it is durable.
    OnDisk,
    Unreadable(String),
}

/// What stands on disk for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Inbox,
    Timer(TimerKey),
}

impl Inbox {
    /// Adds a message at its place.
    pub(crate) fn add(&mut self, message: Queued) {
        let at = self
            .messages
            .partition_point(|other| other.place < message.place);
        self.messages.insert(at, message);
    }

    /// How many messages wait here, the start aside.
    pub(crate) fn waiting(&self) -> usize {
        let starts = self
            .messages
            .first()
            .is_some_and(|first| first.place.is_start());
        self.messages.len().saturating_sub(usize::from(starts))
    }

    /// Whether there is something that a fetch could take.
    pub(crate) fn is_ready(&self, elapsed: Duration, durable: u64) -> bool {
        let mut turnstile = Turnstile::new(elapsed, durable);
        let mut messages = self.messages.iter();
        !self.unreadable
            && self.reading.is_none()
            && self.is_free()
            && messages.any(|message| turnstile.passes(message))
    }

    /// Whether nobody works on it.
    pub(crate) fn is_free(&self) -> bool {
        self.lease
            .as_ref()
            .is_none_or(|lease| lease.stage == Stage::Expired)
    }

    /// Whether nothing has to be remembered but the row.
    pub(crate) fn is_idle(&self) -> bool {
        self.messages.is_empty()
            && self.lease.is_none()
            && self.reading.is_none()
            && !self.unreadable
    }

    pub(crate) fn find_mut(&mut self, place: Place) -> Option<&mut Queued> {
        let at = self
            .messages
            .binary_search_by_key(&place, |message| message.place)
            .ok()?;
        self.messages.get_mut(at)
    }

    /// The lease that belongs to a lock, if it is still good for something.
    pub(crate) fn lease_of(&mut self, epoch: u64, token: u128) -> Option<&mut TurnLease> {
        self.lease
            .as_mut()
            .filter(|lease| lease.epoch == epoch && lease.token == token)
    }
}

/// Decides which messages of one inbox may be handed out, asked about each in their order: events
/// do not overtake a message that has to wait.
#[derive(Debug)]
pub(crate) struct Turnstile {
    elapsed: Duration,
    durable: u64,
    somebody_waits: bool,
}

impl Turnstile {
    pub(crate) fn new(elapsed: Duration, durable: u64) -> Self {
        Self {
            elapsed,
            durable,
            somebody_waits: false,
        }
    }

    pub(crate) fn passes(&mut self, message: &Queued) -> bool {
        let readable = !message.is_held || message.group <= self.durable;
        let is_event = message.is_event;
        if readable && message.visible_at <= self.elapsed {
            !(self.somebody_waits && is_event)
        } else {
            self.somebody_waits = true;
            false
        }
    }
}

/// Roughly what a message takes.
pub(crate) fn bytes_of(message: &Message) -> usize {
    match message {
        Message::Start(start) => {
            let carried = start.carried.iter();
            let carried = carried.map(|(queue, data)| queue.len().saturating_add(data.len()));
            let values = start.kv.iter().map(bytes_of_entry);
            let texts = carried.chain(values).sum::<usize>();
            start.input.len().saturating_add(texts)
        }
        Message::ActivityCompleted { result, .. }
        | Message::SubOrchestrationCompleted { result, .. } => result.len(),
        Message::ActivityFailed { details, .. }
        | Message::SubOrchestrationFailed { details, .. } => details.to_string().len(),
        Message::CancelRequested { reason, .. } | Message::CancelChild { reason, .. } => {
            reason.len()
        }
        Message::TimerFired { .. } => 0,
        Message::ExternalEvent { data, .. } | Message::QueueEvent { data, .. } => data.len(),
    }
}

fn bytes_of_entry(entry: &KvEntry) -> usize {
    entry.key.len().saturating_add(entry.value.len())
}
