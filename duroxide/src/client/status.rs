//! Where an instance stands, as callers see it.

use crate::client::{Client, ClientError, parse_id};
use crate::history::ErrorDetails;
use crate::provider::{InstanceState, InstanceStatus};

/// Where an instance stands.
///
/// It is open to exhaustive matches, as programs of the published crate have them: a new kind of
/// state would be a new type. [`InstancePhase`](crate::InstancePhase) tells more kinds apart.
///
/// ```
/// use duroxide::OrchestrationStatus;
///
/// fn in_words(status: OrchestrationStatus) -> String {
///     match status {
///         OrchestrationStatus::NotFound => "unknown".to_owned(),
///         OrchestrationStatus::Running { custom_status, .. } => custom_status.unwrap_or_default(),
///         OrchestrationStatus::Completed { output, .. } => output,
///         OrchestrationStatus::Failed { details, .. } => details.display_message(),
///     }
/// }
/// # assert_eq!(in_words(OrchestrationStatus::NotFound), "unknown");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrchestrationStatus {
    /// There is no such instance.
    NotFound,
    /// It runs, or waits for its first turn.
    Running {
        /// The status that its code shows.
        custom_status: Option<String>,
        /// How often that was set or taken back; 0 before the first time.
        custom_status_version: u64,
    },
    /// It ended well.
    Completed {
        /// What it returned, as text.
        output: String,
        /// The status that its code showed last.
        custom_status: Option<String>,
        /// How often that was set or taken back.
        custom_status_version: u64,
    },
    /// It ended badly.
    Failed {
        /// Why.
        details: ErrorDetails,
        /// The status that its code showed last.
        custom_status: Option<String>,
        /// How often that was set or taken back.
        custom_status_version: u64,
    },
}

impl Client {
    /// Where the instance stands. Reads no history.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn is_over(client: &Client, id: &str) -> Result<bool, ClientError> {
    ///     Ok(client.get_orchestration_status(id).await?.is_terminal())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn get_orchestration_status(
        &self,
        instance: &str,
    ) -> Result<OrchestrationStatus, ClientError> {
        let status = self.store.status(&parse_id(instance)?).await?;
        Ok(status.map_or(OrchestrationStatus::NotFound, Into::into))
    }
}

impl OrchestrationStatus {
    /// Whether the instance has ended.
    ///
    /// ```
    /// use duroxide::OrchestrationStatus;
    ///
    /// let status = OrchestrationStatus::Running {
    ///     custom_status: Some("half done".to_owned()),
    ///     custom_status_version: 3,
    /// };
    /// assert!(!status.is_terminal());
    /// assert_eq!(status.custom_status(), Some("half done"));
    /// assert_eq!(status.custom_status_version(), 3);
    /// ```
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Completed { .. } | Self::Failed { .. } => true,
            Self::NotFound | Self::Running { .. } => false,
        }
    }

    /// The status that the instance's code shows or showed last.
    ///
    /// An example stands at [`is_terminal`](Self::is_terminal).
    pub fn custom_status(&self) -> Option<&str> {
        match self {
            Self::NotFound => None,
            Self::Running { custom_status, .. }
            | Self::Completed { custom_status, .. }
            | Self::Failed { custom_status, .. } => custom_status.as_deref(),
        }
    }

    /// How often that was set or taken back; 0 before the first time.
    ///
    /// An example stands at [`is_terminal`](Self::is_terminal).
    pub fn custom_status_version(&self) -> u64 {
        match self {
            Self::NotFound => 0,
            Self::Running {
                custom_status_version,
                ..
            }
            | Self::Completed {
                custom_status_version,
                ..
            }
            | Self::Failed {
                custom_status_version,
                ..
            } => *custom_status_version,
        }
    }
}

impl From<InstanceStatus> for OrchestrationStatus {
    fn from(status: InstanceStatus) -> Self {
        let InstanceStatus {
            custom_status,
            custom_status_version,
            ..
        } = status;
        match status.state {
            InstanceState::Running => Self::Running {
                custom_status,
                custom_status_version,
            },
            InstanceState::Completed { output } => Self::Completed {
                output,
                custom_status,
                custom_status_version,
            },
            InstanceState::Failed { details } => Self::Failed {
                details,
                custom_status,
                custom_status_version,
            },
        }
    }
}
