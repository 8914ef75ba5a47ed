//! What can go wrong in a store, told apart by what the caller may do.

use std::error::Error;

use crate::history::{EventId, ExecutionId, InstanceId};

/// Why a store did not do what it was asked.
///
/// ```
/// use duroxide::ProviderError;
///
/// /// What a store of one's own says when its disk let it down.
/// fn failed(source: std::io::Error) -> ProviderError {
///     ProviderError::Unavailable { operation: "commit a turn", source: source.into() }
/// }
///
/// assert!(failed(std::io::Error::other("no space left")).is_retryable());
/// assert!(!ProviderError::LockLost.is_retryable());
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The lock is not held any more: it expired, was taken over, or its work is gone. Nothing
    /// was written. Drop the work: somebody else has it, or nobody needs it.
    #[error("the lock is lost")]
    LockLost,
    /// There is no such instance. Nothing was written.
    #[error("there is no such instance")]
    InstanceNotFound,
    /// The store could not answer. Whether a write happened is *unknown*: try again, every verb
    /// is idempotent.
    #[error("the store failed to {operation}")]
    Unavailable {
        /// What was tried.
        operation: &'static str,
        /// What the storage said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Something stored cannot be read. Trying again does not help; other instances are not
    /// concerned.
    #[error(
        "stored data of instance `{instance}`, execution {execution_id} is corrupt near event {event_id}: {problem}"
    )]
    Corrupt {
        /// Whose data.
        instance: InstanceId,
        /// Of which execution.
        execution_id: ExecutionId,
        /// Near which event.
        event_id: EventId,
        /// What the decoder said.
        problem: String,
    },
    /// The call itself is wrong: a bug in whoever called. Nothing was written.
    #[error("refused: {0}")]
    Refused(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl ProviderError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
