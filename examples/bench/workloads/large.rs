//! So many activities at once with a MiB in and a MiB out.

use duroxide::prelude::*;

use crate::report::{Latencies, Report, mib};
use crate::workloads::Case;
use crate::workloads::programs::{callers, echo, warm};
use crate::{Outcome, system};

/// As much as one payload may have, with room for its quotes.
const BYTES: usize = (1 << 20) - 2;
/// Each caller's activities.
const ROUNDS: u64 = 4;

#[orchestration]
async fn carry(ctx: &OrchestrationContext, bytes: usize) -> Result<usize, String> {
    let text = echo(ctx, "x".repeat(bytes)).await?;
    Ok(text.len())
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let before = system::rss_mib().unwrap_or_default();
    let count = case.size * ROUNDS;
    let begun = system::now();
    let one = move |number| {
        let start = carry::start(&client, BYTES).id(format!("large-{number}"));
        async move {
            let bytes = start.await?.result().await?;
            let problem = || format!("{bytes} of {BYTES} bytes came back").into();
            (bytes == BYTES).then_some(()).ok_or_else(problem)
        }
    };
    let times = callers(case.size, move |number| number < count, one).await?;
    let took = begun.elapsed();
    let there_and_back = 2 * BYTES as u64;
    let written = running.counts().io.bytes_written;
    let peak = system::peak_rss_mib().unwrap_or_default();
    let in_flight = mib(case.size * there_and_back);
    let report = Report::new(case, count, took)
        .latencies(&Latencies::of(times)?)
        .counts(&running)
        .figure(
            "mib_per_second",
            mib(count * there_and_back) / took.as_secs_f64(),
        )
        .figure("written_mib_per_second", mib(written) / took.as_secs_f64())
        .figure("in_flight_mib", in_flight)
        .figure("memory_over_in_flight", (peak - before) / in_flight);
    running.stop().await;
    Ok(report)
}
