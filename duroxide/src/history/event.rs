//! One line of a history.

use serde::{Deserialize, Serialize};

use crate::history::{ErrorDetails, EventId, KvEntry, Parent, bytes_of};
use crate::time::Timestamp;

/// One line of a history: what happened, and when it was written down.
///
/// ```
/// # use duroxide::{Client, ClientError};
/// async fn print(client: &Client, id: &str) -> Result<(), ClientError> {
///     for event in client.read_execution_history(id, 1).await? {
///         println!("{} at {}: {:?}", event.event_id, event.timestamp, event.kind);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its position: 1, 2, 3 ... without a gap.
    pub event_id: EventId,
    /// The earlier event that this one answers: the schedule of a completion or cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_event_id: Option<EventId>,
    /// When the message that caused it was consumed; what `now()` gave to the code.
    #[serde(rename = "timestamp_ms")]
    pub timestamp: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// An event with these parts.
    ///
    /// ```
    /// use duroxide::history::{Event, EventId, EventKind};
    /// use duroxide::time::Timestamp;
    ///
    /// let fire_at = Timestamp::from_millis(61_000);
    /// let fired = EventKind::TimerFired { fire_at };
    /// let event = Event::new(EventId(3), Some(EventId(2)), fire_at, fired);
    /// assert_eq!((event.event_id(), event.source_event_id()), (3, Some(2)));
    /// assert_eq!(event.timestamp_ms(), 61_000);
    /// assert!(event.kind.is_from_message() && !event.is_terminal());
    /// ```
    pub fn new(
        event_id: EventId,
        source_event_id: Option<EventId>,
        timestamp: Timestamp,
        kind: EventKind,
    ) -> Self {
        Self {
            event_id,
            source_event_id,
            timestamp,
            kind,
        }
    }

    /// Its position as a number.
    pub fn event_id(&self) -> u64 {
        self.event_id.0
    }

    /// The position of the event that this one answers, as a number.
    pub fn source_event_id(&self) -> Option<u64> {
        self.source_event_id.map(|id| id.0)
    }

    /// When it was written down, in milliseconds since the Unix epoch.
    pub fn timestamp_ms(&self) -> u64 {
        self.timestamp.as_millis()
    }

    /// Whether an execution ends with this event.
    pub fn is_terminal(&self) -> bool {
        self.kind.is_terminal()
    }
}

