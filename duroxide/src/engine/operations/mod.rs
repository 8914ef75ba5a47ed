//! The durable operations, one per file: the verb that asks, the events, the action, the answer.

mod activity;
mod continue_as_new;
mod external_event;
mod queue_event;
mod system;
mod timer;

use std::collections::BTreeMap;

use crate::history::{Action, Event, EventId, EventKind};
use crate::time::Timestamp;

pub use activity::Retry;
pub(super) use external_event::Waits;
pub(super) use queue_event::Queues;

/// Why a request is cancelled: the code dropped its future.
pub(super) const DROPPED: &str = "dropped_future";
/// Why a request is cancelled: the execution failed.
pub(super) const FAILED: &str = "orchestration_terminal_failed";
const COMPLETED: &str = "orchestration_terminal_completed";
const CONTINUED_AS_NEW: &str = "orchestration_terminal_continued_as_new";

/// What is kept of a request while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Activity,
    Timer { fire_at: Timestamp },
    ExternalEvent,
    QueueEvent,
}

/// Which operation a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Activity,
    Timer,
    ExternalEvent,
    QueueEvent,
}

impl Request {
    /// The request that an event opens, if it opens one.
    pub(super) fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::ActivityScheduled { .. } => Some(Self::Activity),
            EventKind::TimerCreated { fire_at } => Some(Self::Timer { fire_at: *fire_at }),
            EventKind::ExternalSubscribed { .. } => Some(Self::ExternalEvent),
            EventKind::QueueSubscribed { .. } => Some(Self::QueueEvent),
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerFired { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::ExternalSubscribedCancelled { .. }
            | EventKind::QueueEventDelivered { .. }
            | EventKind::QueueSubscriptionCancelled { .. } => None,
        }
    }

    /// The request that an event cancels, if it cancels one.
    pub(super) fn cancelled_by(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::ActivityCancelRequested { .. } => Some(Self::Activity),
            EventKind::TimerCancelled { fire_at, .. } => Some(Self::Timer { fire_at: *fire_at }),
            EventKind::ExternalSubscribedCancelled { .. } => Some(Self::ExternalEvent),
            EventKind::QueueSubscriptionCancelled { .. } => Some(Self::QueueEvent),
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityScheduled { .. }
            | EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::TimerFired { .. }
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueEventDelivered { .. } => None,
        }
    }

    pub(super) fn kind(self) -> RequestKind {
        match self {
            Self::Activity => RequestKind::Activity,
            Self::Timer { .. } => RequestKind::Timer,
            Self::ExternalEvent => RequestKind::ExternalEvent,
            Self::QueueEvent => RequestKind::QueueEvent,
        }
    }

    /// The event that cancels it.
    pub(super) fn cancellation(self, reason: &str) -> EventKind {
        let reason = reason.to_owned();
        match self {
            Self::Activity => EventKind::ActivityCancelRequested { reason },
            Self::Timer { fire_at } => EventKind::TimerCancelled { fire_at, reason },
            Self::ExternalEvent => EventKind::ExternalSubscribedCancelled { reason },
            Self::QueueEvent => EventKind::QueueSubscriptionCancelled { reason },
        }
    }
}

/// Why requests that are open at this terminal event are cancelled.
pub(super) fn terminal_reason(terminal: &EventKind) -> &'static str {
    match terminal {
        EventKind::OrchestrationCompleted { .. } => COMPLETED,
        EventKind::OrchestrationContinuedAsNew { .. } => CONTINUED_AS_NEW,
        _ => FAILED,
    }
}

/// What these new events ask of the world. Asked for and cancelled within them: nothing.
pub fn actions_of(events: &[Event]) -> Vec<Action> {
    let mut actions: Vec<Option<Action>> = Vec::new();
    let mut asked: BTreeMap<EventId, usize> = BTreeMap::new();
    for event in events {
        let id = event.event_id;
        let action = match &event.kind {
            EventKind::ActivityScheduled { .. } => Action::StartActivity { source: id },
            EventKind::TimerCreated { fire_at } => Action::CreateTimer {
                source: id,
                fire_at: *fire_at,
            },
            EventKind::ActivityCancelRequested { .. } | EventKind::TimerCancelled { .. } => {
                let Some(source) = event.source_event_id else {
                    continue;
                };
                if let Some(slot) = asked.get(&source).and_then(|&index| actions.get_mut(index)) {
                    *slot = None;
                    continue;
                }
                match &event.kind {
                    EventKind::TimerCancelled { fire_at, .. } => Action::CancelTimer {
                        source,
                        fire_at: *fire_at,
                    },
                    _ => Action::CancelActivity { source },
                }
            }
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::TimerFired { .. }
            // Waiting for events asks nothing of the world: they come by themselves.
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::ExternalSubscribedCancelled { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueEventDelivered { .. }
            | EventKind::QueueSubscriptionCancelled { .. } => continue,
        };
        asked.insert(id, actions.len());
        actions.push(Some(action));
    }
    actions.into_iter().flatten().collect()
}
