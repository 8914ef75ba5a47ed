//! A store whose payloads pass through a codec of the user's: encrypted, compressed, kept elsewhere.
//!
//! [`CodedProvider`] wraps any other store. Inputs, outputs, errors, events, values and the custom
//! status are coded on their way in and decoded on their way out; names, ids, tags, times and the
//! shape of a history stay readable. Must not know: which store it wraps, what a history means.

mod events;
mod messages;
mod verbs;

use std::fmt;
use std::sync::Arc;

use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::{Provider, ProviderRef};

/// Where a payload stands. A codec that binds what it writes to its place notices when somebody
/// moves it.
///
/// ```
/// use duroxide::storage::coded::{PayloadField, PayloadPlace};
///
/// /// Only what goes in is a secret.
/// fn is_secret(place: &PayloadPlace) -> bool {
///     place.field == PayloadField::Input
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PayloadPlace {
    /// Whose.
    pub instance: InstanceId,
    /// Of which execution; none for what belongs to the instance as a whole.
    pub execution_id: Option<ExecutionId>,
    /// Of which event, or in answer to which.
    pub event_id: Option<EventId>,
    /// What it is.
    pub field: PayloadField,
    /// The name that goes with it: of an event from outside, a queue, a key. Else empty.
    pub name: String,
}

/// What a payload is.
///
/// ```
/// use duroxide::storage::coded::PayloadField;
///
/// /// What a codec leaves as it is, for people who look for causes.
/// fn is_readable(field: PayloadField) -> bool {
///     matches!(field, PayloadField::Error | PayloadField::CustomStatus)
/// }
/// # assert!(!is_readable(PayloadField::Input));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayloadField {
    /// The input of an orchestration or activity.
    Input,
    /// What one of them returned.
    Output,
    /// The text of an error.
    Error,
    /// The value of an error.
    ErrorValue,
    /// The data of an event from outside, or of a message of a queue.
    Data,
    /// The custom status.
    CustomStatus,
    /// A value under a key.
    Value,
}

impl fmt::Display for PayloadPlace {
    /// A text that no other place has, the same in all versions: to be authenticated with a payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let execution = self.execution_id.map_or(0, |id| id.0);
        let event = self.event_id.map_or(0, |id| id.0);
        let field = self.field.name();
        let instance = self.instance.as_str();
        // The length keeps an id from running into what follows.
        write!(
            f,
            "{}:{instance}|{execution}|{event}|{field}|{}",
            instance.len(),
            self.name
        )
    }
}

impl PayloadField {
    // Append only: encrypted payloads are bound to these words.
    fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Error => "error",
            Self::ErrorValue => "error-value",
            Self::Data => "data",
            Self::CustomStatus => "custom-status",
            Self::Value => "value",
        }
    }
}

/// Changes payloads on their way to the store and back.
///
/// Text goes in and text comes out. A codec that gives the same text for the same payload at the same
/// place lets a repeated start of the dynamic layer be recognised as such; with another one it is
/// answered as `AlreadyExists`.
///
/// An example stands at [`CodedProvider`].
pub trait PayloadCodec: fmt::Debug + Send + Sync + 'static {
    /// The payload as it is to be stored.
    ///
    /// # Errors
    ///
    /// Why it cannot be coded; the call that brought it is refused, and nothing is written.
    fn encode(&self, place: &PayloadPlace, payload: &str) -> Result<String, String>;

    /// The payload that was stored.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. That concerns its instance alone, which ends as poison.
    fn decode(&self, place: &PayloadPlace, stored: &str) -> Result<String, String>;
}

/// A store whose payloads pass through a codec.
///
/// ```
/// use duroxide::storage::coded::{CodedProvider, PayloadCodec, PayloadPlace};
/// use duroxide::storage::redb::RedbProvider;
///
/// /// Not a secret, but not to be found by a search either.
/// #[derive(Debug)]
/// struct Mirrored;
///
/// impl PayloadCodec for Mirrored {
///     fn encode(&self, _place: &PayloadPlace, payload: &str) -> Result<String, String> {
///         Ok(payload.chars().rev().collect())
///     }
///     fn decode(&self, _place: &PayloadPlace, stored: &str) -> Result<String, String> {
///         Ok(stored.chars().rev().collect())
///     }
/// }
///
/// let store = CodedProvider::new(RedbProvider::in_memory()?, Mirrored);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CodedProvider {
    store: ProviderRef,
    codec: Arc<dyn PayloadCodec>,
    running: Arc<verbs::Running>,
}

impl CodedProvider {
    /// Wraps a store.
    pub fn new(store: impl Provider, codec: impl PayloadCodec) -> Self {
        Self {
            store: Arc::new(store),
            codec: Arc::new(codec),
            running: Arc::default(),
        }
    }
}

/// Which way a payload goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    In,
    Out,
}

/// Codes the payloads of one instance, in one direction.
#[derive(Clone, Copy)]
struct Coder<'a> {
    codec: &'a dyn PayloadCodec,
    way: Way,
    instance: &'a InstanceId,
}

impl Coder<'_> {
    /// Codes one text in place.
    fn text(
        &self,
        text: &mut String,
        field: PayloadField,
        at: (Option<ExecutionId>, Option<EventId>),
        name: &str,
    ) -> Result<(), String> {
        let place = PayloadPlace {
            instance: self.instance.clone(),
            execution_id: at.0,
            event_id: at.1,
            field,
            name: name.to_owned(),
        };
        *text = match self.way {
            Way::In => self.codec.encode(&place, text),
            Way::Out => self.codec.decode(&place, text),
        }?;
        Ok(())
    }
}
