//! Identifiers, each a type of its own.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest instance id, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 256;
/// The longest name of an orchestration or activity, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 128;

/// The name of one durable run, chosen by whoever starts it; unique in a store.
///
/// At most 256 bytes of `A-Z a-z 0-9 . _ : / @ -`; not starting with `__`.
///
/// ```
/// use duroxide::history::InstanceId;
///
/// let id = InstanceId::new("order-42")?;
/// assert_eq!(id.as_str(), "order-42");
/// assert!(InstanceId::new("order 42").is_err());
/// # Ok::<(), duroxide::history::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Arc<str>);

impl InstanceId {
    /// Checks and takes an id.
    ///
    /// # Errors
    ///
    /// [`InvalidName`], which says what is wrong with it.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidName> {
        let id = id.as_ref();
        check("instance id", id, MAX_ID_BYTES)?;
        Ok(Self(id.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceId {
    type Err = InvalidName;

    fn from_str(id: &str) -> Result<Self, InvalidName> {
        Self::new(id)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for InstanceId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for InstanceId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl AsRef<str> for InstanceId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// One generation of an instance: 1 at its start, one more with each continue-as-new.
///
/// ```
/// use duroxide::history::ExecutionId;
///
/// assert_eq!(ExecutionId::FIRST, 1);
/// assert_eq!(ExecutionId::FIRST.next(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(pub u64);

impl ExecutionId {
    /// The execution that a start creates.
    pub const FIRST: Self = Self(1);

    /// The execution that follows when this one continues as new.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The position of an event in the history of its execution: 1, 2, 3 ... without a gap.
///
/// ```
/// use duroxide::history::EventId;
///
/// assert_eq!(EventId::FIRST, 1);
/// assert_eq!(EventId::NONE.next(), EventId::FIRST);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl EventId {
    /// Before the first event: the "last event" of an execution that has none yet.
    pub const NONE: Self = Self(0);
    /// The first event of every execution.
    pub const FIRST: Self = Self(1);

    /// The event behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! compares_with_numbers {
    ($($id:ty),*) => {$(
        impl PartialEq<u64> for $id {
            fn eq(&self, number: &u64) -> bool {
                self.0 == *number
            }
        }

        impl PartialEq<$id> for u64 {
            fn eq(&self, id: &$id) -> bool {
                *self == id.0
            }
        }

        impl PartialOrd<u64> for $id {
            fn partial_cmp(&self, number: &u64) -> Option<std::cmp::Ordering> {
                self.0.partial_cmp(number)
            }
        }
    )*};
}

// So that programs which take ids for numbers can compare them.
compares_with_numbers!(ExecutionId, EventId);

/// The first execution of every instance.
///
/// ```
/// use duroxide::{Client, ClientError, Event, INITIAL_EXECUTION_ID};
///
/// async fn first_history(client: &Client, id: &str) -> Result<Vec<Event>, ClientError> {
///     client.read_execution_history(id, INITIAL_EXECUTION_ID).await
/// }
/// ```
pub const INITIAL_EXECUTION_ID: u64 = ExecutionId::FIRST.0;
/// The first event of every execution.
///
/// ```
/// use duroxide::{Event, INITIAL_EVENT_ID};
///
/// /// Whether nothing is missing in front.
/// fn is_whole(history: &[Event]) -> bool {
///     history.first().is_some_and(|event| event.event_id() == INITIAL_EVENT_ID)
/// }
/// ```
pub const INITIAL_EVENT_ID: u64 = EventId::FIRST.0;

/// With this begin the ids that a parent completes for its child.
///
/// ```
/// use duroxide::{SUB_ORCH_AUTO_PREFIX, is_auto_generated_sub_orch_id};
///
/// assert!(is_auto_generated_sub_orch_id(&format!("{SUB_ORCH_AUTO_PREFIX}2")));
/// ```
pub const SUB_ORCH_AUTO_PREFIX: &str = "sub::";
/// What stands in every id that is made up for a sub-orchestration. No id from outside contains it.
///
/// ```
/// use duroxide::history::CHILD_INFIX;
///
/// assert_eq!("order-42::sub::2".split_once(CHILD_INFIX), Some(("order-42", "2")));
/// ```
pub const CHILD_INFIX: &str = "::sub::";

/// Whether an id is to be completed by its parent: it begins with [`SUB_ORCH_AUTO_PREFIX`].
///
/// ```
/// use duroxide::is_auto_generated_sub_orch_id;
///
/// assert!(!is_auto_generated_sub_orch_id("order-42"));
/// ```
pub fn is_auto_generated_sub_orch_id(instance: &str) -> bool {
    instance.starts_with(SUB_ORCH_AUTO_PREFIX)
}

/// The id of a child: one that begins with [`SUB_ORCH_AUTO_PREFIX`] behind that of its parent, any
/// other as it is.
///
/// ```
/// use duroxide::build_child_instance_id;
///
/// assert_eq!(build_child_instance_id("order-42", "sub::2"), "order-42::sub::2");
/// assert_eq!(build_child_instance_id("order-42", "invoice-42"), "invoice-42");
/// ```
pub fn build_child_instance_id(parent_instance: &str, child_instance: &str) -> String {
    if is_auto_generated_sub_orch_id(child_instance) {
        format!("{parent_instance}::{child_instance}")
    } else {
        child_instance.to_owned()
    }
}

/// Whether an id is one that only sub-orchestrations have: nobody else may start an instance under it.
///
/// ```
/// use duroxide::history::is_reserved_id;
///
/// assert!(is_reserved_id("order-42::sub::2"));
/// assert!(!is_reserved_id("order-42"));
/// ```
pub fn is_reserved_id(instance: &str) -> bool {
    is_auto_generated_sub_orch_id(instance) || instance.contains(CHILD_INFIX)
}

/// A name or id that no door lets in.
///
/// ```
/// use duroxide::history::InstanceId;
///
/// let problem = InstanceId::new("__42").err().map(|error| error.to_string());
/// let text = "the instance id `__42` starts with `__`, which is reserved";
/// assert_eq!(problem.as_deref(), Some(text));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} `{shown}` {problem}")]
pub struct InvalidName {
    what: &'static str,
    shown: String,
    problem: String,
}

/// What the name of an event is called by whoever refuses it: who raises it, and who waits for it.
pub(crate) const EVENT_NAME: &str = "event name";
/// The same for the name of a queue.
pub(crate) const QUEUE_NAME: &str = "queue name";

/// Checks the name of an orchestration, an activity, an event or a queue (`what` says which, for
/// the message).
///
/// # Errors
///
/// [`InvalidName`]: empty, longer than 128 bytes, with a character outside of
/// `A-Z a-z 0-9 . _ : / @ -`, or starting with the reserved `__`.
///
/// ```
/// use duroxide::history::check_name;
///
/// check_name("name of an activity", "charge_card")?;
/// assert!(check_name("name of an activity", "charge card").is_err());
/// # Ok::<(), duroxide::history::InvalidName>(())
/// ```
pub fn check_name(what: &'static str, name: &str) -> Result<(), InvalidName> {
    check(what, name, MAX_NAME_BYTES)
}

fn check(what: &'static str, text: &str, max_bytes: usize) -> Result<(), InvalidName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
    let problem = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > max_bytes {
        format!("is {} bytes long; {max_bytes} are allowed", text.len())
    } else if text.starts_with("__") {
        "starts with `__`, which is reserved".to_owned()
    } else if let Some(wrong) = text.chars().find(|&c| !allowed(c)) {
        format!("contains {wrong:?}; letters, digits and `._:/@-` are allowed")
    } else {
        return Ok(());
    };
    Err(InvalidName {
        what,
        shown: text.chars().take(64).collect(),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_refused_with_its_reason() {
        for (id, reason) in [
            ("", "is empty"),
            ("__x", "reserved"),
            ("a b", "contains ' '"),
            ("ü", "contains 'ü'"),
            (&"x".repeat(257), "257 bytes"),
        ] {
            let error = InstanceId::new(id).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert_eq!(
            InstanceId::new("order-42/a@b:c_d.e").unwrap().as_str(),
            "order-42/a@b:c_d.e"
        );
    }

    #[test]
    fn only_made_up_ids_are_reserved() {
        for (id, is_reserved) in [
            ("sub::2", true),
            ("a::sub::2", true),
            ("sub:2", false),
            ("a::subs::2", false),
            ("a-sub::2", false),
        ] {
            assert_eq!(is_reserved_id(id), is_reserved, "{id}");
        }
        assert_eq!(build_child_instance_id("a", "sub::2"), "a::sub::2");
        assert_eq!(build_child_instance_id("a", "b"), "b");
    }

    #[test]
    fn ids_compare_with_numbers() {
        assert!(EventId(3) == 3 && 3 == EventId(3) && EventId(3) < 4);
        assert!(ExecutionId::FIRST == INITIAL_EXECUTION_ID && ExecutionId(2) > 1);
    }
}
