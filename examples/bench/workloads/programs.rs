//! What several workloads run, and how they run many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duroxide::prelude::*;
use tokio::task::JoinSet;

use crate::setup::Running;
use crate::workloads::Case;
use crate::{Outcome, system};

#[activity]
pub(crate) async fn echo(_ctx: &ActivityContext, text: String) -> Result<String, String> {
    Ok(text)
}

#[orchestration]
pub(crate) async fn one_step(ctx: &OrchestrationContext, text: String) -> Result<String, String> {
    Ok(echo(ctx, text).await?)
}

/// Asks for all of these at once; how many came back.
#[deterministic]
pub(super) async fn echo_all(
    ctx: &OrchestrationContext,
    texts: Vec<String>,
) -> Result<u64, String> {
    let calls = texts.into_iter().map(|text| echo(ctx, text));
    let outputs: Vec<String> = join_all(calls)
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(outputs.len() as u64)
}

/// A runtime of the case, warm, whose counts begin now; and a client of it.
pub(super) async fn warm(case: &Case) -> Outcome<(Running, Client)> {
    let running = case.setup.start().await?;
    let client = running.client();
    warm_up(&client).await?;
    running.reset_counts();
    Ok((running, client))
}

/// Runs a few small instances, so that nothing is measured for the first time.
pub(crate) async fn warm_up(client: &Client) -> Outcome<()> {
    for number in 0..20 {
        let start = one_step::start(client, "warm".to_owned());
        start.id(format!("warm-{number}")).await?.result().await?;
    }
    Ok(())
}

/// Calls `one` with 0, 1, 2, ... from so many callers at once while `goes_on` says so, and gives
/// the time that each call took.
pub(crate) async fn callers<F, Fut>(
    callers: u64,
    goes_on: impl Fn(u64) -> bool + Clone + Send + 'static,
    one: F,
) -> Outcome<Vec<Duration>>
where
    F: Fn(u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Outcome<()>> + Send + 'static,
{
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (next, goes_on, one) = (Arc::clone(&next), goes_on.clone(), one.clone());
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if !goes_on(number) {
                    return Outcome::Ok(times);
                }
                let begun = system::now();
                one(number).await?;
                times.push(begun.elapsed());
            }
        });
    }
    let mut times = Vec::new();
    while let Some(of_one_caller) = tasks.join_next().await {
        times.append(&mut of_one_caller??);
    }
    Ok(times)
}
