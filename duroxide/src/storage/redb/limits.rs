//! How large things may be. Checked before anything is written: what was accepted can be read.

use std::time::Duration;

use crate::history::{ErrorDetails, Event, EventKind, KvEntry, Message, PoisonMessageType, Start};
use crate::provider::ProviderError;

/// The longest single text: input, output, result.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// The most events of one turn. The engine cuts its turns far below; what one message may cause
/// fits, and the cancellation of all that was open too.
pub(crate) const MAX_DELTA_EVENTS: usize = 200_000;
/// The most bytes of the texts of one turn's events.
pub(crate) const MAX_DELTA_BYTES: usize = 8 << 20;
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

pub(crate) fn check_text(what: &str, text: &str) -> Result<(), ProviderError> {
    if text.len() <= MAX_PAYLOAD_BYTES {
        return Ok(());
    }
    Err(ProviderError::Refused(format!(
        "the {what} has {} bytes; {MAX_PAYLOAD_BYTES} are allowed",
        text.len()
    )))
}

pub(crate) fn check_failure(details: &ErrorDetails) -> Result<(), ProviderError> {
    texts_of(details).try_for_each(|text| check_text("error", text))
}

pub(crate) fn check_delta(events: &[Event]) -> Result<(), ProviderError> {
    if events.len() > MAX_DELTA_EVENTS {
        return Err(ProviderError::Refused(format!(
            "the turn has {} events; {MAX_DELTA_EVENTS} are allowed",
            events.len()
        )));
    }
    let mut bytes = 0_usize;
    for event in events {
        bytes = bytes.saturating_add(check_event(&event.kind)?);
    }
    if bytes <= MAX_DELTA_BYTES {
        return Ok(());
    }
    Err(ProviderError::Refused(format!(
        "the events of the turn have {bytes} bytes; {MAX_DELTA_BYTES} are allowed"
    )))
}

/// The bytes of the event's texts.
fn check_event(kind: &EventKind) -> Result<usize, ProviderError> {
    let sum = |texts: &[(&str, &str)]| -> Result<usize, ProviderError> {
        for (what, text) in texts {
            check_text(what, text)?;
        }
        Ok(texts.iter().map(|(_, text)| text.len()).sum())
    };
    match kind {
        EventKind::OrchestrationStarted {
            name,
            version,
            input,
            carried,
            custom_status,
            kv,
            ..
        } => {
            let custom_status = custom_status.as_deref().unwrap_or_default();
            let own = sum(&[
                ("name", name),
                ("version", version),
                ("input", input),
                ("custom status", custom_status),
            ])?;
            let inherited = check_carried(carried)?.saturating_add(check_values(kv)?);
            Ok(own.saturating_add(inherited))
        }
        EventKind::OrchestrationContinuedAsNew { input, version } => sum(&[
            ("input", input),
            ("version", version.as_deref().unwrap_or_default()),
        ]),
        EventKind::ActivityScheduled { name, input, .. } => {
            sum(&[("name", name), ("input", input)])
        }
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
        } => sum(&[("name", name), ("instance", instance), ("input", input)]),
        EventKind::CustomStatusUpdated { status } => {
            sum(&[("custom status", status.as_deref().unwrap_or_default())])
        }
        EventKind::KeyValueSet { key, value } => sum(&[("key", key), ("value", value)]),
        EventKind::KeyValueCleared { key } => sum(&[("key", key)]),
        EventKind::PatchApplied { id } => sum(&[("patch", id)]),
        EventKind::OrchestrationCompleted { output } => sum(&[("output", output)]),
        EventKind::ActivityCompleted { result }
        | EventKind::SubOrchestrationCompleted { result } => sum(&[("result", result)]),
        EventKind::ActivityCancelRequested { reason }
        | EventKind::OrchestrationCancelRequested { reason, .. }
        | EventKind::SubOrchestrationCancelRequested { reason, .. }
        | EventKind::TimerCancelled { reason, .. }
        | EventKind::ExternalSubscribedCancelled { reason }
        | EventKind::QueueSubscriptionCancelled { reason } => sum(&[("reason", reason)]),
        EventKind::ExternalSubscribed { name } | EventKind::QueueSubscribed { name } => {
            sum(&[("name", name)])
        }
        EventKind::ExternalEvent { name, data } | EventKind::QueueEventDelivered { name, data } => {
            sum(&[("name", name), ("data", data)])
        }
        EventKind::OrchestrationFailed { details }
        | EventKind::ActivityFailed { details }
        | EventKind::SubOrchestrationFailed { details } => {
            check_failure(details)?;
            Ok(texts_of(details).map(str::len).sum())
        }
        EventKind::TimerCreated { .. }
        | EventKind::TimerFired { .. }
        | EventKind::KeyValuesCleared => Ok(0),
    }
}

/// The bytes of a message's texts, each checked.
pub(crate) fn check_message(message: &Message) -> Result<(), ProviderError> {
    match message {
        Message::Start(start) => check_start(start),
        Message::ActivityCompleted { result, .. }
        | Message::SubOrchestrationCompleted { result, .. } => check_text("result", result),
        Message::ActivityFailed { details, .. }
        | Message::SubOrchestrationFailed { details, .. } => check_failure(details),
        Message::TimerFired { .. } => Ok(()),
        Message::CancelRequested { reason, .. } => check_text("reason", reason),
        Message::ExternalEvent { name, data } | Message::QueueEvent { queue: name, data } => {
            check_text("name", name)?;
            check_text("data", data)
        }
    }
}

pub(crate) fn check_start(start: &Start) -> Result<(), ProviderError> {
    check_text("input", &start.input)?;
    check_text("name", &start.name)?;
    check_text("version", start.version.as_deref().unwrap_or_default())?;
    check_text(
        "custom status",
        start.custom_status.as_deref().unwrap_or_default(),
    )?;
    check_values(&start.kv)?;
    check_carried(&start.carried).map(|_bytes| ())
}

/// Values that one execution hands to the next: they stand in one event.
fn check_values(kv: &[KvEntry]) -> Result<usize, ProviderError> {
    let mut bytes = 0_usize;
    for entry in kv {
        check_text("key", &entry.key)?;
        check_text("value", &entry.value)?;
        let both = entry.key.len().saturating_add(entry.value.len());
        bytes = bytes.saturating_add(both);
    }
    Ok(bytes)
}

/// What an execution inherits from the one before. The bytes of its texts.
pub(crate) fn check_carried(carried: &[(String, String)]) -> Result<usize, ProviderError> {
    let mut bytes = 0_usize;
    for (queue, data) in carried {
        check_text("name", queue)?;
        check_text("data", data)?;
        bytes = bytes.saturating_add(queue.len()).saturating_add(data.len());
    }
    if bytes <= MAX_CARRIED_BYTES {
        return Ok(bytes);
    }
    Err(ProviderError::Refused(format!(
        "{} unread queue messages of {bytes} bytes go with the next execution; \
         {MAX_CARRIED_BYTES} bytes are allowed",
        carried.len()
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
