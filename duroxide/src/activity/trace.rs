//! Log lines of activities, with the ids of the call.

use crate::activity::ActivityContext;

macro_rules! levels {
    ($($method:ident, $macro:ident, $level:literal;)*) => {
        impl ActivityContext {$(
            #[doc = concat!("Logs `message` at the level ", $level, ".")]
            ///
            /// With the target `duroxide::activity` and the ids of the call as fields.
            ///
            /// ```
            /// # use duroxide::ActivityContext;
            /// # let ctx = ActivityContext::for_test();
            #[doc = concat!("ctx.", stringify!($method), "(format!(\"delivery {}\", ctx.delivery()));")]
            /// ```
            pub fn $method(&self, message: impl Into<String>) {
                tracing::$macro!(
                    target: "duroxide::activity",
                    instance_id = self.instance_id(),
                    execution_id = self.execution_id(),
                    orchestration_name = self.orchestration_name(),
                    orchestration_version = self.orchestration_version(),
                    activity_name = self.activity_name(),
                    activity_id = self.activity_id(),
                    worker_id = self.worker_id(),
                    activity_tag = self.tag(),
                    "{}",
                    message.into()
                );
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

impl ActivityContext {
    /// Whether log lines are written: always. The counterpart of the orchestration's.
    #[doc(hidden)]
    pub fn is_logging_enabled(&self) -> bool {
        true
    }
}
