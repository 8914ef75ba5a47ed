//! The durable operations, one per file: the verb that asks, the events, the action, the answer.

mod activity;
mod cancellation;
mod continue_as_new;
mod external_event;
mod patch;
mod queue_event;
mod state;
mod sub_orchestration;
mod system;
mod timer;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::history::{Action, AppErrorKind, ErrorDetails, Event, EventId, EventKind};
use crate::time::Timestamp;

pub use activity::{ActivityCall, Retry};
pub use cancellation::OnCancel;
pub(super) use cancellation::{Cancellation, Cancelled, cancelled_details};
pub(super) use external_event::Waits;
pub(super) use patch::Patches;
pub(super) use queue_event::Queues;
pub(super) use state::Kept;
pub use sub_orchestration::{CHILD_INFIX, Callee};
pub(super) use told::Told;

/// Why a request is cancelled: the code dropped its future.
pub(super) const DROPPED: &str = "dropped_future";
/// Why a request is cancelled: the instance was asked to end.
pub(super) const CANCELLED: &str = "orchestration_cancelled";
/// Why a request is cancelled: the execution failed.
pub(super) const FAILED: &str = "orchestration_terminal_failed";
const COMPLETED: &str = "orchestration_terminal_completed";
const CONTINUED_AS_NEW: &str = "orchestration_terminal_continued_as_new";

/// What is kept of a request while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Activity,
    Timer { fire_at: Timestamp },
    ExternalEvent,
    QueueEvent,
    SubOrchestration { instance: Arc<str> },
}

/// Which operation a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Activity,
    Timer,
    ExternalEvent,
    QueueEvent,
    SubOrchestration,
}

impl Request {
    /// The request that an event opens, if it opens one.
    pub(super) fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::ActivityScheduled { .. } => Some(Self::Activity),
            EventKind::TimerCreated { fire_at } => Some(Self::Timer { fire_at: *fire_at }),
            EventKind::ExternalSubscribed { .. } => Some(Self::ExternalEvent),
            EventKind::QueueSubscribed { .. } => Some(Self::QueueEvent),
            EventKind::SubOrchestrationScheduled { instance, .. } => Some(Self::SubOrchestration {
                instance: instance.as_str().into(),
            }),
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerFired { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. }
            | EventKind::SubOrchestrationCancelRequested { .. }
            | EventKind::OrchestrationChained { .. }
            | EventKind::CustomStatusUpdated { .. }
            | EventKind::KeyValueSet { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
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
            EventKind::SubOrchestrationCancelRequested { instance, .. } => {
                Some(Self::SubOrchestration {
                    instance: instance.as_str().into(),
                })
            }
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityScheduled { .. }
            | EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::TimerFired { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::SubOrchestrationScheduled { .. }
            | EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. }
            | EventKind::OrchestrationChained { .. }
            | EventKind::CustomStatusUpdated { .. }
            | EventKind::KeyValueSet { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueEventDelivered { .. } => None,
        }
    }

    pub(super) fn kind(&self) -> RequestKind {
        match self {
            Self::Activity => RequestKind::Activity,
            Self::Timer { .. } => RequestKind::Timer,
            Self::ExternalEvent => RequestKind::ExternalEvent,
            Self::QueueEvent => RequestKind::QueueEvent,
            Self::SubOrchestration { .. } => RequestKind::SubOrchestration,
        }
    }

    /// The event that cancels it.
    pub(super) fn cancellation(&self, reason: &str) -> EventKind {
        let reason = reason.to_owned();
        match self {
            Self::Activity => EventKind::ActivityCancelRequested { reason },
            Self::Timer { fire_at } => EventKind::TimerCancelled {
                fire_at: *fire_at,
                reason,
            },
            Self::SubOrchestration { instance } => EventKind::SubOrchestrationCancelRequested {
                instance: instance.as_ref().to_owned(),
                reason,
            },
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
        EventKind::OrchestrationFailed {
            details:
                ErrorDetails::Application {
                    kind: AppErrorKind::Cancelled { .. },
                    ..
                },
        } => CANCELLED,
        _ => FAILED,
    }
}

/// What these new events ask of the world. Asked for and cancelled within them: nothing.
///
/// ```
/// use duroxide::engine::actions_of;
/// use duroxide::history::{Action, Event, EventId, EventKind};
/// use duroxide::time::Timestamp;
///
/// let (source, now) = (EventId(2), Timestamp::from_millis(1_000));
/// let fire_at = Timestamp::from_millis(61_000);
/// let mut events = vec![Event::new(source, None, now, EventKind::TimerCreated { fire_at })];
/// assert_eq!(actions_of(&events), [Action::CreateTimer { source, fire_at }]);
///
/// let reason = "dropped_future".to_owned();
/// let cancelled = EventKind::TimerCancelled { fire_at, reason };
/// events.push(Event::new(EventId(3), Some(source), now, cancelled));
/// assert!(actions_of(&events).is_empty());
/// ```
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
            EventKind::SubOrchestrationScheduled { .. } => Action::StartChild { source: id },
            EventKind::OrchestrationChained { .. } => Action::StartDetached { source: id },
            EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::SubOrchestrationCancelRequested { .. } => {
                let Some(source) = event.source_event_id else {
                    continue;
                };
                if let Some(slot) = asked.get(&source).and_then(|&index| actions.get_mut(index)) {
                    if !planted!(CancelledFirst) {
                        *slot = None;
                    }
                    continue;
                }
                match &event.kind {
                    EventKind::TimerCancelled { fire_at, .. } => Action::CancelTimer {
                        source,
                        fire_at: *fire_at,
                    },
                    EventKind::SubOrchestrationCancelRequested { instance, reason } => {
                        Action::CancelChild {
                            source,
                            instance: instance.clone(),
                            reason: told(reason).to_owned(),
                        }
                    }
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
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. }
            // Read from the events themselves.
            | EventKind::CustomStatusUpdated { .. }
            | EventKind::KeyValueSet { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
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

/// What a child is told when its parent does not wait for it any more.
fn told(reason: &str) -> &'static str {
    match reason {
        DROPPED => "parent dropped sub-orchestration future",
        CANCELLED => "parent canceled",
        CONTINUED_AS_NEW => "parent continued as new",
        COMPLETED => "parent completed",
        _ => "parent failed",
    }
}
