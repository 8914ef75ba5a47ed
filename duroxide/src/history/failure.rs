//! Why something failed, told apart by who must act.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::bytes_of;

/// Why an activity or an orchestration failed.
///
/// ```
/// use duroxide::ErrorDetails;
///
/// fn who_must_act(details: &ErrorDetails) -> &'static str {
///     match details {
///         ErrorDetails::Infrastructure { .. } => "the operator",
///         ErrorDetails::Configuration { .. } => "whoever deployed",
///         ErrorDetails::Application { .. } | ErrorDetails::Poison { .. } => "the author",
///         _ => "somebody",
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorDetails {
    /// The store or the machine let us down; the operator must act.
    Infrastructure {
        /// What was tried.
        operation: String,
        /// What was wrong.
        message: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The deployed code does not fit what is stored; whoever deploys must act.
    Configuration {
        /// Which rule was broken.
        kind: ConfigErrorKind,
        /// The handler or event concerned.
        resource: String,
        /// More about it.
        message: Option<String>,
    },
    /// User code failed; its author must act.
    Application {
        /// How it failed.
        kind: AppErrorKind,
        /// The error as text.
        message: String,
        /// Whether trying again may help.
        retryable: bool,
        /// The error as a value, as JSON text, if it came from typed code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
    },
    /// A message was delivered again and again and never got through.
    Poison {
        /// How often it was delivered.
        attempt_count: u32,
        /// How often is allowed.
        max_attempts: u32,
        /// Which message.
        message_type: PoisonMessageType,
        /// What was wrong with it.
        message: String,
    },
}

/// The rules of a deployment that can be broken.
///
/// ```
/// use duroxide::{ConfigErrorKind, ErrorDetails};
///
/// /// Whether somebody changed the code of an instance under way.
/// fn is_changed_code(details: &ErrorDetails) -> bool {
///     matches!(
///         details,
///         ErrorDetails::Configuration { kind: ConfigErrorKind::Nondeterminism, .. }
///     )
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The code and the recorded history disagree.
    Nondeterminism,
}

/// The ways in which user code fails.
///
/// ```
/// use duroxide::{AppErrorKind, ErrorDetails};
///
/// /// The words of whoever asked for the end, if that is why the instance ended.
/// fn cancelled_by(details: &ErrorDetails) -> Option<&str> {
///     match details {
///         ErrorDetails::Application {
///             kind: AppErrorKind::Cancelled { reason },
///             ..
///         } => Some(reason),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AppErrorKind {
    /// An activity returned an error.
    ActivityFailed,
    /// An orchestration returned an error.
    OrchestrationFailed,
    /// The code panicked.
    Panicked,
    /// The code did not run or its result was lost: an input or output that does not fit, or a
    /// name that nobody knows.
    Rejected,
    /// The instance was cancelled.
    Cancelled {
        /// The words of whoever asked for it.
        reason: String,
    },
}

/// Which kind of message was poison.
///
/// ```
/// use duroxide::{ErrorDetails, PoisonMessageType};
///
/// /// The activity that never came back.
/// fn culprit(details: &ErrorDetails) -> Option<&str> {
///     match details {
///         ErrorDetails::Poison {
///             message_type: PoisonMessageType::Activity { activity_name, .. },
///             ..
///         } => Some(activity_name),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PoisonMessageType {
    /// A message for an orchestration.
    Orchestration {
        /// The instance.
        instance: String,
        /// Its execution.
        execution_id: u64,
    },
    /// A queued activity.
    Activity {
        /// The instance.
        instance: String,
        /// Its execution.
        execution_id: u64,
        /// The activity's name.
        activity_name: String,
        /// The event that scheduled it.
        activity_id: u64,
    },
    /// Something stored that cannot be read any more.
    FailedDeserialization {
        /// The instance.
        instance: String,
        /// Its execution.
        execution_id: u64,
        /// What the decoder said.
        error: String,
    },
}

impl ErrorDetails {
    /// A failure of user code, without a typed value.
    ///
    /// ```
    /// use duroxide::{AppErrorKind, ErrorDetails};
    ///
    /// let details = ErrorDetails::application(AppErrorKind::ActivityFailed, "no stock");
    /// assert_eq!(details.category(), "application");
    /// assert_eq!(details.display_message(), "no stock");
    /// assert!(!details.is_retryable());
    /// ```
    pub fn application(kind: AppErrorKind, message: impl Into<String>) -> Self {
        Self::Application {
            kind,
            message: message.into(),
            retryable: false,
            payload: None,
        }
    }

    /// How many bytes its larger texts have.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Self::Infrastructure { message, .. } | Self::Poison { message, .. } => message.len(),
            Self::Configuration {
                resource, message, ..
            } => bytes_of([resource].into_iter().chain(message)),
            Self::Application {
                message, payload, ..
            } => bytes_of([message].into_iter().chain(payload)),
        }
    }

    /// `infrastructure`, `configuration`, `application` or `poison`.
    pub fn category(&self) -> &'static str {
        match self {
            Self::Infrastructure { .. } => "infrastructure",
            Self::Configuration { .. } => "configuration",
            Self::Application { .. } => "application",
            Self::Poison { .. } => "poison",
        }
    }

    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Infrastructure { retryable, .. } | Self::Application { retryable, .. } => {
                *retryable
            }
            Self::Configuration { .. } | Self::Poison { .. } => false,
        }
    }

    /// The failure as one line of text: what dynamic orchestration code gets as its `Err`.
    pub fn display_message(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ErrorDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Infrastructure {
                operation, message, ..
            } => {
                write!(f, "infrastructure:{operation}: {message}")
            }
            Self::Configuration {
                kind: ConfigErrorKind::Nondeterminism,
                resource,
                message,
            } => {
                write!(
                    f,
                    "nondeterministic: {}",
                    message.as_ref().unwrap_or(resource)
                )
            }
            Self::Application {
                kind: AppErrorKind::Cancelled { reason },
                ..
            } => {
                write!(f, "canceled: {reason}")
            }
            Self::Application {
                kind: AppErrorKind::Panicked,
                message,
                ..
            } => {
                write!(f, "orchestration panicked: {message}")
            }
            Self::Application { message, .. } => f.write_str(message),
            Self::Poison {
                attempt_count,
                max_attempts,
                message,
                ..
            } => {
                write!(
                    f,
                    "poison: {message} ({attempt_count} deliveries, {max_attempts} allowed)"
                )
            }
        }
    }
}
