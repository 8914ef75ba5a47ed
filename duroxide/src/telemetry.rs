//! The logging macros of both contexts. The message is made only if it is written.

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
#[macro_export]
macro_rules! trace_warn {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_warn(::std::format!($($message)+));
        }
    };
}

/// Logs at the level info, as [`trace_error!`].
#[macro_export]
macro_rules! trace_info {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_info(::std::format!($($message)+));
        }
    };
}

/// Logs at the level debug, as [`trace_error!`].
#[macro_export]
macro_rules! trace_debug {
    ($ctx:expr, $($message:tt)+) => {
        if $ctx.is_logging_enabled() {
            $ctx.trace_debug(::std::format!($($message)+));
        }
    };
}
