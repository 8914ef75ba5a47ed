//! Continue-as-new: this execution ends, the next begins with a fresh history.

use crate::engine::TurnHandle;
use crate::history::{AppErrorKind, ErrorDetails, EventKind};

impl TurnHandle {
    /// Ends the execution as soon as the code comes to rest. The first request counts.
    pub fn continue_as_new(&self, input: String, version: Option<String>) {
        self.end_at_rest(EventKind::OrchestrationContinuedAsNew { input, version });
    }

    /// Fails the execution as soon as the code comes to rest: a verb that has no room for an error
    /// was given a value that does not encode.
    pub fn reject(&self, problem: String) {
        let details = ErrorDetails::application(AppErrorKind::Rejected, problem);
        self.end_at_rest(EventKind::OrchestrationFailed { details });
    }

    fn end_at_rest(&self, terminal: EventKind) {
        let mut state = self.lock();
        if !state.closed && state.ends_with.is_none() {
            state.ends_with = Some(terminal);
        }
    }
}
