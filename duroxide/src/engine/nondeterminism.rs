//! The code and the recorded history disagree: what is recorded, what the code did, and where.

use std::fmt;
use std::panic::Location;

use crate::history::{ConfigErrorKind, ErrorDetails, Event, EventId, EventKind};

/// The code does not do what the history says it did.
///
/// ```
/// use duroxide::engine::Nondeterminism;
/// use duroxide::history::EventId;
///
/// let parted = Nondeterminism {
///     event_id: EventId(4),
///     recorded: "a call of the activity `pay`".to_owned(),
///     replayed: "a timer".to_owned(),
///     at: None,
/// };
/// let text = "event 4: recorded: a call of the activity `pay`; replayed: a timer";
/// assert_eq!(parted.to_string(), text);
/// assert_eq!(parted.into_details().category(), "configuration");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nondeterminism {
    /// The event at which they part.
    pub event_id: EventId,
    /// What the history says.
    pub recorded: String,
    /// What the code did instead.
    pub replayed: String,
    /// Where in the code: the call that differs, or the last one before.
    pub at: Option<&'static Location<'static>>,
}

impl Nondeterminism {
    /// The failure that the instance ends with.
    pub fn into_details(self) -> ErrorDetails {
        ErrorDetails::Configuration {
            kind: ConfigErrorKind::Nondeterminism,
            resource: format!("event {}", self.event_id),
            message: Some(self.to_string()),
        }
    }
}

impl fmt::Display for Nondeterminism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "event {}: recorded: {}; replayed: {}",
            self.event_id, self.recorded, self.replayed
        )?;
        match self.at {
            Some(at) => write!(f, "; at {}:{}", at.file(), at.line()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Nondeterminism {}

/// An event in a few words, for the message.
#[expect(clippy::too_many_lines, reason = "one arm per kind of event")]
pub(crate) fn describe(event: &Event) -> String {
    let source = event.source_event_id.unwrap_or_default();
    match &event.kind {
        EventKind::OrchestrationStarted { name, version, .. } => {
            format!("the start of `{name}` {version}")
        }
        EventKind::OrchestrationCompleted { output } => {
            format!("the end with the output `{}`", shortened(output))
        }
        EventKind::OrchestrationFailed { details } => {
            format!(
                "the end with the error `{}`",
                shortened(&details.to_string())
            )
        }
        EventKind::OrchestrationContinuedAsNew { input, .. } => {
            format!("continue-as-new with the input `{}`", shortened(input))
        }
        EventKind::ActivityScheduled {
            name,
            input,
            attempt,
            first_attempt,
            session_id,
            tag,
        } => {
            let call = format!(
                "a call of the activity `{name}` with the input `{}`",
                shortened(input)
            );
            let of = |what: &str, name: &Option<String>| {
                name.as_ref()
                    .map_or_else(String::new, |name| format!(", {what} `{name}`"))
            };
            let attempt = first_attempt.map_or_else(String::new, |first| {
                format!(", attempt {attempt} of the call {first}")
            });
            format!(
                "{call}{}{}{attempt}",
                of("session", session_id),
                of("tag", tag)
            )
        }
        EventKind::OrchestrationCancelRequested { reason, .. } => {
            format!("the request to end (`{}`)", shortened(reason))
        }
        EventKind::SubOrchestrationScheduled {
            name,
            version,
            instance,
            input,
        } => format!(
            "a call of the orchestration `{name}`{} as `{instance}` with the input `{}`",
            in_version(version.as_deref()),
            shortened(input)
        ),
        EventKind::SubOrchestrationCompleted { .. } => {
            format!("the completion of the sub-orchestration {source}")
        }
        EventKind::SubOrchestrationFailed { .. } => {
            format!("the failure of the sub-orchestration {source}")
        }
        EventKind::SubOrchestrationCancelRequested { reason, .. } => {
            format!("the cancellation of the sub-orchestration {source} ({reason})")
        }
        EventKind::OrchestrationChained {
            name,
            version,
            instance,
            input,
        } => format!(
            "a detached start of the orchestration `{name}`{} as `{instance}` with the input `{}`",
            in_version(version.as_deref()),
            shortened(input)
        ),
        EventKind::CustomStatusUpdated {
            status: Some(status),
        } => {
            format!("the custom status `{}`", shortened(status))
        }
        EventKind::CustomStatusUpdated { status: None } => "no custom status".to_owned(),
        EventKind::KeyValueSet { key, value } => {
            format!("the value `{}` under `{key}`", shortened(value))
        }
        EventKind::KeyValueCleared { key } => format!("the removal of the value under `{key}`"),
        EventKind::KeyValuesCleared => "the removal of all values".to_owned(),
        EventKind::PatchApplied { id } => format!("the patch `{id}`"),
        EventKind::ActivityCompleted { .. } => format!("the completion of the activity {source}"),
        EventKind::ActivityFailed { .. } => format!("the failure of the activity {source}"),
        EventKind::ActivityCancelRequested { reason } => {
            format!("the cancellation of the activity {source} ({reason})")
        }
        EventKind::TimerCreated { fire_at } => format!("a timer due at {fire_at}"),
        EventKind::TimerFired { .. } => format!("the firing of the timer {source}"),
        EventKind::TimerCancelled { reason, .. } => {
            format!("the cancellation of the timer {source} ({reason})")
        }
        EventKind::ExternalSubscribed { name } => format!("a wait for the event `{name}`"),
        EventKind::ExternalEvent { name, .. } => format!("the event `{name}`"),
        EventKind::ExternalSubscribedCancelled { reason } => {
            format!("the cancellation of the wait {source} ({reason})")
        }
        EventKind::QueueSubscribed { name } => {
            format!("a request for a message of the queue `{name}`")
        }
        EventKind::QueueEventDelivered { name, .. } => format!("a message for the queue `{name}`"),
        EventKind::QueueSubscriptionCancelled { reason } => {
            format!("the cancellation of the request {source} ({reason})")
        }
    }
}

fn in_version(version: Option<&str>) -> String {
    version.map_or_else(String::new, |version| format!(" {version}"))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}..")
}
