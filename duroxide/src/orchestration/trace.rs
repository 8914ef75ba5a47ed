//! Log lines of orchestrations: written when the code first gets there, and not again on replay.

use crate::orchestration::OrchestrationContext;

macro_rules! levels {
    ($($method:ident, $macro:ident, $level:literal;)*) => {
        impl OrchestrationContext {$(
            #[doc = concat!("Logs `message` at the level ", $level, ", once: not on replay.")]
            ///
            /// With the target `duroxide::orchestration` and the instance's ids as fields. A turn
            /// whose commit failed runs again and logs again. [`is_logging_enabled`] tells whether a
            /// message is worth making.
            ///
            /// [`is_logging_enabled`]: OrchestrationContext::is_logging_enabled
            ///
            /// ```
            /// # use duroxide::OrchestrationContext;
            /// async fn ship(ctx: OrchestrationContext, id: String) -> Result<String, String> {
            #[doc = concat!("    ctx.", stringify!($method), "(format!(\"{id} is on its way\"));")]
            ///     ctx.schedule_activity("ship", id).await
            /// }
            /// ```
            pub fn $method(&self, message: impl Into<String>) {
                if self.is_logging_enabled() {
                    tracing::$macro!(
                        target: "duroxide::orchestration",
                        instance_id = self.instance_id(),
                        execution_id = self.execution_id(),
                        orchestration_name = self.orchestration_name(),
                        orchestration_version = self.orchestration_version(),
                        "{}",
                        message.into()
                    );
                }
            }
        )*}
    };
}

levels! {
    trace_error, error, "error";
    trace_warn, warn, "warn";
    trace_info, info, "info";
    trace_debug, debug, "debug";
}

impl OrchestrationContext {
    /// Logs `message` at a level that is told by its name: `error`, `warn`, `info` or `debug`, in any
    /// case. Under another name it is written at the level info.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn ship(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     ctx.trace("warn", format!("{id} is late"));
    ///     ctx.schedule_activity("ship", id).await
    /// }
    /// ```
    pub fn trace(&self, level: impl Into<String>, message: impl Into<String>) {
        match level.into().to_ascii_lowercase().as_str() {
            "error" => self.trace_error(message),
            "warn" | "warning" => self.trace_warn(message),
            "debug" | "trace" => self.trace_debug(message),
            _ => self.trace_info(message),
        }
    }

    /// Whether log lines are written at the moment: not while the code runs from history.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn sum(ctx: OrchestrationContext, numbers: String) -> Result<String, String> {
    ///     if ctx.is_logging_enabled() {
    ///         let all: Vec<&str> = numbers.split(',').collect(); // only for the log
    ///         ctx.trace_debug(format!("{} numbers", all.len()));
    ///     }
    ///     ctx.schedule_activity("sum", numbers).await
    /// }
    /// ```
    pub fn is_logging_enabled(&self) -> bool {
        !self.is_replaying()
    }
}
