//! The ends that code asks for by a verb. Continue-as-new: this execution ends, the next begins with
//! a fresh history. A rejection: what the code asked for cannot be done, and the verb has no room for
//! an error.

use crate::engine::TurnHandle;
use crate::engine::operations::cancelled_details;
use crate::history::{AppErrorKind, ErrorDetails, EventKind};

impl TurnHandle {
    /// Ends the execution as soon as the code comes to rest. The first request counts. An input that
    /// is too long for a start fails it.
    pub fn continue_as_new(&self, input: String, version: Option<String>) {
        let mut state = self.lock();
        let what = "input of the orchestration";
        if let Some(problem) = state.limits.problem_with(what, &state.name, &input) {
            drop(state);
            return self.reject(problem);
        }
        if !state.closed && state.ends_with.is_none() {
            state.ends_with = Some(EventKind::OrchestrationContinuedAsNew { input, version });
        }
    }

    /// Fails the execution as soon as the code comes to rest. The first reason counts; no execution
    /// follows, whether or not the code has asked for one.
    pub fn reject(&self, problem: String) {
        let details = ErrorDetails::application(AppErrorKind::Rejected, problem);
        let mut state = self.lock();
        let failed = matches!(state.ends_with, Some(EventKind::OrchestrationFailed { .. }));
        if !state.closed && !failed {
            state.ends_with = Some(EventKind::OrchestrationFailed { details });
        }
    }

    /// Whether the code asked for its end.
    pub fn is_ending(&self) -> bool {
        self.lock().ends_with.is_some()
    }

    /// Takes over the failure that a verb asked for: it ends the execution no more. To continue as
    /// new is one too if the instance was asked to end.
    pub fn take_failure(&self) -> Option<ErrorDetails> {
        let mut state = self.lock();
        let reason = state.cancel_reason().map(str::to_owned);
        let failure = match (&state.ends_with, reason) {
            (Some(EventKind::OrchestrationFailed { details }), _) => details.clone(),
            (Some(EventKind::OrchestrationContinuedAsNew { .. }), Some(reason)) => {
                cancelled_details(&reason)
            }
            _ => return None,
        };
        state.ends_with = None;
        Some(failure)
    }
}
