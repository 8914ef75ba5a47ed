//! Where an instance stands, as callers see it.

use crate::history::ErrorDetails;

/// Where an instance stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrchestrationStatus {
    /// There is no such instance.
    NotFound,
    /// It runs, or waits for its first turn.
    #[non_exhaustive]
    Running {},
    /// It ended well.
    #[non_exhaustive]
    Completed {
        /// What it returned, as text.
        output: String,
    },
    /// It ended badly.
    #[non_exhaustive]
    Failed {
        /// Why.
        details: ErrorDetails,
    },
}

impl OrchestrationStatus {
    /// Whether the instance has ended.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Failed { .. })
    }
}
