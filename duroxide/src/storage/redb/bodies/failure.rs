//! [`ErrorDetails`] as they are stored.

use bincode::{BorrowDecode, Encode};

use crate::history::{AppErrorKind, ConfigErrorKind, ErrorDetails, PoisonMessageType};
use crate::storage::redb::bodies::unknown_code;
use crate::storage::redb::record::RecordError;

/// Frozen. Which fields mean what depends on `category` and `kind`.
#[derive(Clone, Copy, Default, Encode, BorrowDecode)]
pub(super) struct ErrorV1<'a> {
    category: u8,
    kind: u8,
    retryable: bool,
    message: &'a str,
    /// Operation, resource, reason of a cancellation, or the instance of a poison message.
    subject: &'a str,
    /// Message of a configuration error, payload, name of an activity, or a decoder's words.
    detail: Option<&'a str>,
    attempt_count: u32,
    max_attempts: u32,
    execution_id: u64,
    activity_id: u64,
}

const INFRASTRUCTURE: u8 = 1;
const CONFIGURATION: u8 = 2;
const APPLICATION: u8 = 3;
const POISON: u8 = 4;

const NONDETERMINISM: u8 = 1;

const ACTIVITY_FAILED: u8 = 1;
const ORCHESTRATION_FAILED: u8 = 2;
const PANICKED: u8 = 3;
const CANCELLED: u8 = 4;
const REJECTED: u8 = 5;

const POISON_ORCHESTRATION: u8 = 1;
const POISON_ACTIVITY: u8 = 2;
const POISON_BYTES: u8 = 3;

pub(super) fn to_stored(details: &ErrorDetails) -> ErrorV1<'_> {
    match details {
        ErrorDetails::Infrastructure {
            operation,
            message,
            retryable,
        } => ErrorV1 {
            category: INFRASTRUCTURE,
            retryable: *retryable,
            message,
            subject: operation,
            ..ErrorV1::default()
        },
        ErrorDetails::Configuration {
            kind: ConfigErrorKind::Nondeterminism,
            resource,
            message,
        } => ErrorV1 {
            category: CONFIGURATION,
            kind: NONDETERMINISM,
            subject: resource,
            detail: message.as_deref(),
            ..ErrorV1::default()
        },
        ErrorDetails::Application {
            kind,
            message,
            retryable,
            payload,
        } => {
            let (kind, subject) = match kind {
                AppErrorKind::ActivityFailed => (ACTIVITY_FAILED, ""),
                AppErrorKind::OrchestrationFailed => (ORCHESTRATION_FAILED, ""),
                AppErrorKind::Panicked => (PANICKED, ""),
                AppErrorKind::Cancelled { reason } => (CANCELLED, reason.as_str()),
                AppErrorKind::Rejected => (REJECTED, ""),
            };
            ErrorV1 {
                category: APPLICATION,
                kind,
                retryable: *retryable,
                message,
                subject,
                detail: payload.as_deref(),
                ..ErrorV1::default()
            }
        }
        ErrorDetails::Poison {
            attempt_count,
            max_attempts,
            message_type,
            message,
        } => ErrorV1 {
            category: POISON,
            message,
            attempt_count: *attempt_count,
            max_attempts: *max_attempts,
            ..poisoned(message_type)
        },
    }
}

