//! Killed with so many instances of three activities in flight, then started again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use duroxide::prelude::*;

use crate::report::{Report, millis};
use crate::victim::{self, Reopened};
use crate::workloads::Case;
use crate::workloads::programs::callers;
use crate::{Outcome, probe};

/// In the process that is killed the second activity of each instance never ends.
static HOLD: AtomicBool = AtomicBool::new(false);

#[activity]
async fn step(_ctx: &ActivityContext, number: u64) -> Result<u64, String> {
    if number == 1 && HOLD.load(Ordering::Relaxed) {
        probe::reach();
        return std::future::pending().await;
    }
    probe::moment();
    Ok(number)
}

#[orchestration]
async fn three_steps(ctx: &OrchestrationContext) -> Result<u64, String> {
    for number in 0..3 {
        step(ctx, number).await?;
    }
    Ok(3)
}

/// All instances are started and have come as far as they can: so many activities as may run at
/// once hang, all others wait in the queue.
pub(super) async fn fill(case: &Case, file: &Path) -> Outcome<()> {
    HOLD.store(true, Ordering::Relaxed);
    let store = case.setup.open(file)?;
    let options = RuntimeOptions::default();
    let at_once = options.worker_concurrency as u64;
    let running = case.setup.start_on(store, options).await?;
    let (client, count) = (running.client(), case.size);
    let one = move |number| {
        let start = three_steps::start(&client).id(format!("r-{number}"));
        async move {
            start.await?;
            Ok(())
        }
    };
    callers(256, move |number| number < count, one).await?;
    probe::until_reached(count.min(at_once)).await;
    match victim::wait_to_be_killed().await {}
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let file = case.setup.new_file()?;
    victim::fill_and_kill(case, file.path())?;
    let Reopened {
        running,
        begun,
        opened,
    } = victim::reopen(case, file).await?;
    let client = running.client();
    for number in 0..case.size {
        let handle = three_steps::handle(&client, format!("r-{number}"));
        handle.result().await?;
    }
    let took = begun.elapsed();
    let steps = probe::take_moments();
    let first: Instant = *steps.first().ok_or("no activity ran")?;
    let report = Report::new(case, steps.len() as u64, took)
        .counts(&running)
        .figure("open_ms", millis(opened))
        .figure(
            "first_progress_ms",
            millis((first - begun).saturating_sub(opened)),
        );
    running.stop().await;
    Ok(report)
}
