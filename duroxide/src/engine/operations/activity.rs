//! Activities: side effects that run elsewhere, at least once, and whose result is recorded.

use std::panic::Location;

use crate::engine::TurnHandle;
use crate::history::{EventId, EventKind};

/// An attempt that follows others of the same call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The event that scheduled the first attempt.
    pub first_attempt: EventId,
    /// Which attempt this is: 2, 3, ...
    pub attempt: u32,
}

impl TurnHandle {
    /// Asks for an activity. `None` once the execution has ended.
    pub fn schedule_activity(
        &self,
        name: String,
        input: String,
        retry: Option<Retry>,
        at: &'static Location<'static>,
    ) -> Option<EventId> {
        let kind = EventKind::ActivityScheduled {
            name,
            input,
            attempt: retry.map_or(1, |retry| retry.attempt),
            first_attempt: retry.map(|retry| retry.first_attempt),
        };
        self.ask(kind, at)
    }
}
