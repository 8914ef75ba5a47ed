//! How large things may be. Checked before anything is written: what was accepted can be read.

use std::time::Duration;

use crate::history::{
    ErrorDetails, Event, EventKind, InstanceId, KvEntry, MAX_ID_BYTES, MAX_NAME_BYTES, Message,
    PoisonMessageType, Start,
};
use crate::provider::{ProviderError, TurnCommit, TurnOutcome};

/// The longest single text that can be allowed: it has to fit into a turn.
const CEILING_PAYLOAD: usize = 8 << 20;
/// The most events of one turn that can be allowed, and the most bytes of their texts: a turn is one
/// record.
const CEILING_TURN_EVENTS: usize = 200_000;
const CEILING_TURN_BYTES: usize = 12 << 20;
/// The most bytes of all that an execution begins with: it stands in one event.
const MAX_START_BYTES: usize = 15 << 20;
/// The most bytes of unread queue messages that one execution hands to the next: they stand in one
/// event, and leave room for others in its turn.
pub(crate) const MAX_CARRIED_BYTES: usize = 4 << 20;
/// The ids of so many events that were consumed are remembered, in memory.
pub(crate) const REMEMBERED_IDS: usize = 10_000;
/// Fresh payloads above this many bytes are not kept in memory but read again when they are due.
pub(crate) const MAX_RESIDENT_BYTES: usize = 64 << 20;
/// A group is written when it has this many bytes, whoever might still join.
pub(crate) const MAX_GROUP_BYTES: usize = 16 << 20;
/// Idle instances whose rows are remembered.
pub(crate) const IDLE_ROWS: usize = 8_192;

/// An activity with so many counted deliveries in earlier lives starts alone. The first is not
/// counted, so it was out when the process died three times.
pub(crate) const ISOLATE_AFTER: u32 = 2;
/// How long it stays alone if it does not end before.
pub(crate) const ISOLATION: Duration = Duration::from_secs(2);

/// How large things may be in one store. What exceeds one of them is refused before anything is
/// written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreLimits {
    /// The longest single text: input, output, result.
    payload: usize,
    /// The longest id of an instance, and the longest name of an orchestration, event or queue.
    id: usize,
    name: usize,
    turn_events: usize,
    turn_bytes: usize,
}

impl Default for StoreLimits {
    /// The engine fills its turns up to far less; what one message may cause fits, and the
    /// cancellation of all that was open too.
    fn default() -> Self {
        Self {
            payload: 1 << 20,
            id: MAX_ID_BYTES,
            name: MAX_NAME_BYTES,
            turn_events: CEILING_TURN_EVENTS,
            turn_bytes: 8 << 20,
        }
    }
}

impl StoreLimits {
    pub(crate) fn with_payload(self, bytes: usize) -> Self {
        let payload = bytes.min(CEILING_PAYLOAD);
        Self { payload, ..self }
    }

    pub(crate) fn with_id(self, bytes: usize) -> Self {
        Self { id: bytes, ..self }
    }

    pub(crate) fn with_name(self, bytes: usize) -> Self {
        Self {
            name: bytes,
            ..self
        }
    }

    pub(crate) fn with_turn_events(self, events: usize) -> Self {
        let turn_events = events.min(CEILING_TURN_EVENTS);
        Self {
            turn_events,
            ..self
        }
    }

    pub(crate) fn with_turn_bytes(self, bytes: usize) -> Self {
        let turn_bytes = bytes.min(CEILING_TURN_BYTES);
        Self { turn_bytes, ..self }
    }

