//! How late timers are: from the moment when one is due to the moment when the code behind it runs.

use std::time::{Duration, UNIX_EPOCH};

use duroxide::prelude::*;

use crate::report::{Latencies, Report, millis};
use crate::workloads::Case;
use crate::workloads::programs::{callers, warm};
use crate::{Outcome, probe, system};

#[orchestration]
async fn wake_up(ctx: &OrchestrationContext, due_millis: u64) -> Result<(), String> {
    ctx.sleep_until(UNIX_EPOCH + Duration::from_millis(due_millis))
        .await;
    #[duroxide::allow(DX0401, reason = "the benchmark measures how late the timer is")]
    probe::happens(due_millis);
    Ok(())
}

/// One after the other over ten seconds.
pub(super) async fn paced(case: &Case) -> Outcome<Report> {
    let over = Duration::from_secs(case.seconds.min(10));
    run(case, over).await
}

/// All at once.
pub(super) async fn burst(case: &Case) -> Outcome<Report> {
    run(case, Duration::ZERO).await
}

async fn run(case: &Case, over: Duration) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let count = case.size;
    // All are set long before the first is due.
    let lead = Duration::from_millis(1_000 + count / 2);
    let first = (system::wall_micros() / 1_000).saturating_add(as_millis(lead));
    let due = move |number: u64| first + as_millis(over) * number / count.max(1);
    let starting = client.clone();
    let one = move |number| {
        let start = wake_up::start(&starting, due(number)).id(format!("timer-{number}"));
        async move {
            start.await?;
            Ok(())
        }
    };
    callers(256, move |number| number < count, one).await?;
    let in_time = system::wall_micros() / 1_000 < first;
    if !in_time {
        return Err("setting the timers took longer than they were to wait".into());
    }
    running.reset_counts();
    let begun = system::now();
    for number in 0..count {
        let handle = wake_up::handle(&client, format!("timer-{number}"));
        handle.result().await?;
    }
    let ended = system::wall_micros() / 1_000;
    let report = Report::new(case, count, begun.elapsed())
        .latencies(&Latencies::of(probe::take_lateness())?)
        .counts(&running)
        .figure(
            "all_done_ms",
            millis(Duration::from_millis(
                ended.saturating_sub(due(count.saturating_sub(1))),
            )),
        );
    running.stop().await;
    Ok(report)
}

fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
