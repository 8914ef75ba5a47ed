//! Failures that are nobody's error in the code (poison, changed code, a store that let us down) reach
//! dynamic code as text. If it ends with that text, it passed the failure on.

use std::collections::BTreeMap;

use crate::engine::TurnHandle;
use crate::history::ErrorDetails;

/// What the code was told in these words.
#[derive(Debug, Default)]
pub(in crate::engine) struct Told(BTreeMap<String, ErrorDetails>);

impl TurnHandle {
    /// The code is told about a failure.
    ///
    /// ```
    /// use duroxide::ErrorDetails;
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// An answer as dynamic code sees it.
    /// fn as_text(
    ///     turn: &TurnHandle,
    ///     answer: Result<String, ErrorDetails>,
    /// ) -> Result<String, String> {
    ///     answer.map_err(|details| {
    ///         turn.tell(&details);
    ///         details.to_string()
    ///     })
    /// }
    ///
    /// /// What an error that dynamic code ends with is, if the code only passed it on.
    /// fn passed_on(turn: &TurnHandle, error: &str) -> Option<ErrorDetails> {
    ///     turn.told(error)
    /// }
    /// ```
    pub fn tell(&self, details: &ErrorDetails) {
        match details {
            ErrorDetails::Application { .. } => {}
            ErrorDetails::Infrastructure { .. }
            | ErrorDetails::Configuration { .. }
            | ErrorDetails::Poison { .. } => {
                let text = details.to_string();
                self.lock().told.0.insert(text, details.clone());
            }
        }
    }

    /// What the code was told in these words, if it was no error of user code.
    pub fn told(&self, text: &str) -> Option<ErrorDetails> {
        self.lock().told.0.get(text).cloned()
    }
}