    pub(crate) fn check_turn(self, turn: &TurnCommit) -> Result<(), ProviderError> {
        // How an instance ends that broke a limit: so that end is always taken.
        let ends_badly = matches!(turn.outcome, TurnOutcome::Failed { .. });
        self.check_delta(&turn.history_delta, ends_badly)?;
        for child in &turn.starts {
            self.check_new(&child.instance, &child.start)?;
            let mut answer = child.if_taken.iter();
            answer.try_for_each(|message| self.check_message(message))?;
        }
        for (_, message) in &turn.messages {
            self.check_message(message)?;
        }
        match &turn.outcome {
            TurnOutcome::Running => Ok(()),
            TurnOutcome::Completed { output } => self.check_text("output", output),
            TurnOutcome::Failed { details } => self.check_failure(details),
            TurnOutcome::ContinuedAsNew { next } => self.check_start(next),
        }
    }

    pub(crate) fn check_text(self, what: &str, text: &str) -> Result<(), ProviderError> {
        check_length(what, text, self.payload)
    }

    pub(crate) fn check_failure(self, details: &ErrorDetails) -> Result<(), ProviderError> {
        texts_of(details).try_for_each(|text| self.check_text("error", text))
    }

    fn check_delta(self, events: &[Event], ends_badly: bool) -> Result<(), ProviderError> {
        let mut bytes = 0_usize;
        for event in events {
            bytes = bytes.saturating_add(self.check_event(&event.kind)?);
        }
        if ends_badly {
            return Ok(());
        }
        if events.len() > self.turn_events {
            return Err(ProviderError::Refused(format!(
                "the turn has {} events; {} are allowed",
                events.len(),
                self.turn_events
            )));
        }
        if bytes > self.turn_bytes {
            return Err(ProviderError::Refused(format!(
                "the events of the turn have {bytes} bytes; {} are allowed",
                self.turn_bytes
            )));
        }
        Ok(())
    }

