//! What can go wrong with a server, in words that say who must do what.

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

use crate::server::Name;

/// Why a step failed. Recorded in histories, and shown to whoever asked for the server.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum Problem {
    #[error("there is a server named `{0}` already: delete it first, or choose another name")]
    Taken(Name),
    #[error("no port from {first} to {last} is free: delete a server, or serve with `--ports`")]
    NoPort { first: u16, last: u16 },
    #[error("`{program}` failed: {said}")]
    Program { program: String, said: String },
    #[error("cannot {what}: {error}")]
    Files { what: String, error: String },
    #[error("PostgreSQL was started and does not answer: {0}")]
    NotReady(String),
    #[error("{0}")]
    Step(String),
}

impl Problem {
    /// For `map_err`: what could not be done with files.
    pub(crate) fn files(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Files {
            what,
            error: error.to_string(),
        }
    }
}

impl From<CallError<Self>> for Problem {
    fn from(error: CallError<Self>) -> Self {
        match error {
            CallError::Failed(problem) => problem,
            other => Self::Step(format!("a step has no result: {other}")),
        }
    }
}
