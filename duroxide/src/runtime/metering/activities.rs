//! What one run of an activity adds to what is counted, and the dispatchers.

use std::time::Duration;

use crate::history::{AppErrorKind, ErrorDetails};
use crate::provider::ActivityRequest;
use crate::runtime::metering::Meters;
use crate::telemetry::metric;

/// How a run of an activity came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime) enum Ran {
    Success,
    AppError,
    InfraError,
    ConfigError,
    /// Its result was of no use to anybody.
    Cancelled,
}

impl Ran {
    pub(in crate::runtime) fn of(outcome: &Result<String, ErrorDetails>) -> Self {
        match outcome {
            Ok(_) => Self::Success,
            Err(ErrorDetails::Application {
                kind: AppErrorKind::Cancelled { .. },
                ..
            }) => Self::Cancelled,
            Err(ErrorDetails::Application { .. } | ErrorDetails::Poison { .. }) => Self::AppError,
            Err(ErrorDetails::Infrastructure { .. }) => Self::InfraError,
            Err(ErrorDetails::Configuration { .. }) => Self::ConfigError,
        }
    }

    /// The word for labels and log lines.
    pub(in crate::runtime) fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::AppError => "app_error",
            Self::InfraError => "infra_error",
            Self::ConfigError => "config_error",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Meters {
    /// A run of an activity is over, and its result durable or of no use.
    pub(in crate::runtime) fn activity(&self, request: &ActivityRequest, ran: Ran, took: Duration) {
        let name = || request.name.clone();
        let tag = || request.tag.clone().unwrap_or_else(|| "default".to_owned());
        metrics::counter!(
            metric::ACTIVITY_EXECUTIONS,
            "activity_name" => name(),
            "outcome" => ran.word(),
            "retry_attempt" => retry_attempt(request.attempt),
            "tag" => tag()
        )
        .increment(1);
        metrics::histogram!(
            metric::ACTIVITY_DURATION,
            "activity_name" => name(),
            "outcome" => ran.word(),
            "tag" => tag()
        )
        .record(took.as_secs_f64());
        let by_itself = match ran {
            Ran::Success => {
                self.activity_success.one();
                None
            }
            Ran::AppError => {
                self.activity_app_errors.one();
                None
            }
            Ran::InfraError => {
                self.activity_infra_errors.one();
                Some(metric::ACTIVITY_INFRASTRUCTURE_ERRORS)
            }
            Ran::ConfigError => {
                self.activity_config_errors.one();
                Some(metric::ACTIVITY_CONFIGURATION_ERRORS)
            }
            Ran::Cancelled => None,
        };
        if let Some(metric) = by_itself {
            metrics::counter!(metric, "activity_name" => name()).increment(1);
        }
    }

    /// An activity was given up without having run.
    pub(in crate::runtime) fn activity_poisoned(&self) {
        self.activity_poison.one();
        metrics::counter!(metric::ACTIVITY_POISON).increment(1);
    }

    pub(in crate::runtime) fn activities_fetched(&self, count: usize) {
        self.worker_dispatcher_items_fetched.add(count);
        metrics::counter!(metric::WORKER_ITEMS_FETCHED).increment(as_u64(count));
    }

    pub(in crate::runtime) fn turns_fetched(&self, count: usize) {
        self.orch_dispatcher_items_fetched.add(count);
        metrics::counter!(metric::ORCHESTRATION_ITEMS_FETCHED).increment(as_u64(count));
    }
}

/// An activity was processed, from its fetch on.
pub(in crate::runtime) fn activity_processed(took: Duration) {
    metrics::histogram!(metric::WORKER_EXECUTION_DURATION).record(took.as_secs_f64() * 1000.0);
}

/// A turn was processed, from its fetch on.
pub(in crate::runtime) fn turn_processed(took: Duration) {
    let millis = took.as_secs_f64() * 1000.0;
    metrics::histogram!(metric::ORCHESTRATION_PROCESSING_DURATION).record(millis);
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Which retry this is, with an end: labels are bounded.
fn retry_attempt(attempt: u32) -> &'static str {
    match attempt {
        0 | 1 => "0",
        2 => "1",
        3 => "2",
        _ => "3+",
    }
}
