//! How much one instance may ask for and keep.

use crate::history::{ErrorDetails, Event, EventKind, MAX_ID_BYTES, MAX_NAME_BYTES, check_name};

/// The limits of one instance. What exceeds one is refused before anything is written.
///
/// ```
/// use duroxide::RuntimeOptions;
/// use duroxide::engine::Limits;
///
/// let limits = Limits { payload_bytes: 64 << 10, ..Limits::default() };
/// let options = RuntimeOptions { limits, ..Default::default() };
/// assert!(options.problems().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one input, output, event or error. Default: 1 MiB, which is also what the embedded
    /// store takes.
    pub payload_bytes: usize,
    /// Bytes of the id of a sub-orchestration or of an instance started detached, made up or chosen.
    /// Default: 256, which is the most.
    pub id_bytes: usize,
    /// Bytes of the name of an activity, orchestration, event or queue. Default: 128, which is the
    /// most.
    pub name_bytes: usize,
    /// Events of one execution. Default: 50,000.
    pub history_events: u64,
    /// The runtime warns in its log, once, when an execution has so many events. Default: 10,000;
    /// 0: never.
    pub warn_events: u64,
    /// A turn with so many events takes no further message: the rest is another turn's, and the
    /// history is the same. Default: 10,000.
    pub turn_events: usize,
    /// The same in bytes of the texts of the events. Default: 4 MiB.
    pub turn_bytes: usize,
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
            id_bytes: MAX_ID_BYTES,
            name_bytes: MAX_NAME_BYTES,
            history_events: 50_000,
            warn_events: 10_000,
            turn_events: 10_000,
            turn_bytes: 4 << 20,
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
        self.problem_with_size(call)
            .or_else(|| problem_with_name_of(call))
    }

    /// What is too large about a call.
    pub(super) fn problem_with_size(&self, call: &EventKind) -> Option<String> {
        match call {
            EventKind::ActivityScheduled {
                name,
                input,
                session_id,
                tag,
                ..
            } => self
                .problem_with_name("name of an activity", name)
                .or_else(|| self.problem_with("input of the activity", name, input))
                .or_else(|| problem_with_label("session id", session_id.as_deref()))
                .or_else(|| problem_with_label("tag", tag.as_deref())),
            EventKind::SubOrchestrationScheduled {
                name,
                instance,
                input,
                ..
            }
            | EventKind::OrchestrationChained {
                name,
                instance,
                input,
                ..
            } => self
                .problem_with_name("name of an orchestration", name)
                .or_else(|| longer("id of an instance", instance, self.id_bytes))
                .or_else(|| self.problem_with("input of the orchestration", name, input)),
            _ => None,
        }
    }

    /// What is wrong with a name that may be one.
    pub(super) fn problem_with_name(&self, what: &str, name: &str) -> Option<String> {
        longer(what, name, self.name_bytes)
    }

    /// Whether these new events are those with which an execution is warned of.
    pub(crate) fn warns_of(&self, delta: &[Event]) -> bool {
        let reached = |event: &Event| event.event_id == self.warn_events;
        // A history begins with 1, so 0 is never reached.
        delta.iter().any(reached)
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

/// Nobody can register a handler under such a name. Those of calls that the runtime answers itself
/// are among them: code that takes a name from its input makes no such call.
fn problem_with_name_of(call: &EventKind) -> Option<String> {
    let checked = match call {
        EventKind::ActivityScheduled { name, .. } => check_name("name of an activity", name),
        EventKind::SubOrchestrationScheduled { name, .. }
        | EventKind::OrchestrationChained { name, .. } => {
            check_name("name of an orchestration", name)
        }
        _ => return None,
    };
    checked.err().map(|problem| problem.to_string())
}

/// The longest tag or session id, in bytes.
const LONGEST_LABEL: usize = 256;

/// What is wrong with a tag or session id.
pub(super) fn problem_with_label(what: &str, label: Option<&str>) -> Option<String> {
    longer(what, label.unwrap_or_default(), LONGEST_LABEL)
}

fn longer(what: &str, text: &str, allowed: usize) -> Option<String> {
    let bytes = text.len();
    (bytes > allowed).then(|| format!("the {what} has {bytes} bytes; {allowed} are allowed"))
}
