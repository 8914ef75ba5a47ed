//! What a turn asks of the world.

use crate::history::EventId;
use crate::time::Timestamp;

/// Something to be done once the turn is committed. Its details stand in the event that it names.
///
/// ```
/// use duroxide::history::Action;
///
/// /// How many activities a turn wants to be queued.
/// fn activities(actions: &[Action]) -> usize {
///     let starts = |action: &&Action| matches!(action, Action::StartActivity { .. });
///     actions.iter().filter(starts).count()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Queue the activity that the event `source` scheduled.
    StartActivity {
        /// The `ActivityScheduled` event.
        source: EventId,
    },
    /// Take the activity out of the queue; whoever runs it loses its lock.
    CancelActivity {
        /// The `ActivityScheduled` event.
        source: EventId,
    },
    /// Deliver [`Message::TimerFired`](crate::history::Message::TimerFired) at `fire_at`.
    CreateTimer {
        /// The `TimerCreated` event.
        source: EventId,
        /// When.
        fire_at: Timestamp,
    },
    /// Forget the timer.
    CancelTimer {
        /// The `TimerCreated` event.
        source: EventId,
        /// When it would have been due.
        fire_at: Timestamp,
    },
    /// Start the sub-orchestration that the event `source` scheduled.
    StartChild {
        /// The `SubOrchestrationScheduled` event.
        source: EventId,
    },
    /// Tell the sub-orchestration that nobody waits for it any more.
    CancelChild {
        /// The `SubOrchestrationScheduled` event.
        source: EventId,
        /// The child.
        instance: String,
        /// What it is told.
        reason: String,
    },
    /// Start the instance that the event `source` names; nobody waits for it.
    StartDetached {
        /// The `OrchestrationChained` event.
        source: EventId,
    },
}
