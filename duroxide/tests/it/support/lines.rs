//! Histories as short lines, for assertions that read.

use duroxide::history::{Event, EventKind};

pub(crate) fn lines(history: &[Event]) -> Vec<String> {
    history.iter().map(line).collect()
}

/// `4 completed 2: ok`
pub(crate) fn line(event: &Event) -> String {
    let id = event.event_id;
    let source = event.source_event_id.unwrap_or_default();
    match &event.kind {
        EventKind::OrchestrationStarted { input, .. } => format!("{id} start: {input}"),
        EventKind::OrchestrationCompleted { output } => format!("{id} done: {output}"),
        EventKind::OrchestrationFailed { details } => format!("{id} failed: {details}"),
        EventKind::OrchestrationContinuedAsNew { input, .. } => format!("{id} again: {input}"),
        EventKind::ActivityScheduled {
            name,
            input,
            attempt,
            first_attempt,
            ..
        } => match first_attempt {
            None => format!("{id} call {name}({input})"),
            Some(first) => format!("{id} attempt {attempt} of {first} {name}({input})"),
        },
        EventKind::ActivityCompleted { result } => format!("{id} completed {source}: {result}"),
        EventKind::ActivityFailed { details } => format!("{id} refused {source}: {details}"),
        EventKind::ActivityCancelRequested { reason } => format!("{id} cancel {source}: {reason}"),
        EventKind::TimerCreated { fire_at } => format!("{id} timer {}", fire_at.as_millis()),
        EventKind::TimerFired { .. } => format!("{id} fired {source}"),
        EventKind::TimerCancelled { reason, .. } => format!("{id} stop {source}: {reason}"),
        EventKind::ExternalSubscribed { name } => format!("{id} wait {name}"),
        EventKind::ExternalEvent { name, data } => format!("{id} event {name}: {data}"),
        EventKind::ExternalSubscribedCancelled { reason } => {
            format!("{id} unwait {source}: {reason}")
        }
        EventKind::QueueSubscribed { name } => format!("{id} dequeue {name}"),
        EventKind::QueueEventDelivered { name, data } => format!("{id} message {name}: {data}"),
        EventKind::QueueSubscriptionCancelled { reason } => {
            format!("{id} undequeue {source}: {reason}")
        }
        other => format!("{id} {other:?}"),
    }
}
