//! One orchestration, activity after activity. The latencies are those of single steps: from one
//! run of the activity to the next.

use std::time::{Duration, Instant};

use duroxide::prelude::*;

use crate::report::{Latencies, Report};
use crate::workloads::Case;
use crate::workloads::programs::warm;
use crate::{Outcome, probe, system};

#[activity]
async fn tick(_ctx: &ActivityContext, number: u64) -> Result<u64, String> {
    probe::moment();
    Ok(number)
}

#[orchestration]
async fn ticks(ctx: &OrchestrationContext, count: u64) -> Result<u64, String> {
    for number in 0..count {
        tick(ctx, number).await?;
    }
    Ok(count)
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let begun = system::now();
    let handle = ticks::start(&client, case.size).id("chain").await?;
    handle.result().await?;
    let took = begun.elapsed();
    let steps = intervals(&probe::take_moments());
    let report = Report::new(case, case.size, took)
        .latencies(&Latencies::of(steps.iter().copied())?)
        .counts(&running)
        .figure("ms_per_step", ms_per_step(took, case.size))
        .figure("late_over_early", late_over_early(&steps)?);
    running.stop().await;
    Ok(report)
}

fn intervals(moments: &[Instant]) -> Vec<Duration> {
    let later = moments.iter().skip(1);
    let pairs = moments.iter().zip(later);
    pairs.map(|(earlier, later)| *later - *earlier).collect()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn ms_per_step(took: Duration, steps: u64) -> f64 {
    took.as_secs_f64() * 1_000.0 / steps.max(1) as f64
}

/// The median step of the last hundred against that of the first.
fn late_over_early(steps: &[Duration]) -> Outcome<f64> {
    let part = (steps.len() / 2).min(100);
    let early = Latencies::of(steps.iter().take(part).copied())?;
    let late = Latencies::of(steps.iter().rev().take(part).copied())?;
    Ok(late.millis(0.5) / early.millis(0.5).max(0.001))
}
