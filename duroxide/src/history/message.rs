//! What reaches an instance's inbox.

use serde::{Deserialize, Serialize};

use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId};
use crate::time::Timestamp;

/// One message for one instance. Messages are consumed one at a time, in the order of arrival.
///
/// ```
/// use duroxide::history::{Message, Start};
///
/// let approval = Message::ExternalEvent { name: "approval".to_owned(), data: "yes".to_owned() };
/// assert!(approval.is_event());
/// assert!(!Message::Start(Start::first("order", "42", 7)).is_event());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// Begin an execution. The first message of every execution; there is one for each.
    Start(Start),
    /// An activity returned `Ok`.
    ActivityCompleted {
        /// The execution that scheduled it; others ignore the message.
        execution_id: ExecutionId,
        /// The event that scheduled it.
        source: EventId,
        /// What it returned.
        result: String,
    },
    /// An activity failed.
    ActivityFailed {
        /// The execution that scheduled it; others ignore the message.
        execution_id: ExecutionId,
        /// The event that scheduled it.
        source: EventId,
        /// Why.
        details: ErrorDetails,
    },
    /// A timer is due.
    TimerFired {
        /// The execution that created it; others ignore the message.
        execution_id: ExecutionId,
        /// The event that created it.
        source: EventId,
        /// When it was due.
        fire_at: Timestamp,
    },
    /// A sub-orchestration ended well.
    SubOrchestrationCompleted {
        /// The execution that scheduled it; others ignore the message.
        execution_id: ExecutionId,
        /// The event that scheduled it.
        source: EventId,
        /// What it returned.
        result: String,
    },
    /// A sub-orchestration ended badly, or was never started.
    SubOrchestrationFailed {
        /// The execution that scheduled it; others ignore the message.
        execution_id: ExecutionId,
        /// The event that scheduled it.
        source: EventId,
        /// Why.
        details: ErrorDetails,
    },
    /// Somebody wants the instance to end. Addressed to the instance: whichever execution consumes it.
    CancelRequested {
        /// The words of whoever asked for it.
        reason: String,
        /// Whether it ends at once, without a chance to clean up.
        terminate: bool,
    },
    /// Whoever started the instance as a child does not wait for it any more, so it is to end. An
    /// instance that another call started ignores it: it only bears the id.
    CancelChild {
        /// The call that nobody waits for, as it stands in the child's start.
        parent: Parent,
        /// The words of the parent.
        reason: String,
    },
    /// Somebody raised an event. Addressed to the instance: whichever execution consumes it.
    ExternalEvent {
        /// The event's name.
        name: String,
        /// What was sent with it.
        data: String,
    },
    /// Somebody sent a message to one of the instance's queues. Addressed to the instance, as above.
    QueueEvent {
        /// The queue.
        queue: String,
        /// What was sent.
        data: String,
    },
}

impl Message {
    /// Whether it is addressed to the instance, not to one execution: then it belongs behind the
    /// start of whichever execution there is.
    pub fn is_event(&self) -> bool {
        match self {
            Self::ExternalEvent { .. }
            | Self::QueueEvent { .. }
            | Self::CancelRequested { .. }
            | Self::CancelChild { .. } => true,
            Self::Start(_)
            | Self::ActivityCompleted { .. }
            | Self::ActivityFailed { .. }
            | Self::SubOrchestrationCompleted { .. }
            | Self::SubOrchestrationFailed { .. }
            | Self::TimerFired { .. } => false,
        }
    }
}

/// Everything an execution begins with.
///
/// ```
/// use duroxide::history::{ExecutionId, Start};
///
/// let first = Start::first("order", "42", 7); // the seed is to be random
/// let start = Start { version: Some("1.1.0".to_owned()), ..first };
/// assert_eq!(start.execution_id, ExecutionId::FIRST);
/// assert!(start.parent.is_none() && start.carried.is_empty() && start.kv.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Which execution this begins.
    pub execution_id: ExecutionId,
    /// The name of the orchestration.
    pub name: String,
    /// Its version; `None` lets the worker that begins the execution choose by its policy.
    pub version: Option<String>,
    /// The input, as text.
    pub input: String,
    /// The instance's own seed: from it and the history come `new_guid` and `random`.
    pub seed: u128,
    /// Who waits for the end of the instance; the same for all its executions.
    pub parent: Option<Parent>,
    /// Queue messages that the execution before it was given and did not read: queue and data, in
    /// the order of arrival. They stand in front of all that arrive later. Empty for the first.
    pub carried: Vec<(String, String)>,
    /// The custom status that the execution before it left.
    pub custom_status: Option<String>,
    /// The values that the execution before it left, in the order of their keys.
    pub kv: Vec<KvEntry>,
}

impl Start {
    /// The start of an instance of its own: nobody waits for it, nothing is handed down.
    pub fn first(name: impl Into<String>, input: impl Into<String>, seed: u128) -> Self {
        Self {
            execution_id: ExecutionId::FIRST,
            name: name.into(),
            version: None,
            input: input.into(),
            seed,
            parent: None,
            carried: Vec::new(),
            custom_status: None,
            kv: Vec::new(),
        }
    }
}

/// Who waits for the end of a sub-orchestration.
///
/// ```
/// use duroxide::EventKind;
/// use duroxide::history::Parent;
///
/// /// Who waits for the end of an instance whose history begins so.
/// fn parent(first: &EventKind) -> Option<&Parent> {
///     match first {
///         EventKind::OrchestrationStarted { parent, .. } => parent.as_ref(),
///         _ => None,
///     }
/// }
///
/// fn in_words(parent: &Parent) -> String {
///     format!("event {} of {}, {}", parent.source, parent.instance, parent.execution_id)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The instance.
    #[serde(rename = "parent_instance")]
    pub instance: InstanceId,
    /// Its execution that scheduled the child; others ignore its end.
    #[serde(rename = "parent_execution_id")]
    pub execution_id: ExecutionId,
    /// The event that scheduled the child.
    #[serde(rename = "parent_id")]
    pub source: EventId,
}

/// One value that an instance keeps under a key.
///
/// ```
/// use duroxide::history::KvEntry;
///
/// /// What was written last: `key=value`.
/// fn latest(entries: &[KvEntry]) -> Option<String> {
///     let entry = entries.iter().max_by_key(|entry| entry.updated_at)?;
///     Some(format!("{}={}", entry.key, entry.value))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvEntry {
    /// The key.
    pub key: String,
    /// The value, as text.
    pub value: String,
    /// When it was written: the time of the message under way.
    #[serde(rename = "updated_at_ms")]
    pub updated_at: Timestamp,
}
