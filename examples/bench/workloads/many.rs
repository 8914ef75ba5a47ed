//! So many instances with one activity each, all started at once.

use crate::report::{Latencies, Report};
use crate::workloads::Case;
use crate::workloads::programs::{callers, one_step, warm};
use crate::{Outcome, system};

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let count = case.size;
    let begun = system::now();
    let one = move |number| {
        let start = one_step::start(&client, "one".to_owned()).id(format!("many-{number}"));
        async move {
            start.await?.result().await?;
            Ok(())
        }
    };
    let times = callers(count, move |number| number < count, one).await?;
    let took = begun.elapsed();
    let report = Report::new(case, times.len() as u64, took)
        .latencies(&Latencies::of(times)?)
        .counts(&running);
    running.stop().await;
    Ok(report)
}