/// What an event says. Serializes to JSON with a `"type"` tag.
///
/// ```
/// use duroxide::{Event, EventKind};
///
/// /// Whether an activity of that name was asked for.
/// fn was_called(history: &[Event], activity: &str) -> bool {
///     history.iter().any(|event| match &event.kind {
///         EventKind::ActivityScheduled { name, .. } => name == activity,
///         _ => false,
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum EventKind {
    /// The execution began. Always the first event.
    OrchestrationStarted {
        /// The name of the orchestration.
        name: String,
        /// The version that this execution is pinned to.
        version: String,
        /// The input, as text.
        input: String,
        /// The instance's own seed, for `new_guid` and `random`.
        #[serde(with = "seed_as_text")]
        seed: u128,
        /// The number of the engine's semantics that it is replayed under. Left out in JSON for the
        /// first.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        semantics: u32,
        /// Who waits for the end of the instance.
        #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// Queue messages that the execution before it was given and did not read: queue and data,
        /// in the order of arrival.
        #[serde(
            default,
            rename = "carry_forward_events",
            skip_serializing_if = "Vec::is_empty"
        )]
        carried: Vec<(String, String)>,
        /// The custom status that the execution before it left.
        #[serde(
            default,
            rename = "initial_custom_status",
            skip_serializing_if = "Option::is_none"
        )]
        custom_status: Option<String>,
        /// The values that the execution before it left, in the order of their keys.
        #[serde(
            default,
            rename = "initial_key_values",
            skip_serializing_if = "Vec::is_empty"
        )]
        kv: Vec<KvEntry>,
    },
    /// Somebody asked for the end of the instance.
    OrchestrationCancelRequested {
        /// The words of whoever asked.
        reason: String,
        /// Whether it ends at once, without a chance to clean up.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        terminate: bool,
    },
    /// The code returned `Ok`. Nothing follows.
    OrchestrationCompleted {
        /// What it returned.
        output: String,
    },
    /// The execution failed. Nothing follows.
    OrchestrationFailed {
        /// Why.
        details: ErrorDetails,
    },
    /// The next execution takes over. Nothing follows.
    OrchestrationContinuedAsNew {
        /// Its input.
        input: String,
        /// Its version, if the code chose one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// The code asked for an activity.
    ActivityScheduled {
        /// The activity's name.
        name: String,
        /// Its input, as text.
        input: String,
        /// Which attempt of one call this is: 1, 2, ... Left out in JSON for the first.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        attempt: u32,
        /// The event that scheduled the first attempt; none in that event itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_attempt: Option<EventId>,
        /// The session whose worker runs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<String>,
        /// Which workers may run it; none: those that take untagged work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
    },
    /// The activity returned `Ok`.
    ActivityCompleted {
        /// What it returned.
        result: String,
    },
    /// The activity failed.
    ActivityFailed {
        /// Why.
        details: ErrorDetails,
    },
    /// The code does not wait for the activity any more.
    ActivityCancelRequested {
        /// Why: `dropped_future`, or `orchestration_terminal_..`.
        reason: String,
    },
    /// The code asked for a timer.
    TimerCreated {
        /// When it is due.
        #[serde(rename = "fire_at_ms")]
        fire_at: Timestamp,
    },
    /// The timer was due.
    TimerFired {
        /// When it was due.
        #[serde(rename = "fire_at_ms")]
        fire_at: Timestamp,
    },
    /// The code does not wait for the timer any more.
    TimerCancelled {
        /// When it would have been due.
        #[serde(rename = "fire_at_ms")]
        fire_at: Timestamp,
        /// Why: `dropped_future`, or `orchestration_terminal_..`.
        reason: String,
    },
    /// The code asked for a sub-orchestration.
    SubOrchestrationScheduled {
        /// The name of the orchestration.
        name: String,
        /// Its version, if the code chose one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The id of the child.
        instance: String,
        /// Its input, as text.
        input: String,
    },
    /// The sub-orchestration returned `Ok`.
    SubOrchestrationCompleted {
        /// What it returned.
        result: String,
    },
    /// The sub-orchestration failed, was cancelled, or could not be started.
    SubOrchestrationFailed {
        /// Why.
        details: ErrorDetails,
    },
    /// The code does not wait for the sub-orchestration any more; it is cancelled.
    SubOrchestrationCancelRequested {
        /// The id of the child.
        instance: String,
        /// Why: `dropped_future`, or `orchestration_terminal_..`.
        reason: String,
    },
    /// The code started an instance that it does not wait for.
    OrchestrationChained {
        /// The name of the orchestration.
        name: String,
        /// Its version, if the code chose one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The id of the new instance.
        instance: String,
        /// Its input, as text.
        input: String,
    },
    /// The code set its custom status, or took it back.
    CustomStatusUpdated {
        /// The new one.
        status: Option<String>,
    },
    /// The code wrote a value.
    KeyValueSet {
        /// The key.
        key: String,
        /// The value, as text.
        value: String,
    },
    /// The code removed a value.
    KeyValueCleared {
        /// The key.
        key: String,
    },
    /// The code removed all values.
    KeyValuesCleared,
    /// The code asked whether a change applies to this execution, and it does.
    PatchApplied {
        /// The id of the change.
        id: String,
    },
    /// The code waits for an event with this name.
    ExternalSubscribed {
        /// The event's name.
        name: String,
    },
    /// An event was raised: the oldest open wait for its name has it; without one, nobody.
    ExternalEvent {
        /// The event's name.
        name: String,
        /// What was sent with it.
        data: String,
    },
    /// The code does not wait for the event any more.
    ExternalSubscribedCancelled {
        /// Why: `dropped_future`, or `orchestration_terminal_..`.
        reason: String,
    },
    /// The code asked for the next message of a queue.
    #[serde(rename = "ExternalSubscribedPersistent")]
    QueueSubscribed {
        /// The queue.
        name: String,
    },
    /// A message for a queue arrived: the oldest open request of that queue has it, or it is kept.
    #[serde(rename = "ExternalEventPersistent")]
    QueueEventDelivered {
        /// The queue.
        name: String,
        /// What was sent.
        data: String,
    },
    /// The code gave a request up. A message that it had and was not read goes back to its place in
    /// the queue.
    #[serde(rename = "ExternalSubscribedPersistentCancelled")]
    QueueSubscriptionCancelled {
        /// Why: `dropped_future`, or `orchestration_terminal_..`.
        reason: String,
    },
}

