//! So many instances that wait: every second one for an event, the others for a timer far away.
//! Here they are there, the process is killed, and the store is opened again.

use std::path::Path;
use std::time::Duration;

use duroxide::prelude::*;

use crate::report::{Report, millis};
use crate::setup::Running;
use crate::victim::{self, Reopened};
use crate::workloads::Case;
use crate::workloads::programs::{callers, warm_up};
use crate::{Outcome, probe, system};

const FAR_AWAY: Duration = Duration::from_secs(365 * 24 * 3_600);

#[orchestration]
async fn waiting(ctx: &OrchestrationContext, for_event: bool) -> Result<String, String> {
    #[duroxide::allow(DX0401, reason = "the benchmark counts how many wait")]
    probe::reach();
    if for_event {
        return Ok(ctx.dequeue_event("go").await);
    }
    ctx.schedule_timer(FAR_AWAY).await;
    Ok("after a year".to_owned())
}

/// So many may be started and not run yet: what a flood of starts costs is another question, and
/// the memory for it does not all go back to the system.
const BEHIND: u64 = 1_000;

/// Starts them all; comes back when they wait.
pub(super) async fn start_all(running: &Running, count: u64) -> Outcome<()> {
    let client = running.client();
    let starting = client.clone();
    let one = move |number: u64| {
        let start = waiting::start(&starting, number.is_multiple_of(2)).id(format!("w-{number}"));
        async move {
            probe::until_reached(number.saturating_sub(BEHIND)).await;
            start.await?;
            Ok(())
        }
    };
    callers(256, move |number| number < count, one).await?;
    probe::until_reached(count).await;
    // What comes later is on disk later: so are the turns of all before it.
    warm_up(&client).await
}

pub(super) async fn fill(case: &Case, file: &Path) -> Outcome<()> {
    let running = case.setup.start_in(file).await?;
    start_all(&running, case.size).await?;
    match victim::wait_to_be_killed().await {}
}

pub(super) async fn reopen(case: &Case) -> Outcome<Report> {
    let file = case.setup.new_file()?;
    victim::fill_and_kill(case, file.path())?;
    let before = system::rss_mib();
    let Reopened {
        running,
        begun,
        opened,
    } = victim::reopen(case, file).await?;
    let after = system::rss_mib();
    let client = running.client();
    client.enqueue_event("w-0", "go", "well").await?;
    let answer = waiting::handle(&client, "w-0").result().await?;
    if answer != "well" {
        return Err(format!("the first instance answered `{answer}`").into());
    }
    let report = Report::new(case, 1, opened)
        .figure("open_ms", millis(opened))
        .figure("first_result_ms", millis(begun.elapsed()))
        .figure("rss_before_mib", before.unwrap_or_default())
        .figure("rss_mib", after.unwrap_or_default());
    running.stop().await;
    Ok(report)
}
