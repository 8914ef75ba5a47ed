//! A history as text that people read and compare: what happened, without what differs from run to
//! run.

use std::fmt::Write as _;
use std::time::Duration;

use crate::history::{Event, EventKind};

use super::RecordedHistory;

impl RecordedHistory {
    /// The history as text, one line for each event: for people, and for tests that compare it with
    /// what it was. Left out is what differs from run to run: times and seeds. Timers say how long
    /// they are, and ids of the form of a UUID are numbered in the order in which they appear.
    ///
    /// ```text
    /// `order` 1.0.0
    ///   1  started with "tea"
    ///   2  activity `charge`: {"order":{"item":"tea"},"cents":700}
    ///   3  -> 2 gave 700
    ///   4  timer: 3d
    ///   5  -> 4 is due
    ///   6  completed with 700
    /// ```
    pub fn snapshot(&self) -> String {
        let (name, version) = self.orchestration().unwrap_or(("?", "?"));
        let lines = self.events.iter();
        let lines = lines.map(|event| format!("{:>3}  {}\n", event.event_id.0, line(event)));
        without_uuids(&format!(
            "`{name}` {version}\n{}",
            lines.collect::<String>()
        ))
    }

    /// The last line of that.
    pub(super) fn last_line(&self) -> Option<String> {
        self.events.last().map(line)
    }
}

#[expect(clippy::too_many_lines, reason = "one arm per kind of event")]
fn line(event: &Event) -> String {
    let source = event.source_event_id.unwrap_or_default();
    match &event.kind {
        EventKind::OrchestrationStarted { input, .. } => format!("started with {input}"),
        EventKind::OrchestrationCancelRequested { reason, terminate } => {
            let how = if *terminate {
                "to end at once"
            } else {
                "to end"
            };
            format!("asked {how}: {reason}")
        }
        EventKind::OrchestrationCompleted { output } => format!("completed with {output}"),
        EventKind::OrchestrationFailed { details } => format!("failed: {details}"),
        EventKind::OrchestrationContinuedAsNew { input, version } => {
            format!(
                "continued as new{} with {input}",
                of_version(version.as_ref())
            )
        }
        EventKind::ActivityScheduled {
            name,
            input,
            attempt,
            first_attempt,
            session_id,
            tag,
        } => {
            let attempt = first_attempt.map_or_else(String::new, |first| {
                format!(", attempt {attempt} of {first}")
            });
            let session = with("session", session_id.as_ref());
            let tag = with("tag", tag.as_ref());
            format!("activity `{name}`{attempt}{session}{tag}: {input}")
        }
        EventKind::ActivityCompleted { result }
        | EventKind::SubOrchestrationCompleted { result } => {
            format!("-> {source} gave {result}")
        }
        EventKind::ActivityFailed { details } | EventKind::SubOrchestrationFailed { details } => {
            format!("-> {source} failed: {details}")
        }
        EventKind::ActivityCancelRequested { reason }
        | EventKind::TimerCancelled { reason, .. }
        | EventKind::SubOrchestrationCancelRequested { reason, .. }
        | EventKind::ExternalSubscribedCancelled { reason }
        | EventKind::QueueSubscriptionCancelled { reason } => {
            format!("-> {source} given up ({reason})")
        }
        EventKind::TimerCreated { fire_at } => {
            format!("timer: {}", length(fire_at.since(event.timestamp)))
        }
        EventKind::TimerFired { .. } => format!("-> {source} is due"),
        EventKind::SubOrchestrationScheduled {
            name,
            version,
            instance,
            input,
        } => format!(
            "child `{name}`{} as {instance}: {input}",
            of_version(version.as_ref())
        ),
        EventKind::OrchestrationChained {
            name,
            version,
            instance,
            input,
        } => format!(
            "detached `{name}`{} as {instance}: {input}",
            of_version(version.as_ref())
        ),
        EventKind::CustomStatusUpdated { status } => match status {
            Some(status) => format!("custom status: {status}"),
            None => "no custom status".to_owned(),
        },
        EventKind::KeyValueSet { key, value } => format!("value `{key}`: {value}"),
        EventKind::KeyValueCleared { key } => format!("no value `{key}`"),
        EventKind::KeyValuesCleared => "no values".to_owned(),
        EventKind::PatchApplied { id } => format!("patch `{id}`"),
        EventKind::ExternalSubscribed { name } => format!("waits for event `{name}`"),
        EventKind::ExternalEvent { name, data } => format!("event `{name}`: {data}"),
        EventKind::QueueSubscribed { name } => format!("waits for queue `{name}`"),
        EventKind::QueueEventDelivered { name, data } => format!("queue `{name}`: {data}"),
    }
}

fn of_version(version: Option<&String>) -> String {
    version.map_or_else(String::new, |version| format!(" {version}"))
}

fn with(what: &str, name: Option<&String>) -> String {
    name.map_or_else(String::new, |name| format!(", {what} `{name}`"))
}

/// `3d`, `1h 30m`, `250ms`
pub(super) fn length(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    let mut parts = Vec::new();
    for (unit, millis) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        let whole = rest.checked_div(millis).unwrap_or(0);
        if whole > 0 {
            parts.push(format!("{whole}{unit}"));
            rest = rest.saturating_sub(whole.saturating_mul(millis));
        }
    }
    if parts.is_empty() {
        return "0s".to_owned();
    }
    parts.join(" ")
}

/// The same text with `<id 1>`, `<id 2>` .. in place of UUIDs: equal ones stay equal.
fn without_uuids(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut shown = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(id) = rest.get(..UUID).filter(|id| is_uuid(id)) {
            let known = seen.iter().position(|other| *other == id);
            let number = known.unwrap_or_else(|| {
                seen.push(id);
                seen.len().saturating_sub(1)
            });
            let _ = write!(shown, "<id {}>", number.saturating_add(1));
            rest = rest.get(UUID..).unwrap_or_default();
        } else {
            shown.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    shown
}

/// The length of a UUID as text.
const UUID: usize = 36;

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_say_them() {
        assert_eq!(length(Duration::from_secs(3 * 86_400)), "3d");
        assert_eq!(length(Duration::from_millis(5_400_250)), "1h 30m 250ms");
        assert_eq!(length(Duration::ZERO), "0s");
    }

    #[test]
    fn ids_are_numbered_and_equal_ones_stay_equal() {
        let (a, b) = (
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "00000000-10b1-426f-9247-bb680e5fe0c8",
        );
        let text = format!("ü{a} {b}, {a} and 67e55044-10b1");
        assert_eq!(
            without_uuids(&text),
            "ü<id 1> <id 2>, <id 1> and 67e55044-10b1"
        );
    }
}
