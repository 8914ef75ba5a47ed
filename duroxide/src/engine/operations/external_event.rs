//! Positional events: an event goes to the oldest open wait for its name. Without one it is recorded
//! and goes to nobody, later waits included.

use std::collections::{BTreeMap, VecDeque};
use std::panic::Location;
use std::task::Waker;

use crate::engine::operations::Request;
use crate::engine::turn_state::TurnState;
use crate::engine::{Resolution, TurnHandle};
use crate::history::{EVENT_NAME, EventId, EventKind};

/// Who waits for which event, the oldest first. Waits that were dropped are passed over when an
/// event comes.
#[derive(Debug, Default)]
pub(in crate::engine) struct Waits(BTreeMap<String, VecDeque<EventId>>);

impl TurnHandle {
    /// Asks for the next event of that name. `None` once the execution has ended, or if no event can
    /// have that name: then it fails when it comes to rest, instead of waiting for ever.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::{Resolution, TurnHandle};
    ///
    /// async fn approval(turn: &TurnHandle) -> Option<Resolution> {
    ///     let id = turn.wait_for_event("approval".to_owned(), Location::caller())?;
    ///     Some(poll_fn(|context| turn.poll(id, context)).await)
    /// }
    /// ```
    pub fn wait_for_event(&self, name: String, at: &'static Location<'static>) -> Option<EventId> {
        if let Some(problem) = self.problem_with_name(EVENT_NAME, &name) {
            self.reject(problem);
            return None;
        }
        self.ask(EventKind::ExternalSubscribed { name }, at)
    }
}

impl TurnState {
    /// The code waits. Its request is open already.
    pub(in crate::engine) fn wait_opened(&mut self, id: EventId, name: &str) {
        self.waits
            .0
            .entry(name.to_owned())
            .or_default()
            .push_back(id);
    }

    /// An event was raised. The waker is to be woken outside of the lock.
    pub(in crate::engine) fn event_raised(&mut self, name: &str, data: &str) -> Option<Waker> {
        while let Some(id) = self.waits.0.get_mut(name)?.pop_front() {
            if self.unanswered(id) == Some(Request::ExternalEvent) {
                return self.resolve(id, Resolution::ExternalEvent(data.to_owned()));
            }
        }
        None
    }
}
