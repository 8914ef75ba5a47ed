//! Identifiers, each a type of its own.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest instance id, in bytes.
const MAX_ID_BYTES: usize = 256;
/// The longest name of an orchestration or activity, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The name of one durable run, chosen by whoever starts it; unique in a store.
///
/// At most 256 bytes of `A-Z a-z 0-9 . _ : / @ -`; not starting with `__`.
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

/// A name or id that no door lets in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} `{shown}` {problem}")]
pub struct InvalidName {
    what: &'static str,
    shown: String,
    problem: String,
}

/// Checks the name of an orchestration or activity (`what` says which, for the message).
///
/// # Errors
///
/// [`InvalidName`]: empty, longer than 128 bytes, with a character outside of
/// `A-Z a-z 0-9 . _ : / @ -`, or starting with the reserved `__`.
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
}
