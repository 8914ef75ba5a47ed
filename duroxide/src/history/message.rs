//! What reaches an instance's inbox.

use serde::{Deserialize, Serialize};

use crate::history::{ErrorDetails, EventId, ExecutionId};
use crate::time::Timestamp;

/// One message for one instance. Messages are consumed one at a time, in the order of arrival.
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
    /// Whether it came from outside and is addressed to the instance, not to one execution.
    pub fn is_event(&self) -> bool {
        match self {
            Self::ExternalEvent { .. } | Self::QueueEvent { .. } => true,
            Self::Start(_)
            | Self::ActivityCompleted { .. }
            | Self::ActivityFailed { .. }
            | Self::TimerFired { .. } => false,
        }
    }
}

/// Everything an execution begins with.
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
    /// Queue messages that the execution before it was given and did not read: queue and data, in
    /// the order of arrival. They stand in front of all that arrive later. Empty for the first.
    pub carried: Vec<(String, String)>,
}
