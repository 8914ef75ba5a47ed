//! Activities: side effects that run elsewhere, at least once, and whose result is recorded.

use std::panic::Location;

use crate::engine::TurnHandle;
use crate::history::{EventId, EventKind};

impl TurnHandle {
    /// Asks for an activity. `None` once the execution has ended.
    pub fn schedule_activity(
        &self,
        name: String,
        input: String,
        at: &'static Location<'static>,
    ) -> Option<EventId> {
        self.ask(EventKind::ActivityScheduled { name, input }, at)
    }
}
