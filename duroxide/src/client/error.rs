//! What callers may get instead of an answer.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::client::OrchestrationStatus;
use crate::codec::{self, CodecError};
use crate::history::{AppErrorKind, ErrorDetails, InstanceId, InvalidName};
use crate::provider::{InstanceStatus, ProviderError};

/// Why a client call failed.
///
/// ```
/// # use duroxide::{Client, ClientError};
/// async fn submit(client: &Client, id: &str, order: &str) -> Result<bool, ClientError> {
///     match client.start_orchestration(id, "fulfil_order", order).await {
///         Ok(()) => Ok(true),
///         Err(ClientError::AlreadyExists { .. }) => Ok(false), // with another order
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The store failed.
    #[error("storage failed")]
    Provider(#[from] ProviderError),
    /// The store has no management verbs.
    #[error("this store has no management verbs")]
    ManagementNotAvailable,
    /// The call itself is wrong; nothing was written.
    #[error("invalid input: {message}")]
    InvalidInput {
        /// What is wrong with it.
        message: String,
    },
    /// The given time has passed.
    #[error("the time ran out")]
    Timeout,
    /// There is such an instance already; nothing was started.
    #[error(
        "the instance `{instance_id}` exists already, as a run of `{orchestration}`; choose another id, or take it with `.if_absent()`"
    )]
    AlreadyExists {
        /// The instance.
        instance_id: String,
        /// What it runs.
        orchestration: String,
        /// Where it stands.
        status: Box<OrchestrationStatus>,
    },
    /// There is no such instance.
    #[error("there is no instance `{instance_id}`")]
    InstanceNotFound {
        /// The instance.
        instance_id: String,
    },
    /// It runs, and what runs is not deleted; nothing was.
    #[error(
        "the instance `{instance_id}` is still running; cancel it and wait for its end, or delete with `force`"
    )]
    InstanceStillRunning {
        /// The instance: the one that was named, or one of its sub-orchestrations.
        instance_id: String,
    },
    /// A sub-orchestration goes with the instance that started it; nothing was deleted.
    #[error(
        "the instance `{instance_id}` is a sub-orchestration; delete the instance that started it"
    )]
    CannotDeleteSubOrchestration {
        /// The instance.
        instance_id: String,
    },
}

impl ClientError {
    /// Whether the same call may succeed later.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn insist(client: &Client, id: &str) -> Result<(), ClientError> {
    ///     loop {
    ///         match client.raise_event(id, "approval", "yes").await {
    ///             Err(error) if error.is_retryable() => println!("again: {error}"),
    ///             done => return done,
    ///         }
    ///     }
    /// }
    /// ```
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Timeout => true,
            Self::Provider(error) => error.is_retryable(),
            Self::ManagementNotAvailable
            | Self::InvalidInput { .. }
            | Self::AlreadyExists { .. }
            | Self::InstanceNotFound { .. }
            | Self::InstanceStillRunning { .. }
            | Self::CannotDeleteSubOrchestration { .. } => false,
        }
    }

    pub(super) fn not_found(instance: &InstanceId) -> Self {
        Self::InstanceNotFound {
            instance_id: instance.to_string(),
        }
    }

    pub(super) fn already_exists(status: InstanceStatus) -> Self {
        Self::AlreadyExists {
            instance_id: status.instance.to_string(),
            orchestration: status.orchestration.clone(),
            status: Box::new(status.into()),
        }
    }

    /// A value that does not fit its text.
    #[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
    pub(super) fn unfit(error: CodecError) -> Self {
        Self::InvalidInput {
            message: error.to_string(),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
    pub(super) fn invalid(name: InvalidName) -> Self {
        Self::InvalidInput {
            message: name.to_string(),
        }
    }
}

/// Why there is no result.
///
/// ```
/// use duroxide::OrchestrationError;
///
/// fn in_words(error: OrchestrationError<String>) -> String {
///     match error {
///         OrchestrationError::Failed(reason) => format!("it said no: {reason}"),
///         OrchestrationError::Cancelled { reason } => format!("nobody wants it any more: {reason}"),
///         OrchestrationError::Nondeterminism(what) => format!("look at the last deployment: {what}"),
///         other => other.to_string(),
///     }
/// }
/// # assert_eq!(in_words(OrchestrationError::Failed("no".to_owned())), "it said no: no");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum OrchestrationError<E> {
    /// The orchestration returned this error.
    Failed(E),
    /// It was cancelled.
    Cancelled {
        /// The words of whoever asked for it.
        reason: String,
    },
    /// It panicked with this message.
    Panicked(String),
    /// The deployed code does not fit its history.
    Nondeterminism(String),
    /// One of its messages was delivered too often.
    Poisoned(String),
    /// Its input, output or error cannot be read as the types of this handle, or nobody knows its
    /// name.
    Rejected(String),
    /// The machine or the store let it down.
    Infrastructure(String),
    /// The question could not be answered: a bad id, or the store failed.
    Client(ClientError),
}

impl<E: DeserializeOwned> OrchestrationError<E> {
    /// Reads a recorded failure.
    pub(super) fn from_details(details: ErrorDetails) -> Self {
        match details {
            ErrorDetails::Application {
                kind,
                message,
                payload,
                ..
            } => match kind {
                AppErrorKind::Panicked => Self::Panicked(message),
                AppErrorKind::Cancelled { reason } => Self::Cancelled { reason },
                AppErrorKind::Rejected => Self::Rejected(message),
                AppErrorKind::ActivityFailed | AppErrorKind::OrchestrationFailed => {
                    match codec::decode_failure(&message, payload) {
                        Ok(error) => Self::Failed(error),
                        Err(mismatch) => Self::Rejected(mismatch),
                    }
                }
            },
            ErrorDetails::Configuration { .. } => Self::Nondeterminism(details.to_string()),
            ErrorDetails::Poison { .. } => Self::Poisoned(details.to_string()),
            ErrorDetails::Infrastructure { .. } => Self::Infrastructure(details.to_string()),
        }
    }
}

impl<E> From<ClientError> for OrchestrationError<E> {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl<E: fmt::Display> fmt::Display for OrchestrationError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Cancelled { reason } => write!(f, "cancelled: {reason}"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Nondeterminism(text) | Self::Poisoned(text) | Self::Infrastructure(text) => {
                f.write_str(text)
            }
            Self::Rejected(problem) => write!(f, "rejected: {problem}"),
            Self::Client(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for OrchestrationError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Client(error) => error.source(),
            _ => None,
        }
    }
}

impl<E: fmt::Display> From<OrchestrationError<E>> for String {
    fn from(error: OrchestrationError<E>) -> Self {
        error.to_string()
    }
}
