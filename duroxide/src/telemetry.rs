//! What a program sees of us from outside: the names of metrics, and the logging macros of both
//! contexts. The page `docs/observability.md` explains them.

/// The names of all metrics, as the `metrics` facade gets them.
///
/// Labels are bounded: names of handlers, versions, tags, and words from fixed lists. No id and no
/// payload is ever one.
///
/// ```
/// use duroxide::telemetry::metric;
///
/// /// Whether somebody has to look at once.
/// fn is_alarming(name: &str) -> bool {
///     [metric::ORCHESTRATION_POISON, metric::ACTIVITY_POISON].contains(&name)
/// }
/// assert!(is_alarming("duroxide_activity_poison_total"));
/// ```
pub mod metric {
    macro_rules! names {
        ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {$(
            $(#[$doc])*
            pub const $constant: &str = concat!("duroxide_", $name);
        )*};
    }

    names! {
        /// Counter: executions that began. Labels `orchestration_name`, `version`, `initiated_by`
        /// (`client`, `parent`, `continueAsNew`; a detached start counts as a client's).
        ORCHESTRATION_STARTS = "orchestration_starts_total";
        /// Counter: executions that ended. Labels `orchestration_name`, `version`, `status`
        /// (`success`, `failed`, `continuedAsNew`), `final_turn_count` (`1-5`, `6-10`, `11-50`, `50+`).
        ORCHESTRATION_COMPLETIONS = "orchestration_completions_total";
        /// Counter: executions that failed. Labels `orchestration_name`, `version`, `error_type`
        /// (`app_error`, `infrastructure_error`, `config_error`, `poison`), `error_category`.
        ORCHESTRATION_FAILURES = "orchestration_failures_total";
        /// Counter: of these, the failures that the operator must act on. Labels
        /// `orchestration_name`, `error_category`.
        ORCHESTRATION_INFRASTRUCTURE_ERRORS = "orchestration_infrastructure_errors_total";
        /// Counter: of these, the failures that whoever deploys must act on. Labels as above.
        ORCHESTRATION_CONFIGURATION_ERRORS = "orchestration_configuration_errors_total";
        /// Counter: instances that ended because a message never got through.
        ORCHESTRATION_POISON = "orchestration_poison_total";
        /// Histogram, seconds: from the first event of an execution to its last. Labels
        /// `orchestration_name`, `version`, `status`.
        ORCHESTRATION_DURATION = "orchestration_duration_seconds";
        /// Histogram: the messages that an ended execution took in, however they were cut into
        /// turns. Label `orchestration_name`.
        ORCHESTRATION_TURNS = "orchestration_turns";
        /// Histogram: the events of an ended execution. Label `orchestration_name`.
        ORCHESTRATION_HISTORY_SIZE = "orchestration_history_size";
        /// Counter: executions that handed over to the next. Label `orchestration_name`.
        ORCHESTRATION_CONTINUE_AS_NEW = "orchestration_continue_as_new_total";
        /// Gauge: instances of the store that have not ended.
        ACTIVE_ORCHESTRATIONS = "active_orchestrations";
        /// Gauge: messages in the inboxes of the store.
        ORCHESTRATOR_QUEUE_DEPTH = "orchestrator_queue_depth";
        /// Gauge: activities in the queue of the store, those that run included.
        WORKER_QUEUE_DEPTH = "worker_queue_depth";
        /// Counter: activities that ran. Labels `activity_name`, `outcome` (`success`, `app_error`,
        /// `infra_error`, `config_error`, `cancelled`), `retry_attempt` (`0`, `1`, `2`, `3+`), `tag`
        /// (`default` if there is none).
        ACTIVITY_EXECUTIONS = "activity_executions_total";
        /// Histogram, seconds: how long they ran. Labels `activity_name`, `outcome`, `tag`.
        ACTIVITY_DURATION = "activity_duration_seconds";
        /// Counter: of these, the failures that the operator must act on. Label `activity_name`.
        ACTIVITY_INFRASTRUCTURE_ERRORS = "activity_infrastructure_errors_total";
        /// Counter: of these, the failures that whoever deploys must act on. Label `activity_name`.
        ACTIVITY_CONFIGURATION_ERRORS = "activity_configuration_errors_total";
        /// Counter: activities that were delivered too often and never came back, or cannot be read.
        ACTIVITY_POISON = "activity_poison_total";
        /// Counter: calls of sub-orchestrations that came back or were given up. Labels
        /// `parent_orchestration`, `child_orchestration`, `outcome` (`success`, `failed`,
        /// `cancelled`).
        SUBORCHESTRATION_CALLS = "suborchestration_calls_total";
        /// Histogram, seconds: from the call to its end. Labels as above.
        SUBORCHESTRATION_DURATION = "suborchestration_duration_seconds";
        /// Histogram, seconds: calls of the store. Labels `operation`, `status` (`success`,
        /// `error`, `lock_lost`). Fetching parks and is left out.
        PROVIDER_OPERATION_DURATION = "provider_operation_duration_seconds";
        /// Counter: calls of the store that failed. Labels `operation`, `error_type` (`unavailable`,
        /// `corrupt`, `refused`, `other`). A lost lock is no failure of the store.
        PROVIDER_ERRORS = "provider_errors_total";
        /// Counter: turns that this runtime took from the store.
        ORCHESTRATION_ITEMS_FETCHED = "orchestration_dispatcher_items_fetched";
        /// Histogram, milliseconds: from there to the commit.
        ORCHESTRATION_PROCESSING_DURATION = "orchestration_dispatcher_processing_duration_ms";
        /// Counter: activities that this runtime took from the store.
        WORKER_ITEMS_FETCHED = "worker_dispatcher_items_fetched";
        /// Histogram, milliseconds: from there to the commit of the result.
        WORKER_EXECUTION_DURATION = "worker_dispatcher_execution_duration_ms";
    }
}

/// Logs at the level error, with a message as in `format!`; in an orchestration once, not on replay.
///
/// ```
/// use duroxide::{ActivityContext, trace_error};
///
/// let ctx = ActivityContext::for_test();
/// trace_error!(ctx, "gave up after {} tries", 3);
/// ```
#[macro_export]
macro_rules! trace_error {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_error(::std::format!($($message)+));
        }
    };
}

/// Logs at the level warn, as [`trace_error!`].
///
/// ```
/// use duroxide::{ActivityContext, trace_warn};
///
/// async fn fetch(ctx: ActivityContext, url: String) -> Result<String, String> {
///     trace_warn!(ctx, "{url} is slow today");
///     Ok(url)
/// }
/// ```
#[macro_export]
macro_rules! trace_warn {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_warn(::std::format!($($message)+));
        }
    };
}

/// Logs at the level info, as [`trace_error!`].
///
/// ```
/// use duroxide::prelude::*;
///
/// #[orchestration]
/// async fn greet(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
///     trace_info!(ctx, "greeting {name}"); // one line, however often this is replayed
///     Ok(format!("Hello, {name}!"))
/// }
/// ```
#[macro_export]
macro_rules! trace_info {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_info(::std::format!($($message)+));
        }
    };
}

/// Logs at the level debug, as [`trace_error!`].
///
/// ```
/// use duroxide::{OrchestrationContext, trace_debug};
///
/// async fn count(ctx: OrchestrationContext, items: String) -> Result<String, String> {
///     let count = items.split(',').count();
///     trace_debug!(ctx, "{count} items");
///     Ok(count.to_string())
/// }
/// ```
#[macro_export]
macro_rules! trace_debug {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_debug(::std::format!($($message)+));
        }
    };
}
