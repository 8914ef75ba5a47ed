//! What goes in and out of a store: work under a lock, and commits.

use crate::history::{
    ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId, KvEntry, Message, Parent,
    Start,
};
use crate::time::Timestamp;

/// The right to commit one turn of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnLock {
    /// The instance.
    pub instance: InstanceId,
    /// Grows with every lock that the store grants, over restarts too.
    pub epoch: u64,
    /// Random: a lock cannot be guessed.
    pub token: u128,
}

/// Names one message of one store; given by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A message as it comes out of an inbox.
#[derive(Clone, Debug)]
pub struct InboxMessage {
    /// To be named in [`TurnCommit::consumed`].
    pub id: MessageId,
    /// How often it was handed out, this time included: 1, 2, ...
    pub attempt: u32,
    /// The message, or what the decoder said about the stored bytes.
    pub message: Result<Message, String>,
}

/// One locked instance with all its visible messages.
#[derive(Clone, Debug)]
pub struct TurnItem {
    /// The right to commit.
    pub lock: TurnLock,
    /// The current execution.
    pub execution_id: ExecutionId,
    /// The last event of the current execution; [`EventId::NONE`] before its first turn.
    pub last_event_id: EventId,
    /// The [`TurnCommit::turn_id`] of the instance's last turn; 0 before its first. It tells the
    /// runtime whether what it has in memory is what the store has. Turns without events may be
    /// forgotten: they leave the execution as it was.
    pub last_turn_id: u128,
    /// The orchestration's name.
    pub orchestration: String,
    /// The version that the execution is pinned to; before its first turn what was asked for.
    pub version: Option<String>,
    /// Who waits for the end of the instance.
    pub parent: Option<Parent>,
    /// Whether the instance has ended: its messages are to be consumed, nothing else.
    pub ended: bool,
    /// At least one. A [`Message::Start`] comes first, the others in the order of arrival.
    pub messages: Vec<InboxMessage>,
}

/// One turn, as it is to be written: all of it, or nothing.
#[derive(Clone, Debug)]
pub struct TurnCommit {
    /// Random; the same turn committed again is recognised by it.
    pub turn_id: u128,
    /// The execution that this turn belongs to.
    pub execution_id: ExecutionId,
    /// Messages of the locked item that are done with.
    pub consumed: Vec<MessageId>,
    /// New events; the first follows the last event of the item.
    pub history_delta: Vec<Event>,
    /// `ActivityScheduled` events, of this delta, whose activities are to be queued.
    pub activities: Vec<EventId>,
    /// `ActivityScheduled` events, of earlier deltas, whose activities are to be taken back.
    pub cancelled_activities: Vec<EventId>,
    /// Timers to be set.
    pub timers: Vec<Timer>,
    /// Timers of earlier deltas to be forgotten.
    pub cancelled_timers: Vec<Timer>,
    /// Instances to be started.
    pub starts: Vec<ChildStart>,
    /// Messages for other instances: the end of a child for its parent, a cancellation for a child.
    /// One for an instance that does not exist is dropped.
    pub messages: Vec<(InstanceId, Message)>,
    /// The custom status, if this turn set it or (`Some(None)`) took it back; as the last of its
    /// events says.
    pub custom_status: Option<Option<String>>,
    /// Changes of the values that the instance keeps, in their order; as the events of this delta
    /// say, with their timestamps.
    pub kv: Vec<KvChange>,
    /// Executions below this one are forgotten: their events, and the activities and timers that
    /// they left. At the most all but the one that is the current one behind this turn.
    pub forget_before: Option<ExecutionId>,
    /// Where the instance stands now.
    pub outcome: TurnOutcome,
}

impl TurnCommit {
    /// A turn that does nothing but consume: the base for all others.
    pub fn new(turn_id: u128, execution_id: ExecutionId, consumed: Vec<MessageId>) -> Self {
        Self {
            turn_id,
            execution_id,
            consumed,
            history_delta: Vec::new(),
            activities: Vec::new(),
            cancelled_activities: Vec::new(),
            timers: Vec::new(),
            cancelled_timers: Vec::new(),
            starts: Vec::new(),
            messages: Vec::new(),
            custom_status: None,
            kv: Vec::new(),
            forget_before: None,
            outcome: TurnOutcome::Running,
        }
    }
}

/// An instance that a turn starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildStart {
    /// Its id.
    pub instance: InstanceId,
    /// Its first message.
    pub start: Start,
    /// If there is an instance with that id, ended or not: nothing is started, and the turn's own
    /// instance gets this message. That somebody waits for the child is what makes it necessary, so
    /// a start without a parent has none.
    pub if_taken: Option<Message>,
}

/// A change of the values that an instance keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvChange {
    /// This value stands under its key.
    Set(KvEntry),
    /// Nothing stands under this key.
    Clear {
        /// The key.
        key: String,
    },
    /// Nothing stands under any key.
    ClearAll,
}