    /// The bytes of the event's texts, as far as they count for the turn. What a message brought was
    /// let in with the message.
    fn check_event(self, kind: &EventKind) -> Result<usize, ProviderError> {
        let texts: &[(&str, &str)] = match kind {
            // Bounded where it was sent, or no execution that inherits much could begin.
            EventKind::OrchestrationStarted { .. } => return Ok(0),
            EventKind::OrchestrationFailed { details } => {
                self.check_failure(details)?;
                return Ok(kind.text_bytes());
            }
            EventKind::OrchestrationContinuedAsNew { input, version } => &[
                ("input", input),
                ("version", version.as_deref().unwrap_or_default()),
            ],
            EventKind::ActivityScheduled { name, input, .. } => &[("name", name), ("input", input)],
            EventKind::SubOrchestrationScheduled {
                name,
                instance,
                input,
                ..
            }
            | EventKind::OrchestrationChained {
                name,
                instance,
                input,
                ..
            } => &[("name", name), ("instance", instance), ("input", input)],
            EventKind::CustomStatusUpdated { status } => {
                &[("custom status", status.as_deref().unwrap_or_default())]
            }
            EventKind::KeyValueSet { key, value } => &[("key", key), ("value", value)],
            EventKind::KeyValueCleared { key } => &[("key", key)],
            EventKind::PatchApplied { id } => &[("patch", id)],
            EventKind::OrchestrationCompleted { output } => &[("output", output)],
            EventKind::ActivityCancelRequested { reason }
            | EventKind::SubOrchestrationCancelRequested { reason, .. }
            | EventKind::TimerCancelled { reason, .. }
            | EventKind::ExternalSubscribedCancelled { reason }
            | EventKind::QueueSubscriptionCancelled { reason } => &[("reason", reason)],
            EventKind::ExternalSubscribed { name } | EventKind::QueueSubscribed { name } => {
                &[("name", name)]
            }
            EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::QueueEventDelivered { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::TimerFired { .. }
            | EventKind::KeyValuesCleared => &[],
        };
        for (what, text) in texts {
            self.check_text(what, text)?;
        }
        Ok(kind.text_bytes())
    }

    /// The texts of a message, each by itself.
    pub(crate) fn check_message(self, message: &Message) -> Result<(), ProviderError> {
        match message {
            Message::Start(start) => self.check_start(start),
            Message::ActivityCompleted { result, .. }
            | Message::SubOrchestrationCompleted { result, .. } => {
                self.check_text("result", result)
            }
            Message::ActivityFailed { details, .. }
            | Message::SubOrchestrationFailed { details, .. } => self.check_failure(details),
            Message::TimerFired { .. } => Ok(()),
            Message::CancelRequested { reason, .. } | Message::CancelChild { reason, .. } => {
                self.check_text("reason", reason)
            }
            Message::ExternalEvent { name, data } | Message::QueueEvent { queue: name, data } => {
                check_length("name", name, self.name)?;
                self.check_text("data", data)
            }
        }
    }

    /// An instance that comes into being.
    pub(crate) fn check_new(self, id: &InstanceId, start: &Start) -> Result<(), ProviderError> {
        check_length("instance id", id.as_str(), self.id)?;
        check_length("orchestration name", &start.name, self.name)?;
        self.check_start(start)
    }

    pub(crate) fn check_start(self, start: &Start) -> Result<(), ProviderError> {
        let own = [
            ("input", start.input.as_str()),
            ("name", &start.name),
            ("version", start.version.as_deref().unwrap_or_default()),
            (
                "custom status",
                start.custom_status.as_deref().unwrap_or_default(),
            ),
        ];
        let mut bytes = self.check_inherited(start)?;
        for (what, text) in own {
            self.check_text(what, text)?;
            bytes = bytes.saturating_add(text.len());
        }
        if bytes <= MAX_START_BYTES {
            return Ok(());
        }
        Err(ProviderError::Refused(format!(
            "the execution would begin with {bytes} bytes of input, values and unread messages; \
             {MAX_START_BYTES} are allowed"
        )))
    }

    /// What an execution inherits from the one before; with all else that it begins with it has to fit
    /// into one event. The bytes of its texts.
    fn check_inherited(self, start: &Start) -> Result<usize, ProviderError> {
        let mut unread = 0_usize;
        for (queue, data) in &start.carried {
            self.check_text("name", queue)?;
            self.check_text("data", data)?;
            unread = unread
                .saturating_add(queue.len())
                .saturating_add(data.len());
        }
        if unread > MAX_CARRIED_BYTES {
            return Err(ProviderError::Refused(format!(
                "{} unread queue messages of {unread} bytes go with the next execution; \
                 {MAX_CARRIED_BYTES} bytes are allowed",
                start.carried.len()
            )));
        }
        let mut bytes = unread;
        for KvEntry { key, value, .. } in &start.kv {
            self.check_text("key", key)?;
            self.check_text("value", value)?;
            bytes = bytes.saturating_add(key.len()).saturating_add(value.len());
        }
        Ok(bytes)
    }
}

fn check_length(what: &str, text: &str, allowed: usize) -> Result<(), ProviderError> {
    let bytes = text.len();
    if bytes <= allowed {
        return Ok(());
    }
    Err(ProviderError::Refused(format!(
        "the {what} has {bytes} bytes; {allowed} are allowed"
    )))
}

fn texts_of(details: &ErrorDetails) -> impl Iterator<Item = &str> {
    let texts: [Option<&str>; 3] = match details {
        ErrorDetails::Infrastructure {
            operation, message, ..
        } => [Some(operation), Some(message), None],
        ErrorDetails::Configuration {
            resource, message, ..
        } => [Some(resource), message.as_deref(), None],
        ErrorDetails::Application {
            message, payload, ..
        } => [Some(message), payload.as_deref(), None],
        ErrorDetails::Poison {
            message_type,
            message,
            ..
        } => {
            let (instance, other) = match message_type {
                PoisonMessageType::Orchestration { instance, .. } => (instance, None),
                PoisonMessageType::Activity {
                    instance,
                    activity_name,
                    ..
                } => (instance, Some(activity_name.as_str())),
                PoisonMessageType::FailedDeserialization {
                    instance, error, ..
                } => (instance, Some(error.as_str())),
            };
            [Some(message), Some(instance), other]
        }
    };
    texts.into_iter().flatten()
}
