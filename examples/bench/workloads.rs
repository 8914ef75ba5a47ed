//! The workloads.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use duroxide::join_all;
use duroxide::prelude::*;
use tokio::task::JoinSet;

use crate::report::{Latencies, Report};
use crate::setup::Setup;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const WARM_UP: u64 = 20;

#[activity]
async fn echo(_ctx: &ActivityContext, text: String) -> Result<String, String> {
    Ok(text)
}

#[orchestration]
async fn one_step(ctx: &OrchestrationContext, text: String) -> Result<String, String> {
    Ok(echo(ctx, text).await?)
}

#[orchestration]
async fn steps(ctx: &OrchestrationContext, count: u64) -> Result<u64, String> {
    for number in 0..count {
        echo(ctx, format!("step {number}")).await?;
    }
    Ok(count)
}

#[orchestration]
async fn five_at_once(ctx: &OrchestrationContext, text: String) -> Result<u64, String> {
    let outputs = join_all((0..5).map(|number| echo(ctx, format!("{text} {number}")))).await;
    let outputs: Vec<String> = outputs.into_iter().collect::<Result<_, _>>()?;
    Ok(outputs.len() as u64)
}

/// Start to result of one activity, one after the other.
pub(crate) async fn hello(setup: &Setup, count: u64) -> Outcome<Report> {
    let running = setup.start().await?;
    let client = running.client();
    for _ in 0..WARM_UP {
        one_step::start(&client, "warm".to_owned())
            .await?
            .result()
            .await?;
    }
    running.reset_io();
    let mut latencies = Latencies::new()?;
    let begun = Instant::now();
    for number in 0..count {
        let one = Instant::now();
        let handle = one_step::start(&client, "Rust".to_owned()).id(format!("hello-{number}"));
        handle.await?.result().await?;
        latencies.record(one.elapsed());
    }
    let took = begun.elapsed();
    let report = Report::new("hello", setup, count, count, took, &latencies, &running);
    running.stop().await;
    Ok(report)
}

/// One orchestration with so many activities in sequence.
pub(crate) async fn chain(setup: &Setup, count: u64) -> Outcome<Report> {
    let running = setup.start().await?;
    let client = running.client();
    steps::start(&client, WARM_UP).await?.result().await?;
    running.reset_io();
    let mut latencies = Latencies::new()?;
    let begun = Instant::now();
    steps::start(&client, count)
        .id("chain")
        .await?
        .result()
        .await?;
    let took = begun.elapsed();
    latencies.record(took / u32::try_from(count)?);
    let report = Report::new("chain", setup, count, count, took, &latencies, &running);
    running.stop().await;
    Ok(report)
}

/// So many orchestrations in flight, five activities each, for so many seconds.
pub(crate) async fn fanout(setup: &Setup, in_flight: u64, seconds: u64) -> Outcome<Report> {
    let running = setup.start().await?;
    let client = running.client();
    running.reset_io();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let next = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        let (client, next) = (client.clone(), Arc::clone(&next));
        callers.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let one = Instant::now();
                let start = five_at_once::start(&client, "fan".to_owned());
                let handle = start
                    .id(format!("fan-{number}"))
                    .await
                    .map_err(|e| e.to_string())?;
                handle.result().await.map_err(|e| e.to_string())?;
                times.push(one.elapsed());
            }
            Ok::<_, String>(times)
        });
    }
    let mut latencies = Latencies::new()?;
    let mut done = 0;
    while let Some(times) = callers.join_next().await {
        for took in times?? {
            latencies.record(took);
            done += 1;
        }
    }
    let took = begun.elapsed();
    let report = Report::new(
        "fanout",
        setup,
        in_flight,
        done * 5,
        took,
        &latencies,
        &running,
    );
    running.stop().await;
    Ok(report)
}
