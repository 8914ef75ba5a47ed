//! Nothing happens to so many waiting instances: what they cost.

use std::time::Duration;

use crate::report::Report;
use crate::workloads::{Case, waiting};
use crate::{Outcome, system};

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let running = case.setup.start().await?;
    waiting::start_all(&running, case.size).await?;
    let quiet = Duration::from_secs(case.seconds.clamp(1, 10));
    // What was left to do is done.
    tokio::time::sleep(quiet / 4).await;
    running.reset_counts();
    let (begun, before) = (system::now(), system::processor_time());
    tokio::time::sleep(quiet).await;
    let (took, after) = (begun.elapsed(), system::processor_time());
    let used = after.zip(before);
    let used = used.map_or(Duration::ZERO, |(after, before)| {
        after.saturating_sub(before)
    });
    let report = Report::new(case, 0, took)
        .counts(&running)
        .figure("rss_mib", system::rss_mib().unwrap_or_default())
        .figure(
            "cpu_percent",
            100.0 * used.as_secs_f64() / took.as_secs_f64(),
        );
    running.stop().await;
    Ok(report)
}
