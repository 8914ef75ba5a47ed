//! What a runtime says about itself.

use std::time::Duration;

/// What log lines and gauges say about a runtime.
///
/// The library logs through `tracing` and counts through `metrics`, and installs neither a
/// subscriber nor a recorder: a process has one of each, and it belongs to the program. The page
/// `docs/observability.md` has the targets, the fields and the names.
///
/// ```
/// use duroxide::RuntimeOptions;
/// use duroxide::runtime::ObservabilityConfig;
///
/// let observability = ObservabilityConfig {
///     service_name: "shop".to_owned(),
///     ..ObservabilityConfig::default()
/// };
/// let options = RuntimeOptions { observability, ..RuntimeOptions::default() };
/// assert!(options.problems().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct ObservabilityConfig {
    /// How the program writes its lines. No effect here: it is the program's subscriber that does.
    pub log_format: LogFormat,
    /// The level for what orchestrations and activities log; see [`filter`](Self::filter). Default
    /// `info`.
    pub log_level: String,
    /// What the start-up line calls the service. Default `duroxide`.
    pub service_name: String,
    /// The version of the service, for the same line. Default: none.
    pub service_version: Option<String>,
    /// How often the gauges (running orchestrations, queue depths) are asked of the store. Default
    /// 60 s; 0: never, for stores where that is dear. What is counted is never late.
    pub gauge_poll_interval: Duration,
}

/// How a program writes its log lines.
///
/// ```
/// use duroxide::runtime::{LogFormat, ObservabilityConfig};
///
/// let config = ObservabilityConfig { log_format: LogFormat::Json, ..Default::default() };
/// assert_ne!(config.log_format, LogFormat::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// One JSON object for each line.
    Json,
    /// For people, with colours and room.
    #[default]
    Pretty,
    /// For people, short.
    Compact,
}

impl Default for ObservabilityConfig {
    fn default() -> Self {
        Self {
            log_format: LogFormat::default(),
            log_level: "info".to_owned(),
            service_name: "duroxide".to_owned(),
            service_version: None,
            gauge_poll_interval: Duration::from_secs(60),
        }
    }
}

impl ObservabilityConfig {
    /// A filter for a subscriber of the program, in the form that `RUST_LOG` has: warnings of
    /// everybody, and what orchestrations and activities log from `log_level` on.
    ///
    /// ```
    /// let config = duroxide::runtime::ObservabilityConfig::default();
    /// let filter = "warn,duroxide::orchestration=info,duroxide::activity=info";
    /// assert_eq!(config.filter(), filter);
    /// ```
    pub fn filter(&self) -> String {
        let level = &self.log_level;
        format!("warn,duroxide::orchestration={level},duroxide::activity={level}")
    }
}
