//! One error for code that needs to tell kinds apart but has none of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::orchestration::{CallError, Elapsed};

/// An error of an activity or orchestration, for code without an error type of its own: `?` turns
/// every error that durable code meets into it, and texts as well.
///
/// The error of a call loses its type: [`Failed`](Self::Failed) has it as text.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[activity]
/// async fn price(_ctx: &ActivityContext, item: String) -> Result<u64, duroxide::Error> {
///     Ok(item.parse::<u64>().map_err(|error| error.to_string())?)
/// }
///
/// #[orchestration]
/// async fn total(ctx: &OrchestrationContext, item: String) -> Result<u64, duroxide::Error> {
///     let one = ctx.timeout(Duration::from_secs(60), price(ctx, item)).await??;
///     if one == 0 {
///         return Err("for nothing".into());
///     }
///     Ok(one)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The code itself, an activity or a child says so.
    #[error("{0}")]
    Failed(String),
    /// The time ran out.
    #[error("timed out")]
    TimedOut,
    /// A call was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A call panicked with this message.
    #[error("panicked: {0}")]
    Panicked(String),
    /// A call did not run, or what came back or from outside cannot be read.
    #[error("rejected: {0}")]
    Rejected(String),
}

impl<E: fmt::Display> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Failed(error) => Self::Failed(error.to_string()),
            CallError::TimedOut => Self::TimedOut,
            CallError::Cancelled => Self::Cancelled,
            CallError::Panicked(message) => Self::Panicked(message),
            CallError::Rejected(problem) => Self::Rejected(problem),
        }
    }
}

impl From<Elapsed> for Error {
    fn from(_elapsed: Elapsed) -> Self {
        Self::TimedOut
    }
}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self::Failed(text.to_owned())
    }
}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.to_string()
    }
}
