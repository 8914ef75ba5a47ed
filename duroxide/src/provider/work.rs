//! What goes in and out of a store: work under a lock, and commits.

use crate::history::{
    ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId, KvEntry, Message, Parent,
    Start,
};
use crate::time::Timestamp;

/// The right to commit one turn of one instance.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::provider::{Provider, ProviderError, TurnLock};
///
/// /// What a worker does whose turn takes longer than its lease.
/// async fn keep(store: &dyn Provider, lock: &TurnLock) -> Result<(), ProviderError> {
///     store.renew_turn(lock, Duration::from_secs(30)).await
/// }
/// ```
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
///
/// ```
/// use duroxide::provider::{MessageId, TurnItem};
///
/// fn all_of(item: &TurnItem) -> Vec<MessageId> {
///     item.messages.iter().map(|message| message.id).collect()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A message as it comes out of an inbox.
///
/// ```
/// use duroxide::provider::InboxMessage;
///
/// /// Whether it will never get through.
/// fn is_poison(message: &InboxMessage, max_attempts: u32) -> bool {
///     message.message.is_err() || message.attempt > max_attempts
/// }
/// ```
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
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::history::{EventId, InstanceId, Start};
/// use duroxide::provider::{Provider, TurnFetch};
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = RedbProvider::in_memory()?;
/// let order = InstanceId::new("order-42")?;
/// store.start(&order, Start::first("fulfil_order", "null", 7)).await?;
///
/// let items = store.fetch_turns(TurnFetch::new(1, Duration::from_secs(30))).await?;
/// let item = items.first().ok_or("nothing to do")?;
/// assert_eq!(item.lock.instance, order);
/// assert_eq!(item.last_event_id, EventId::NONE); // its first turn
/// assert_eq!(item.messages.len(), 1); // the start
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
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
///
/// ```
/// use duroxide::history::{Event, EventKind};
/// use duroxide::provider::{TurnCommit, TurnItem, TurnOutcome};
/// use duroxide::time::Timestamp;
///
/// /// Ends an instance that has begun.
/// fn end(item: &TurnItem, turn_id: u128, now: Timestamp) -> TurnCommit {
///     let output = "shipped".to_owned();
///     let consumed = item.messages.iter().map(|message| message.id).collect();
///     let mut turn = TurnCommit::new(turn_id, item.execution_id, consumed);
///     let kind = EventKind::OrchestrationCompleted { output: output.clone() };
///     turn.history_delta.push(Event::new(item.last_event_id.next(), None, now, kind));
///     turn.outcome = TurnOutcome::Completed { output };
///     turn
/// }
/// ```
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
///
/// ```
/// use duroxide::history::{InstanceId, InvalidName, Start};
/// use duroxide::provider::ChildStart;
///
/// /// An instance that nobody waits for.
/// fn detached(id: &str, seed: u128) -> Result<ChildStart, InvalidName> {
///     let start = Start::first("remind", "null", seed);
///     Ok(ChildStart { instance: InstanceId::new(id)?, start, if_taken: None })
/// }
/// # assert!(detached("reminder-42", 7).is_ok());
/// ```
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
///
/// ```
/// use std::collections::BTreeMap;
///
/// use duroxide::history::KvEntry;
/// use duroxide::provider::KvChange;
/// use duroxide::time::Timestamp;
///
/// let (key, value) = ("address".to_owned(), "7 Elm Street".to_owned());
/// let set = KvChange::Set(KvEntry { key, value, updated_at: Timestamp::ZERO });
///
/// let mut values = BTreeMap::new();
/// set.apply(&mut values);
/// assert!(values.contains_key("address"));
/// KvChange::ClearAll.apply(&mut values);
/// assert!(values.is_empty());
/// ```
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
///
/// ```
/// use duroxide::history::EventId;
/// use duroxide::provider::Timer;
/// use duroxide::time::Timestamp;
///
/// let soon = Timer { fire_at: Timestamp::from_millis(60_000), source: EventId(9) };
/// let later = Timer { fire_at: Timestamp::from_millis(90_000), source: EventId(2) };
/// assert!(soon < later); // in the order in which they are due
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it is due.
    pub fire_at: Timestamp,
    /// Its `TimerCreated` event.
    pub source: EventId,
}

