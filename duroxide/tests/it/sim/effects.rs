//! What a commit asks of the world follows from its events: said once more, without the engine.

use std::collections::BTreeSet;

use duroxide::history::{Event, EventId, EventKind, Message};
use duroxide::provider::TurnCommit;

/// I9, I13: what the events ask for is begun, what they cancel is taken back, and nothing is begun
/// that they cancel at once.
pub(crate) fn check(commit: &TurnCommit) -> Result<(), String> {
    let events = &commit.history_delta;
    let cancelled: BTreeSet<EventId> = events.iter().filter_map(cancels).collect();
    let is_new = |id: &EventId| events.iter().any(|event| event.event_id == *id);
    let begun = |is_kind: fn(&EventKind) -> bool| {
        let asked = events.iter().filter(|event| is_kind(&event.kind));
        let asked = asked.map(|event| event.event_id);
        ids(asked.filter(|id| !cancelled.contains(id)))
    };
    let taken_back = |is_kind: fn(&EventKind) -> bool| {
        let asked = events.iter().filter(|event| is_kind(&event.kind));
        ids(asked.filter_map(cancels).filter(|id| !is_new(id)))
    };
    let told = commit
        .messages
        .iter()
        .filter_map(|(_, message)| match message {
            Message::CancelChild { parent, .. } => Some(parent.source),
            _ => None,
        });
    let timers = commit.timers.iter().map(|timer| timer.source);
    let old_timers = commit.cancelled_timers.iter().map(|timer| timer.source);
    let pairs = [
        (
            "activities begun",
            ids(commit.activities.iter().copied()),
            begun(|kind| matches!(kind, EventKind::ActivityScheduled { .. })),
        ),
        (
            "activities taken back",
            ids(commit.cancelled_activities.iter().copied()),
            taken_back(|kind| matches!(kind, EventKind::ActivityCancelRequested { .. })),
        ),
        (
            "timers set",
            ids(timers),
            begun(|kind| matches!(kind, EventKind::TimerCreated { .. })),
        ),
        (
            "timers taken back",
            ids(old_timers),
            taken_back(|kind| matches!(kind, EventKind::TimerCancelled { .. })),
        ),
        (
            "children told to end",
            ids(told),
            taken_back(|kind| matches!(kind, EventKind::SubOrchestrationCancelRequested { .. })),
        ),
    ];
    for (what, done, by_events) in pairs {
        if done != by_events {
            return Err(format!("I9: {what}: {done:?}, by its events {by_events:?}"));
        }
    }
    let starts = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::SubOrchestrationScheduled { .. } | EventKind::OrchestrationChained { .. }
        )
    };
    let (done, by_events) = (commit.starts.len(), begun(starts).len());
    (done == by_events)
        .then_some(())
        .ok_or_else(|| format!("I9: {done} instances started, by its events {by_events}"))
}

fn ids(all: impl Iterator<Item = EventId>) -> Vec<u64> {
    let mut all: Vec<u64> = all.map(|id| id.0).collect();
    all.sort_unstable();
    all
}

/// Which request that event takes back.
fn cancels(event: &Event) -> Option<EventId> {
    match &event.kind {
        EventKind::ActivityCancelRequested { .. }
        | EventKind::TimerCancelled { .. }
        | EventKind::SubOrchestrationCancelRequested { .. } => event.source_event_id,
        _ => None,
    }
}
