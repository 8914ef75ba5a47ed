//! One instance that continues as new, with one activity in each generation; the last two generations
//! are kept.

use duroxide::prelude::*;

use crate::report::{Report, mib};
use crate::workloads::Case;
use crate::workloads::programs::warm_up;
use crate::{Outcome, probe, system};

#[activity]
async fn live(_ctx: &ActivityContext, generation: u64) -> Result<u64, String> {
    probe::reach();
    Ok(generation)
}

#[orchestration]
async fn generations(
    ctx: &OrchestrationContext,
    generation: u64,
    last: u64,
) -> Result<u64, String> {
    live(ctx, generation).await?;
    if generation == last {
        return Ok(generation);
    }
    generations::continue_as_new(ctx, generation + 1, last).await
}

/// What there is at one moment. Growth is from a tenth of the generations to all of them.
struct Sample {
    rss_mib: f64,
    file_mib: f64,
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let running = case.setup.start_with(RuntimeOptions {
        keep_executions: Some(2),
        ..RuntimeOptions::default()
    });
    let running = running.await?;
    let client = running.client();
    warm_up(&client).await?;
    running.reset_counts();
    let sample = || Sample {
        rss_mib: system::rss_mib().unwrap_or_default(),
        file_mib: mib(running.file_bytes()),
    };
    let begun = system::now();
    let handle = generations::start(&client, 1, case.size).id("one").await?;
    probe::until_reached(case.size.div_ceil(10)).await;
    let early = sample();
    handle.result().await?;
    let took = begun.elapsed();
    let late = sample();
    let report = Report::new(case, case.size, took)
        .counts(&running)
        .figure("rss_mib", late.rss_mib)
        .figure("rss_growth_mib", late.rss_mib - early.rss_mib)
        .figure("file_growth", late.file_mib / early.file_mib.max(0.001));
    running.stop().await;
    Ok(report)
}