pub(super) fn from_stored(stored: &ErrorV1<'_>) -> Result<ErrorDetails, RecordError> {
    let message = stored.message.to_owned();
    let detail = || stored.detail.map(str::to_owned);
    Ok(match stored.category {
        INFRASTRUCTURE => ErrorDetails::Infrastructure {
            operation: stored.subject.to_owned(),
            message,
            retryable: stored.retryable,
        },
        CONFIGURATION => ErrorDetails::Configuration {
            kind: match stored.kind {
                NONDETERMINISM => ConfigErrorKind::Nondeterminism,
                other => return Err(unknown_code("configuration error", other)),
            },
            resource: stored.subject.to_owned(),
            message: detail(),
        },
        APPLICATION => ErrorDetails::Application {
            kind: match stored.kind {
                ACTIVITY_FAILED => AppErrorKind::ActivityFailed,
                ORCHESTRATION_FAILED => AppErrorKind::OrchestrationFailed,
                PANICKED => AppErrorKind::Panicked,
                REJECTED => AppErrorKind::Rejected,
                CANCELLED => AppErrorKind::Cancelled {
                    reason: stored.subject.to_owned(),
                },
                other => return Err(unknown_code("application error", other)),
            },
            message,
            retryable: stored.retryable,
            payload: detail(),
        },
        POISON => ErrorDetails::Poison {
            attempt_count: stored.attempt_count,
            max_attempts: stored.max_attempts,
            message_type: poison_of(stored)?,
            message,
        },
        other => return Err(unknown_code("error category", other)),
    })
}

fn poisoned(message_type: &PoisonMessageType) -> ErrorV1<'_> {
    match message_type {
        PoisonMessageType::Orchestration {
            instance,
            execution_id,
        } => ErrorV1 {
            kind: POISON_ORCHESTRATION,
            subject: instance,
            execution_id: *execution_id,
            ..ErrorV1::default()
        },
        PoisonMessageType::Activity {
            instance,
            execution_id,
            activity_name,
            activity_id,
        } => ErrorV1 {
            kind: POISON_ACTIVITY,
            subject: instance,
            detail: Some(activity_name),
            execution_id: *execution_id,
            activity_id: *activity_id,
            ..ErrorV1::default()
        },
        PoisonMessageType::FailedDeserialization {
            instance,
            execution_id,
            error,
        } => ErrorV1 {
            kind: POISON_BYTES,
            subject: instance,
            detail: Some(error),
            execution_id: *execution_id,
            ..ErrorV1::default()
        },
    }
}

fn poison_of(stored: &ErrorV1<'_>) -> Result<PoisonMessageType, RecordError> {
    let instance = stored.subject.to_owned();
    let execution_id = stored.execution_id;
    let detail = stored.detail.unwrap_or_default().to_owned();
    Ok(match stored.kind {
        POISON_ORCHESTRATION => PoisonMessageType::Orchestration {
            instance,
            execution_id,
        },
        POISON_ACTIVITY => PoisonMessageType::Activity {
            instance,
            execution_id,
            activity_name: detail,
            activity_id: stored.activity_id,
        },
        POISON_BYTES => PoisonMessageType::FailedDeserialization {
            instance,
            execution_id,
            error: detail,
        },
        other => return Err(unknown_code("poison message", other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_comes_back_as_it_was() {
        let text = || "x".to_owned();
        let application = |kind| ErrorDetails::Application {
            kind,
            message: text(),
            retryable: true,
            payload: Some(text()),
        };
        let poison = |message_type| ErrorDetails::Poison {
            attempt_count: 3,
            max_attempts: 4,
            message_type,
            message: text(),
        };
        for details in [
            ErrorDetails::Infrastructure {
                operation: text(),
                message: "y".to_owned(),
                retryable: true,
            },
            ErrorDetails::Configuration {
                kind: ConfigErrorKind::Nondeterminism,
                resource: text(),
                message: None,
            },
            application(AppErrorKind::ActivityFailed),
            application(AppErrorKind::OrchestrationFailed),
            application(AppErrorKind::Panicked),
            application(AppErrorKind::Cancelled { reason: text() }),
            application(AppErrorKind::Rejected),
            poison(PoisonMessageType::Orchestration {
                instance: text(),
                execution_id: 7,
            }),
            poison(PoisonMessageType::Activity {
                instance: text(),
                execution_id: 7,
                activity_name: "a".to_owned(),
                activity_id: 9,
            }),
            poison(PoisonMessageType::FailedDeserialization {
                instance: text(),
                execution_id: 7,
                error: "e".to_owned(),
            }),
        ] {
            assert_eq!(from_stored(&to_stored(&details)), Ok(details));
        }
    }
}
