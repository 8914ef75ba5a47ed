//! Start to result of one activity, one after the other.

use crate::report::{Latencies, Report};
use crate::workloads::Case;
use crate::workloads::programs::{one_step, warm};
use crate::{Outcome, system};

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (running, client) = warm(case).await?;
    let mut times = Vec::new();
    let begun = system::now();
    for number in 0..case.size {
        let one = system::now();
        let start = one_step::start(&client, "Rust".to_owned()).id(format!("hello-{number}"));
        start.await?.result().await?;
        times.push(one.elapsed());
    }
    let took = begun.elapsed();
    let report = Report::new(case, case.size, took)
        .latencies(&Latencies::of(times)?)
        .counts(&running);
    running.stop().await;
    Ok(report)
}