impl EventKind {
    /// Whether an execution ends with this event.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::OrchestrationCompleted { .. }
                | Self::OrchestrationFailed { .. }
                | Self::OrchestrationContinuedAsNew { .. }
        )
    }

    /// How many bytes its texts have: what an event costs where it is kept.
    ///
    /// ```
    /// use duroxide::EventKind;
    ///
    /// let ended = EventKind::OrchestrationCompleted { output: "done".to_owned() };
    /// assert_eq!(ended.text_bytes(), 4);
    /// assert!(ended.is_terminal());
    /// ```
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::OrchestrationStarted {
                name,
                version,
                input,
                carried,
                custom_status,
                kv,
                ..
            } => {
                let own = [name, version, input].into_iter().chain(custom_status);
                let carried = carried.iter().flat_map(|(queue, data)| [queue, data]);
                let kv = kv.iter().flat_map(|entry| [&entry.key, &entry.value]);
                bytes_of(own.chain(carried).chain(kv))
            }
            Self::OrchestrationCompleted { output: text }
            | Self::OrchestrationContinuedAsNew { input: text, .. }
            | Self::OrchestrationCancelRequested { reason: text, .. }
            | Self::ActivityCompleted { result: text }
            | Self::SubOrchestrationCompleted { result: text }
            | Self::ActivityCancelRequested { reason: text }
            | Self::KeyValueCleared { key: text }
            | Self::PatchApplied { id: text }
            | Self::TimerCancelled { reason: text, .. }
            | Self::ExternalSubscribed { name: text }
            | Self::ExternalSubscribedCancelled { reason: text }
            | Self::QueueSubscribed { name: text }
            | Self::QueueSubscriptionCancelled { reason: text } => text.len(),
            Self::OrchestrationFailed { details }
            | Self::ActivityFailed { details }
            | Self::SubOrchestrationFailed { details } => details.text_bytes(),
            Self::SubOrchestrationScheduled {
                name,
                instance,
                input,
                ..
            }
            | Self::OrchestrationChained {
                name,
                instance,
                input,
                ..
            } => bytes_of([name, instance, input]),
            Self::CustomStatusUpdated { status } => status.as_ref().map_or(0, String::len),
            Self::ActivityScheduled {
                name, input: text, ..
            }
            | Self::ExternalEvent { name, data: text }
            | Self::KeyValueSet {
                key: name,
                value: text,
            }
            | Self::SubOrchestrationCancelRequested {
                instance: name,
                reason: text,
            }
            | Self::QueueEventDelivered { name, data: text } => bytes_of([name, text]),
            Self::TimerCreated { .. } | Self::TimerFired { .. } | Self::KeyValuesCleared => 0,
        }
    }

    /// Whether a consumed message put this event here; the code's requests follow behind it.
    pub fn is_from_message(&self) -> bool {
        match self {
            Self::OrchestrationStarted { .. }
            | Self::ActivityCompleted { .. }
            | Self::ActivityFailed { .. }
            | Self::TimerFired { .. }
            | Self::SubOrchestrationCompleted { .. }
            | Self::SubOrchestrationFailed { .. }
            | Self::OrchestrationCancelRequested { .. }
            | Self::ExternalEvent { .. }
            | Self::QueueEventDelivered { .. } => true,
            Self::OrchestrationCompleted { .. }
            | Self::OrchestrationFailed { .. }
            | Self::OrchestrationContinuedAsNew { .. }
            | Self::ActivityScheduled { .. }
            | Self::ActivityCancelRequested { .. }
            | Self::TimerCreated { .. }
            | Self::TimerCancelled { .. }
            | Self::SubOrchestrationScheduled { .. }
            | Self::SubOrchestrationCancelRequested { .. }
            | Self::OrchestrationChained { .. }
            | Self::CustomStatusUpdated { .. }
            | Self::KeyValueSet { .. }
            | Self::KeyValueCleared { .. }
            | Self::KeyValuesCleared
            | Self::PatchApplied { .. }
            | Self::ExternalSubscribed { .. }
            | Self::ExternalSubscribedCancelled { .. }
            | Self::QueueSubscribed { .. }
            | Self::QueueSubscriptionCancelled { .. } => false,
        }
    }
}

const fn first() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_first(attempt: &u32) -> bool {
    *attempt == 1
}

/// 128 bits as decimal text: JSON readers elsewhere lose digits above 2^53.
mod seed_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(seed: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(seed)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_told_in_json_from_the_second_on() {
        let scheduled = |attempt, first_attempt| EventKind::ActivityScheduled {
            name: "a".to_owned(),
            input: String::new(),
            attempt,
            first_attempt,
            session_id: None,
            tag: None,
        };
        for (kind, json) in [
            (
                scheduled(1, None),
                r#"{"type":"ActivityScheduled","name":"a","input":""}"#,
            ),
            (
                scheduled(2, Some(EventId(3))),
                r#"{"type":"ActivityScheduled","name":"a","input":"","attempt":2,"first_attempt":3}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
            assert_eq!(serde_json::from_str::<EventKind>(json).unwrap(), kind);
        }
    }

    #[test]
    fn an_event_reads_in_json_as_it_is_documented() {
        let event = Event::new(
            EventId(3),
            Some(EventId(2)),
            Timestamp::from_millis(7),
            EventKind::TimerFired {
                fire_at: Timestamp::from_millis(6),
            },
        );
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(
            json,
            r#"{"event_id":3,"source_event_id":2,"timestamp_ms":7,"type":"TimerFired","fire_at_ms":6}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }
    #[test]
    fn the_events_of_queues_have_the_names_of_the_dynamic_layer() {
        let name = || "q".to_owned();
        let kinds = [
            EventKind::QueueSubscribed { name: name() },
            EventKind::QueueEventDelivered {
                name: name(),
                data: "d".to_owned(),
            },
            EventKind::QueueSubscriptionCancelled { reason: name() },
        ];
        let json = kinds.map(|kind| serde_json::to_string(&kind).unwrap());
        assert_eq!(
            json,
            [
                r#"{"type":"ExternalSubscribedPersistent","name":"q"}"#,
                r#"{"type":"ExternalEventPersistent","name":"q","data":"d"}"#,
                r#"{"type":"ExternalSubscribedPersistentCancelled","reason":"q"}"#,
            ]
        );
    }
}
