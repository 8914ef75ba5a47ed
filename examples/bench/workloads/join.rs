//! One orchestration that waits for so many activities at once; before it one that waits for a
//! tenth of them, to see how the time grows.

use std::time::Duration;

use duroxide::prelude::*;

use crate::report::Report;
use crate::workloads::Case;
use crate::workloads::programs::{echo_all, warm};
use crate::{Outcome, system};

#[orchestration]
async fn fan_in(ctx: &OrchestrationContext, count: u64) -> Result<u64, String> {
    echo_all(ctx, (0..count).map(|number| number.to_string()).collect()).await
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let tenth = timed(&client, case.size.div_ceil(10), "tenth").await?;
    running.reset_counts();
    let whole = timed(&client, case.size, "whole").await?;
    let times = whole.as_secs_f64() / tenth.as_secs_f64().max(1e-6);
    let report = Report::new(case, case.size, whole)
        .counts(&running)
        .figure("times_a_tenth", times);
    running.stop().await;
    Ok(report)
}

async fn timed(client: &Client, count: u64, id: &str) -> Outcome<Duration> {
    let begun = system::now();
    let outputs = fan_in::start(client, count).id(id).await?.result().await?;
    if outputs != count {
        return Err(format!("{outputs} of {count} activities came back").into());
    }
    Ok(begun.elapsed())
}
