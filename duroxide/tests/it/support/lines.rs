//! Histories as short lines, for assertions that read.

use duroxide::history::{Event, EventKind};

pub(crate) fn lines(history: &[Event]) -> Vec<String> {
    history.iter().map(line).collect()
}

/// `4 completed 2: ok`
#[expect(clippy::too_many_lines, reason = "one arm per kind of event")]
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
            session_id,
            tag,
        } => {
            let place = [("on", session_id), ("for", tag)].map(|(word, name)| {
                let name = name.as_ref();
                name.map_or_else(String::new, |name| format!(" {word} {name}"))
            });
            let place = place.concat();
            match first_attempt {
                None => format!("{id} call {name}({input}){place}"),
                Some(first) => {
                    format!("{id} attempt {attempt} of {first} {name}({input}){place}")
                }
            }
        }
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
        EventKind::OrchestrationCancelRequested { reason, terminate } => {
            let verb = if *terminate { "terminate" } else { "end" };
            format!("{id} {verb}: {reason}")
        }
        EventKind::SubOrchestrationScheduled {
            name,
            version,
            instance,
            input,
        } => format!(
            "{id} child {name}{}({input}) as {instance}",
            at(version.as_deref())
        ),
        EventKind::SubOrchestrationCompleted { result } => {
            format!("{id} child completed {source}: {result}")
        }
        EventKind::SubOrchestrationFailed { details } => {
            format!("{id} child failed {source}: {details}")
        }
        EventKind::SubOrchestrationCancelRequested { instance, reason } => {
            format!("{id} cancel child {source} {instance}: {reason}")
        }
        EventKind::OrchestrationChained {
            name,
            version,
            instance,
            input,
        } => format!(
            "{id} detach {name}{}({input}) as {instance}",
            at(version.as_deref())
        ),
        EventKind::CustomStatusUpdated { status } => match status {
            Some(status) => format!("{id} status: {status}"),
            None => format!("{id} no status"),
        },
        EventKind::KeyValueSet { key, value } => format!("{id} set {key}: {value}"),
        EventKind::KeyValueCleared { key } => format!("{id} clear {key}"),
        EventKind::KeyValuesCleared => format!("{id} clear all"),
        EventKind::PatchApplied { id: patch } => format!("{id} patch {patch}"),
        other => panic!("{other:?}"),
    }
}

fn at(version: Option<&str>) -> String {
    version.map_or_else(String::new, |version| format!("@{version}"))
}
