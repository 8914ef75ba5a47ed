//! What a durable call comes back with when it fails.

use std::error::Error;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::history::{AppErrorKind, ErrorDetails};

/// Why a call of an activity failed. Each can be caught; `?` converts it into a `String`.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[activity(timeout = "5s")]
/// async fn charge(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
///     if cents == 0 { Err("nothing to pay".to_owned()) } else { Ok(cents) }
/// }
///
/// #[orchestration]
/// async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
///     match charge(ctx, cents).await {
///         Ok(paid) => Ok(paid),
///         Err(CallError::Failed(reason)) => Err(format!("declined: {reason}")),
///         Err(CallError::TimedOut) => Ok(0), // asked for again tomorrow
///         Err(other) => Err(other.into()),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CallError<E> {
    /// It returned this error.
    Failed(E),
    /// Its time ran out.
    TimedOut,
    /// It was cancelled.
    Cancelled,
    /// It panicked with this message.
    Panicked(String),
    /// It did not run, or its result cannot be read: a value that does not encode or decode, an
    /// unknown name, a poisoned message.
    Rejected(String),
}

impl<E: DeserializeOwned> CallError<E> {
    /// Reads a recorded failure.
    pub(crate) fn from_details(details: ErrorDetails) -> Self {
        match details {
            ErrorDetails::Application {
                kind,
                message,
                payload,
                ..
            } => match kind {
                AppErrorKind::Panicked => Self::Panicked(message),
                AppErrorKind::Cancelled { .. } => Self::Cancelled,
                AppErrorKind::Rejected => Self::Rejected(message),
                AppErrorKind::ActivityFailed | AppErrorKind::OrchestrationFailed => {
                    match codec::decode_failure(&message, payload) {
                        Ok(error) => Self::Failed(error),
                        Err(mismatch) => Self::Rejected(mismatch),
                    }
                }
            },
            other => Self::Rejected(other.to_string()),
        }
    }
}

impl<E> From<CodecError> for CallError<E> {
    fn from(error: CodecError) -> Self {
        Self::Rejected(error.to_string())
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::TimedOut => f.write_str("timed out"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Rejected(problem) => write!(f, "rejected: {problem}"),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> Error for CallError<E> {}

impl<E: fmt::Display> From<CallError<E>> for String {
    fn from(error: CallError<E>) -> Self {
        error.to_string()
    }
}

/// The failure of an activity as dynamic code sees it.
pub(super) fn activity_message(details: &ErrorDetails) -> String {
    match details {
        ErrorDetails::Application {
            kind: AppErrorKind::Panicked,
            message,
            ..
        } => format!("activity panicked: {message}"),
        _ => details.display_message(),
    }
}
