//! What a turn adds to what is counted.

use std::time::Duration;

use crate::history::{AppErrorKind, ConfigErrorKind, ErrorDetails, PoisonMessageType};
use crate::provider::{TurnCommit, TurnItem, TurnOutcome};
use crate::runtime::metering::life::ChildEnd;
use crate::runtime::metering::{Life, Meters};
use crate::telemetry::metric;

/// The facts of one turn, to be counted when it is durable.
#[derive(Debug)]
pub(in crate::runtime) struct Facts {
    orchestration: String,
    version: String,
    initiated_by: Option<&'static str>,
    children: Vec<ChildEnd>,
    end: Option<End>,
}

#[derive(Debug)]
struct End {
    how: How,
    duration: Duration,
    messages: u64,
    events: u64,
}

#[derive(Debug)]
enum How {
    Completed,
    Failed(ErrorDetails),
    ContinuedAsNew,
}

impl Facts {
    /// Reads them from the commit, and brings `life` to its end.
    pub(in crate::runtime) fn of(item: &TurnItem, commit: &TurnCommit, life: &mut Life) -> Self {
        let delta = &commit.history_delta;
        let children = delta.iter().filter_map(|event| life.take_in(event));
        let children = children.collect();
        let how = match &commit.outcome {
            TurnOutcome::Running => None,
            TurnOutcome::Completed { .. } => Some(How::Completed),
            TurnOutcome::Failed { details } => Some(How::Failed(details.clone())),
            TurnOutcome::ContinuedAsNew { .. } => Some(How::ContinuedAsNew),
        };
        let end = how.zip(delta.last()).map(|(how, last)| End {
            how,
            duration: last.timestamp.since(life.began.unwrap_or(last.timestamp)),
            messages: life.messages,
            events: last.event_id.0,
        });
        let version = commit.pinned_version().or(item.version.as_deref());
        Self {
            orchestration: item.orchestration.clone(),
            version: version.unwrap_or_default().to_owned(),
            initiated_by: initiated_by(item, commit),
            children,
            end,
        }
    }

    /// How the execution ended and how long it took, for the log.
    pub(in crate::runtime) fn end(&self) -> Option<(&'static str, Duration)> {
        self.end
            .as_ref()
            .map(|end| (end.how.status(), end.duration))
    }
}

/// Who asked for an execution that begins with this turn.
fn initiated_by(item: &TurnItem, commit: &TurnCommit) -> Option<&'static str> {
    commit.pinned_version()?;
    let is_first = item.execution_id == crate::history::ExecutionId::FIRST;
    Some(match &item.parent {
        _ if !is_first => "continueAsNew",
        Some(_) => "parent",
        None => "client",
    })
}

impl How {
    fn status(&self) -> &'static str {
        match self {
            Self::Completed => "success",
            Self::Failed(_) => "failed",
            Self::ContinuedAsNew => "continuedAsNew",
        }
    }
}

impl Meters {
    /// The turn is durable.
    pub(in crate::runtime) fn turn(&self, facts: Facts) {
        let Facts {
            orchestration,
            version,
            initiated_by,
            children,
            end,
        } = facts;
        if let Some(initiated_by) = initiated_by {
            self.orch_starts.one();
            metrics::counter!(
                metric::ORCHESTRATION_STARTS,
                "orchestration_name" => orchestration.clone(),
                "version" => version.clone(),
                "initiated_by" => initiated_by
            )
            .increment(1);
        }
        for child in children {
            self.child(&orchestration, child);
        }
        if let Some(end) = end {
            self.end(&orchestration, &version, &end);
        }
    }

    /// A message of an instance never got through.
    pub(in crate::runtime) fn poisoned(&self) {
        self.orch_poison.one();
        metrics::counter!(metric::ORCHESTRATION_POISON).increment(1);
    }

    fn child(&self, parent: &str, child: ChildEnd) {
        self.suborchestration_calls.one();
        let labels = [
            ("parent_orchestration", parent.to_owned()),
            ("child_orchestration", child.orchestration),
            ("outcome", child.outcome.to_owned()),
        ];
        metrics::counter!(metric::SUBORCHESTRATION_CALLS, &labels).increment(1);
        metrics::histogram!(metric::SUBORCHESTRATION_DURATION, &labels)
            .record(child.duration.as_secs_f64());
    }

