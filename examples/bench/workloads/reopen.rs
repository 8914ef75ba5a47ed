//! Killed over so many MiB of payloads in histories, with work in flight, then opened again. What is
//! measured is the opening, and what a step costs in a file of that size.

use std::convert::Infallible;
use std::path::Path;

use duroxide::prelude::*;

use crate::report::{Latencies, Report, mib, millis};
use crate::setup::Running;
use crate::victim::{self, Reopened};
use crate::workloads::Case;
use crate::workloads::programs::{callers, echo_all, one_step};
use crate::{Outcome, probe, system};

const PAYLOAD: u64 = 1 << 10;
/// Five inputs and five results.
const PAYLOADS: u64 = 10;
const IN_FLIGHT: u64 = 200;
/// Small instances behind the opening: first such as the work in flight ends with, then those that count.
const BEFORE: u64 = 300;
const STEPS: u64 = 500;

#[orchestration]
async fn padded(ctx: &OrchestrationContext) -> Result<u64, String> {
    let text = "x".repeat(usize::try_from(PAYLOAD).unwrap_or_default());
    let count = usize::try_from(PAYLOADS / 2).unwrap_or_default();
    echo_all(ctx, vec![text; count]).await
}

fn instances(case: &Case) -> u64 {
    (case.size << 20).div_ceil(PAYLOAD * PAYLOADS)
}

pub(super) async fn fill(case: &Case, file: &Path) -> Outcome<()> {
    let running = case.setup.start_in(file).await?;
    let client = running.client();
    let one = move |number| {
        let start = padded::start(&client).id(format!("p-{number}"));
        async move {
            start.await?.result().await?;
            probe::reach();
            Ok(())
        }
    };
    // They go on while the process is killed.
    let work = tokio::spawn(callers(IN_FLIGHT, |_number| true, one));
    tokio::select! {
        ended = work => Err(format!("the work came to an end: {:?}", ended?.err()).into()),
        never = until_killed(instances(case)) => match never {},
    }
}

async fn until_killed(instances: u64) -> Infallible {
    probe::until_reached(instances).await;
    victim::wait_to_be_killed().await
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let file = case.setup.new_file()?;
    let filling = system::now();
    victim::fill_and_kill(case, file.path())?;
    let filled = filling.elapsed();
    let file_bytes = file.bytes();
    let Reopened {
        running,
        begun,
        opened,
    } = victim::reopen(case, file).await?;
    let start = one_step::start(&running.client(), "new".to_owned());
    start.id("first-after-the-kill").await?.result().await?;
    // Steps are openings; the work in flight goes on meanwhile.
    let report = Report::new(case, 1, opened)
        .file(file_bytes)
        .figure("fill_s", filled.as_secs_f64())
        .figure("open_ms", millis(opened))
        .figure("first_result_ms", millis(begun.elapsed()));
    let report = one_after_the_other(&running, report).await?;
    running.stop().await;
    Ok(report)
}

/// One caller, who waits for the end of each small instance: two groups for each of them.
async fn one_after_the_other(running: &Running, report: Report) -> Outcome<Report> {
    let client = running.client();
    let mut times = Vec::new();
    for number in 0..BEFORE + STEPS {
        if number == BEFORE {
            running.reset_counts();
            times.clear();
        }
        let one = system::now();
        let start = one_step::start(&client, "again".to_owned()).id(format!("again-{number}"));
        start.await?.result().await?;
        times.push(one.elapsed());
    }
    let written = running.counts().io.bytes_written;
    let times = Latencies::of(times)?;
    Ok(report
        .figure("hello_p50_ms", times.millis(0.5))
        .figure("hello_p99_ms", times.millis(0.99))
        .figure("hello_kib", mib(written / STEPS) * 1_024.0))
}
