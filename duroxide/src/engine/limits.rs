//! How much one instance may ask for and keep.

use crate::history::{ErrorDetails, EventKind};

/// The limits of one instance. What exceeds one is refused before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one input, output, event or error. Default: 1 MiB, which is also what the embedded
    /// store takes.
    pub payload_bytes: usize,
    /// Events of one execution. Default: 50,000.
    pub history_events: u64,
    /// Keys that one instance keeps values under. Default: 150.
    pub kv_keys: usize,
    /// Bytes of one key. Default: 256.
    pub kv_key_bytes: usize,
    /// Bytes of one value. Default: 64 KiB.
    pub kv_value_bytes: usize,
    /// Bytes of the custom status. Default: 256 KiB.
    pub custom_status_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 1 << 20,
            history_events: 50_000,
            kv_keys: 150,
            kv_key_bytes: 256,
            kv_value_bytes: 64 << 10,
            custom_status_bytes: 256 << 10,
        }
    }
}

impl Limits {
    /// What is wrong with a call, for whoever made it.
    pub(super) fn problem_of(&self, call: &EventKind) -> Option<String> {
        match call {
            EventKind::ActivityScheduled {
                name,
                input,
                session_id,
                tag,
                ..
            } => self
                .problem_with("input of the activity", name, input)
                .or_else(|| problem_with_name("session id", session_id.as_deref()))
                .or_else(|| problem_with_name("tag", tag.as_deref())),
            EventKind::SubOrchestrationScheduled { name, input, .. }
            | EventKind::OrchestrationChained { name, input, .. } => {
                self.problem_with("input of the orchestration", name, input)
            }
            _ => None,
        }
    }

    /// What is wrong with an error that is to be written down.
    pub(super) fn problem_with_error(&self, name: &str, details: &ErrorDetails) -> Option<String> {
        let (bytes, allowed) = (details.text_bytes(), self.payload_bytes);
        (bytes > allowed).then(|| {
            format!(
                "the error of the orchestration `{name}` has {bytes} bytes; {allowed} are allowed"
            )
        })
    }

    /// What is wrong with a text that is to be written down.
    pub(super) fn problem_with(&self, what: &str, name: &str, text: &str) -> Option<String> {
        let (bytes, allowed) = (text.len(), self.payload_bytes);
        (bytes > allowed)
            .then(|| format!("the {what} `{name}` has {bytes} bytes; {allowed} are allowed"))
    }
}

/// The longest tag or session id, in bytes.
const LONGEST_NAME: usize = 256;

/// What is wrong with a tag or session id.
pub(super) fn problem_with_name(what: &str, name: Option<&str>) -> Option<String> {
    let bytes = name.map_or(0, str::len);
    (bytes > LONGEST_NAME)
        .then(|| format!("the {what} has {bytes} bytes; {LONGEST_NAME} are allowed"))
}