    fn end(&self, orchestration: &str, version: &str, end: &End) {
        let name = || orchestration.to_owned();
        let status = end.how.status();
        metrics::counter!(
            metric::ORCHESTRATION_COMPLETIONS,
            "orchestration_name" => name(),
            "version" => version.to_owned(),
            "status" => status,
            "final_turn_count" => turn_count(end.messages)
        )
        .increment(1);
        metrics::histogram!(
            metric::ORCHESTRATION_DURATION,
            "orchestration_name" => name(),
            "version" => version.to_owned(),
            "status" => status
        )
        .record(end.duration.as_secs_f64());
        for (metric, value) in [
            (metric::ORCHESTRATION_TURNS, end.messages),
            (metric::ORCHESTRATION_HISTORY_SIZE, end.events),
        ] {
            #[expect(
                clippy::cast_precision_loss,
                reason = "histories have far less than 2^52 events"
            )]
            metrics::histogram!(metric, "orchestration_name" => name()).record(value as f64);
        }
        match &end.how {
            How::Completed => self.orch_completions.one(),
            How::ContinuedAsNew => {
                self.orch_continue_as_new.one();
                metrics::counter!(
                    metric::ORCHESTRATION_CONTINUE_AS_NEW,
                    "orchestration_name" => name()
                )
                .increment(1);
            }
            How::Failed(details) => self.failure(orchestration, version, details),
        }
    }

    fn failure(&self, orchestration: &str, version: &str, details: &ErrorDetails) {
        self.orch_failures.one();
        let (error_type, by_itself) = match details {
            ErrorDetails::Application { .. } => {
                self.orch_application_errors.one();
                ("app_error", None)
            }
            ErrorDetails::Infrastructure { .. } => {
                self.orch_infrastructure_errors.one();
                let metric = metric::ORCHESTRATION_INFRASTRUCTURE_ERRORS;
                ("infrastructure_error", Some(metric))
            }
            ErrorDetails::Configuration { .. } => {
                self.orch_configuration_errors.one();
                let metric = metric::ORCHESTRATION_CONFIGURATION_ERRORS;
                ("config_error", Some(metric))
            }
            ErrorDetails::Poison { .. } => ("poison", None),
        };
        let category = error_category(details);
        metrics::counter!(
            metric::ORCHESTRATION_FAILURES,
            "orchestration_name" => orchestration.to_owned(),
            "version" => version.to_owned(),
            "error_type" => error_type,
            "error_category" => category
        )
        .increment(1);
        if let Some(metric) = by_itself {
            metrics::counter!(
                metric,
                "orchestration_name" => orchestration.to_owned(),
                "error_category" => category
            )
            .increment(1);
        }
    }
}

/// What kind of failure it is, in a word from a fixed list.
pub(in crate::runtime) fn error_category(details: &ErrorDetails) -> &'static str {
    match details {
        ErrorDetails::Infrastructure {
            retryable: true, ..
        } => "retryable",
        ErrorDetails::Infrastructure { .. } => "permanent",
        ErrorDetails::Configuration {
            kind: ConfigErrorKind::Nondeterminism,
            ..
        } => "nondeterminism",
        ErrorDetails::Application { kind, .. } => match kind {
            AppErrorKind::ActivityFailed => "activity_failed",
            AppErrorKind::OrchestrationFailed => "orchestration_failed",
            AppErrorKind::Panicked => "panicked",
            AppErrorKind::Rejected => "rejected",
            AppErrorKind::Cancelled { .. } => "cancelled",
        },
        ErrorDetails::Poison { message_type, .. } => match message_type {
            PoisonMessageType::Orchestration { .. } => "orchestration",
            PoisonMessageType::Activity { .. } => "activity",
            PoisonMessageType::FailedDeserialization { .. } => "failed_deserialization",
        },
    }
}

fn turn_count(messages: u64) -> &'static str {
    match messages {
        0..=5 => "1-5",
        6..=10 => "6-10",
        11..=50 => "11-50",
        _ => "50+",
    }
}
