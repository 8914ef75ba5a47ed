//! The ends that code asks for by a verb. Continue-as-new: this execution ends, the next begins with
//! a fresh history. A rejection: what the code asked for cannot be done, and the verb has no room for
//! an error.

use crate::engine::TurnHandle;
use crate::engine::operations::cancelled_details;
use crate::history::{AppErrorKind, ErrorDetails, EventKind};

impl TurnHandle {
    /// Ends the execution as soon as the code comes to rest. The first request counts. An input that
    /// is too long for a start fails it.
    ///
    /// ```
    /// use std::future::pending;
    ///
    /// use duroxide::ErrorDetails;
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// One round. The next has the number behind it as its input.
    /// async fn count(turn: TurnHandle, round: u64) -> Result<String, ErrorDetails> {
    ///     turn.continue_as_new((round + 1).to_string(), None);
    ///     pending().await // the code is at rest: here it ends
    /// }
    /// ```
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
    ///
    /// ```
    /// # use duroxide::engine::TurnHandle;
    /// fn charge(turn: &TurnHandle, cents: u64) {
    ///     if cents == 0 {
    ///         turn.reject("there is nothing to charge".to_owned());
    ///     }
    /// }
    /// ```
    pub fn reject(&self, problem: String) {
        let details = ErrorDetails::application(AppErrorKind::Rejected, problem);
        let mut state = self.lock();
        let failed = matches!(state.ends_with, Some(EventKind::OrchestrationFailed { .. }));
        if !state.closed && !failed {
            state.ends_with = Some(EventKind::OrchestrationFailed { details });
        }
    }

    /// Whether the code asked for its end.
    ///
    /// ```
    /// # use std::panic::Location;
    /// # use duroxide::engine::TurnHandle;
    /// /// Keeps values up to the first that cannot be kept.
    /// fn keep(turn: &TurnHandle, values: Vec<(String, String)>) {
    ///     for (key, value) in values {
    ///         if !turn.is_ending() {
    ///             turn.set_kv(key, value, Location::caller());
    ///         }
    ///     }
    /// }
    /// ```
    pub fn is_ending(&self) -> bool {
        self.lock().ends_with.is_some()
    }

    /// Takes over the failure that a verb asked for: it ends the execution no more. To continue as
    /// new is one too if the instance was asked to end.
    ///
    /// ```
    /// use duroxide::ErrorDetails;
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// What a verb came to that has no room for an error.
    /// fn tried(turn: &TurnHandle, verb: impl FnOnce(&TurnHandle)) -> Result<(), ErrorDetails> {
    ///     verb(turn);
    ///     turn.take_failure().map_or(Ok(()), Err)
    /// }
    /// ```
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
