//! So many orchestrations in flight, five parallel activities each.

use std::time::Duration;

use duroxide::prelude::*;

use crate::report::{Latencies, Report};
use crate::workloads::Case;
use crate::workloads::programs::{callers, echo_all, warm};
use crate::{Outcome, system};

/// The activities of one orchestration.
pub(super) const WIDTH: u64 = 5;

#[orchestration]
pub(super) async fn five_at_once(ctx: &OrchestrationContext, text: String) -> Result<u64, String> {
    let texts = (0..WIDTH).map(|number| format!("{text} {number}"));
    echo_all(ctx, texts.collect()).await
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let begun = system::now();
    let end = begun + Duration::from_secs(case.seconds);
    let one = move |number| {
        let start = five_at_once::start(&client, "fan".to_owned()).id(format!("fan-{number}"));
        async move {
            start.await?.result().await?;
            Ok(())
        }
    };
    let times = callers(case.size, move |_number| system::now() < end, one).await?;
    let took = begun.elapsed();
    let report = Report::new(case, WIDTH * times.len() as u64, took)
        .latencies(&Latencies::of(times)?)
        .counts(&running);
    running.stop().await;
    Ok(report)
}