/// A durable timer of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it is due.
    pub fire_at: Timestamp,
    /// Its `TimerCreated` event.
    pub source: EventId,
}

/// Where an instance stands after a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// It stands as before: it waits for messages, or has ended and stays so.
    Running,
    /// It ended well.
    Completed {
        /// What it returned.
        output: String,
    },
    /// It ended badly.
    Failed {
        /// Why.
        details: ErrorDetails,
    },
    /// The next execution takes over with this start.
    ContinuedAsNew {
        /// Its first message. Messages that are not consumed stay and follow it.
        next: Start,
    },
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is written now.
    Applied,
    /// The same turn had been written before.
    AlreadyApplied,
}

/// The right to complete one activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityLock {
    /// Names the queued activity; given by the store.
    pub activity: u64,
    /// Grows with every lock that the store grants, over restarts too.
    pub epoch: u64,
    /// Random: a lock cannot be guessed.
    pub token: u128,
}

/// One locked activity.
#[derive(Clone, Debug)]
pub struct ActivityItem {
    /// The right to complete it.
    pub lock: ActivityLock,
    /// Whose activity.
    pub instance: InstanceId,
    /// The execution that scheduled it.
    pub execution_id: ExecutionId,
    /// The event that scheduled it.
    pub source: EventId,
    /// The orchestration's name.
    pub orchestration: String,
    /// The version that the execution is pinned to.
    pub version: Option<String>,
    /// How often it was handed out, this time included: 1, 2, ...
    pub attempt: u32,
    /// What the event that scheduled it says, or why that cannot be read.
    pub request: Result<ActivityRequest, String>,
}

/// What an activity is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRequest {
    /// The activity's name.
    pub name: String,
    /// Its input, as text.
    pub input: String,
    /// Which attempt of one call this is: 1, 2, ... Not how often this one was handed out, which
    /// [`ActivityItem::attempt`] counts.
    pub attempt: u32,
    /// The event that scheduled the first attempt; none if this is it.
    pub first_attempt: Option<EventId>,
    /// The session whose worker runs it.
    pub session_id: Option<String>,
    /// Which workers may run it; none: those that take untagged work.
    pub tag: Option<String>,
}

impl ActivityRequest {
    /// What that event asks for; `None` if it schedules no activity.
    pub fn of(event: &EventKind) -> Option<Self> {
        match event {
            EventKind::ActivityScheduled {
                name,
                input,
                attempt,
                first_attempt,
                session_id,
                tag,
            } => Some(Self {
                name: name.clone(),
                input: input.clone(),
                attempt: *attempt,
                first_attempt: *first_attempt,
                session_id: session_id.clone(),
                tag: tag.clone(),
            }),
            _ => None,
        }
    }
}

/// What came of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// The instance exists now.
    Created,
    /// There was one with that id; nothing was written.
    Exists {
        /// Where it stands.
        status: Box<InstanceStatus>,
        /// Whether it was started with the same name and input.
        same_request: bool,
    },
}

/// What came of sending an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the inbox.
    Accepted,
    /// It was sent before under the same id; nothing was written.
    Duplicate,
}

/// Where an instance stands, as far as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceStatus {
    /// The instance.
    pub instance: InstanceId,
    /// The orchestration's name.
    pub orchestration: String,
    /// The version that the current execution is pinned to; before its first turn what was asked for.
    pub version: Option<String>,
    /// The current execution.
    pub execution_id: ExecutionId,
    /// Whether it runs, and if not how it ended.
    pub state: InstanceState,
    /// Whether its current execution waits for its first turn.
    pub pending: bool,
    /// The instance that waits for its end.
    pub parent: Option<InstanceId>,
    /// The status that it shows.
    pub custom_status: Option<String>,
    /// How many turns set it or took it back; a next execution goes on counting.
    pub custom_status_version: u64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was started, took over a next execution, ended, or had its custom status set or
    /// taken back: the last of these, on the store's own clock.
    pub updated_at: Timestamp,
    /// Grows with every change of what stands here, so with every first turn of an execution too, and
    /// with every turn that changes values.
    pub change: u64,
}

/// Whether an instance runs, and if not how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceState {
    /// It runs, or waits for its first turn, or for that of its next execution.
    Running,
    /// It ended well.
    Completed {
        /// What it returned.
        output: String,
    },
    /// It ended badly.
    Failed {
        /// Why.
        details: ErrorDetails,
    },
}

impl InstanceState {
    /// Whether the instance has ended.
    pub fn is_terminal(&self) -> bool {
        !matches!(self, Self::Running)
    }
}

/// Some events of one execution.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// In order, without a gap.
    pub events: Vec<Event>,
    /// Whether more follow.
    pub more: bool,
}
