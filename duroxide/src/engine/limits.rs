//! How much one instance may ask for and keep.

use crate::history::EventKind;

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
            EventKind::ActivityScheduled { name, input, .. } => {
                self.problem_with("input of the activity", name, input)
            }
            EventKind::SubOrchestrationScheduled { name, input, .. }
            | EventKind::OrchestrationChained { name, input, .. } => {
                self.problem_with("input of the orchestration", name, input)
            }
            _ => None,
        }
    }

    /// What is wrong with a text that is to be written down.
    pub(super) fn problem_with(&self, what: &str, name: &str, text: &str) -> Option<String> {
        let (bytes, allowed) = (text.len(), self.payload_bytes);
        (bytes > allowed)
            .then(|| format!("the {what} `{name}` has {bytes} bytes; {allowed} are allowed"))
    }
}