/// Where an instance stands after a turn.
///
/// ```
/// use duroxide::provider::TurnOutcome;
///
/// /// Whether the instance has no turns any more that write anything.
/// fn ends_with(outcome: &TurnOutcome) -> bool {
///     match outcome {
///         TurnOutcome::Completed { .. } | TurnOutcome::Failed { .. } => true,
///         TurnOutcome::Running | TurnOutcome::ContinuedAsNew { .. } => false,
///     }
/// }
/// # assert!(!ends_with(&TurnOutcome::Running));
/// ```
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
///
/// ```
/// use duroxide::provider::{Committed, Provider, ProviderError, TurnCommit, TurnLock};
///
/// async fn commit(store: &dyn Provider, lock: &TurnLock, turn: TurnCommit) -> Result<(), ProviderError> {
///     match store.commit_turn(lock, turn).await? {
///         Committed::Applied => println!("written"),
///         Committed::AlreadyApplied => println!("written before: only the answer was lost"),
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is written now.
    Applied,
    /// The same turn had been written before.
    AlreadyApplied,
}

/// The right to complete one activity.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::provider::{ActivityLock, Provider, ProviderError};
///
/// /// Whether anybody still waits for the activity.
/// async fn is_wanted(store: &dyn Provider, lock: &ActivityLock) -> Result<bool, ProviderError> {
///     match store.renew_activity(lock, Duration::from_secs(30)).await {
///         Err(ProviderError::LockLost) => Ok(false),
///         renewed => renewed.map(|()| true),
///     }
/// }
/// ```
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
///
/// ```
/// use duroxide::provider::ActivityItem;
///
/// fn line(item: &ActivityItem) -> String {
///     let what = match &item.request {
///         Ok(request) => &request.name,
///         Err(problem) => problem,
///     };
///     format!("{what} for {}, delivery {}", item.instance, item.attempt)
/// }
/// ```
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
///
/// ```
/// use duroxide::EventKind;
/// use duroxide::provider::ActivityRequest;
///
/// let scheduled = EventKind::ActivityScheduled {
///     name: "ship".to_owned(),
///     input: "42".to_owned(),
///     attempt: 1,
///     first_attempt: None,
///     session_id: None,
///     tag: None,
/// };
/// let request = ActivityRequest::of(&scheduled).ok_or("no activity")?;
/// assert_eq!((request.name.as_str(), request.input.as_str()), ("ship", "42"));
/// # Ok::<(), &str>(())
/// ```
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
///
/// ```
/// use duroxide::provider::StartOutcome;
///
/// /// Whether the instance that is there does what was asked for.
/// fn is_done(outcome: &StartOutcome) -> bool {
///     match outcome {
///         StartOutcome::Created => true,
///         StartOutcome::Exists { same_request, .. } => *same_request,
///     }
/// }
/// # assert!(is_done(&StartOutcome::Created));
/// ```
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
///
/// ```
/// use duroxide::history::{InstanceId, Message};
/// use duroxide::provider::{Enqueued, Provider, ProviderError};
///
/// /// Sends an event; gives whether it was new. The id makes a second attempt harmless.
/// async fn approve(store: &dyn Provider, order: &InstanceId, id: u128) -> Result<bool, ProviderError> {
///     let (name, data) = ("approval".to_owned(), "yes".to_owned());
///     Ok(match store.enqueue(order, id, Message::ExternalEvent { name, data }).await? {
///         Enqueued::Accepted => true,
///         Enqueued::Duplicate => false,
///     })
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the inbox.
    Accepted,
    /// It was sent before under the same id; nothing was written.
    Duplicate,
}

/// Where an instance stands, as far as it is on disk.
///
/// ```
/// use duroxide::history::{ExecutionId, InstanceId, Start};
/// use duroxide::provider::Provider;
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = RedbProvider::in_memory()?;
/// let order = InstanceId::new("order-42")?;
/// store.start(&order, Start::first("fulfil_order", "null", 7)).await?;
///
/// let status = store.status(&order).await?.ok_or("no such instance")?;
/// assert_eq!(status.orchestration, "fulfil_order");
/// assert_eq!(status.execution_id, ExecutionId::FIRST);
/// assert!(status.pending && !status.state.is_terminal());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
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
///
/// ```
/// use duroxide::provider::InstanceState;
///
/// assert!(!InstanceState::Running.is_terminal());
/// assert!(InstanceState::Completed { output: "null".to_owned() }.is_terminal());
/// ```
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
///
/// ```
/// use duroxide::history::{Event, EventId, ExecutionId, InstanceId};
/// use duroxide::provider::{Provider, ProviderError};
///
/// /// The whole history of a first execution.
/// async fn read(store: &dyn Provider, id: &InstanceId) -> Result<Vec<Event>, ProviderError> {
///     let mut events: Vec<Event> = Vec::new();
///     loop {
///         let after = events.last().map_or(EventId::NONE, |event| event.event_id);
///         let page = store.read(id, ExecutionId::FIRST, after, 1_000).await?;
///         events.extend(page.events);
///         if !page.more {
///             return Ok(events);
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// In order, without a gap.
    pub events: Vec<Event>,
    /// Whether more follow.
    pub more: bool,
}
