//! Killed over so many MiB of payloads in histories, with work in flight, then opened again. What is
//! measured is the opening.

use std::convert::Infallible;
use std::path::Path;

use duroxide::prelude::*;

use crate::report::{Report, millis};
use crate::victim::{self, Reopened};
use crate::workloads::Case;
use crate::workloads::programs::{callers, echo_all, one_step};
use crate::{Outcome, probe};

const PAYLOAD: u64 = 1 << 10;
/// Five inputs and five results.
const PAYLOADS: u64 = 10;
const IN_FLIGHT: u64 = 200;

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
    victim::fill_and_kill(case, file.path())?;
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
        .figure("open_ms", millis(opened))
        .figure("first_result_ms", millis(begun.elapsed()));
    running.stop().await;
    Ok(report)
}
