//! An execution seen through its history alone, for the cases in which its code cannot be asked:
//! there is none, it disagrees with the history, or it never came back.

use crate::engine::inbox;
use crate::engine::operations::Request;
use crate::engine::turn_state::TurnState;
use crate::history::{ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId, Start};
use crate::time::Timestamp;

/// What is open according to the recorded events.
///
/// ```
/// use duroxide::engine::Recorded;
/// use duroxide::history::{AppErrorKind, ErrorDetails, Event, ExecutionId, InstanceId, Start};
/// use duroxide::time::Timestamp;
///
/// let mut history: Vec<Event> = Vec::new(); // what the store has
/// let mut recorded = Recorded::new(InstanceId::new("order-42")?, ExecutionId::FIRST);
/// recorded.scan(&history);
/// # let now = Timestamp::ZERO;
/// if recorded.is_unstarted() {
///     history.push(recorded.begin(&Start::first("order", "42", 7), "1.0.0", now));
/// }
/// let unknown = ErrorDetails::application(AppErrorKind::Rejected, "nobody knows `order`");
/// history.extend(recorded.fail(unknown, now));
/// assert_eq!(history.len(), 2);
/// assert!(history.last().is_some_and(Event::is_terminal));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorded {
    state: TurnState,
}

impl Recorded {
    /// An execution without an event.
    pub fn new(instance: InstanceId, execution_id: ExecutionId) -> Self {
        Self {
            state: TurnState::new(instance, execution_id),
        }
    }

    /// Takes in the events that follow.
    pub fn scan(&mut self, events: &[Event]) {
        for event in events {
            self.state.take_in(event, Request::of(&event.kind));
        }
    }

    /// The history goes on to this event, but cannot be read.
    ///
    /// ```
    /// # use duroxide::engine::Recorded;
    /// # use duroxide::history::{ErrorDetails, Event, EventId, ExecutionId, InstanceId};
    /// # use duroxide::time::Timestamp;
    /// # let mut recorded = Recorded::new(InstanceId::new("order-42")?, ExecutionId::FIRST);
    /// # let corrupt = ErrorDetails::Infrastructure {
    /// #     operation: "read the history".to_owned(),
    /// #     message: "event 5 is corrupt".to_owned(),
    /// #     retryable: false,
    /// # };
    /// recorded.skip_to(EventId(7));
    /// let end = recorded.fail(corrupt, Timestamp::ZERO);
    /// assert_eq!(end.first().map(Event::event_id), Some(8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skip_to(&mut self, last: EventId) {
        self.state.skip_to(last);
    }

    /// Whether there is no event yet: then [`begin`](Self::begin) comes before a failure.
    pub fn is_unstarted(&self) -> bool {
        self.state.last_event_id() == EventId::NONE
    }

    /// The first event of an execution whose code is never run.
    pub fn begin(&mut self, start: &Start, version: &str, now: Timestamp) -> Event {
        let kind = inbox::started(start.clone(), version);
        let now = self.state.clock(now);
        let event = Event::new(self.state.last_event_id().next(), None, now, kind);
        self.state.take_in(&event, None);
        event
    }

    /// The events that end it: what is open is cancelled, then the failure.
    pub fn fail(mut self, details: ErrorDetails, now: Timestamp) -> Vec<Event> {
        self.state.clock(now);
        self.state.end(EventKind::OrchestrationFailed { details });
        self.state.take_emitted()
    }
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Recorded")
            .field(&self.state.last_event_id())
            .finish()
    }
}
