//! Things that report and are told what to do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use duroxide::BoxDurable;
use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, ExternalEvent)]
struct Reading {
    sensor: u32,
    value: f64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Window {
    values: VecDeque<f64>,
    seen: BTreeSet<u32>,
}

impl Window {
    fn push(&mut self, reading: &Reading) {
        if self.values.len() == 16 {
            self.values.pop_front();
        }
        self.values.push_back(reading.value);
        self.seen.insert(reading.sensor);
    }

    fn mean(&self) -> Option<f64> {
        let count = u32::try_from(self.values.len()).ok().filter(|it| *it > 0)?;
        Some(self.values.iter().sum::<f64>() / f64::from(count))
    }
}

#[activity]
async fn command(_ctx: &ActivityContext, device: u32, word: String) -> Result<bool, String> {
    Ok(device > 0 && !word.is_empty())
}

#[activity]
async fn firmware(_ctx: &ActivityContext, device: u32, version: (u16, u16)) -> Result<(), String> {
    if version.0 == 0 {
        Err(device.to_string())
    } else {
        Ok(())
    }
}

#[orchestration]
async fn thermostat(
    ctx: &OrchestrationContext,
    device: u32,
    mut window: Window,
) -> Result<(), String> {
    let mut rounds = 0;
    loop {
        let reading = ctx.wait_for::<Reading>().await?;
        window.push(&reading);
        match window.mean() {
            Some(mean) if mean > 25.0 => {
                command(ctx, device, "cool".into()).await?;
            }
            Some(mean) if mean < 18.0 => {
                command(ctx, device, "heat".into()).await?;
            }
            Some(_) | None => {}
        }
        rounds += 1;
        if rounds >= 200 {
            return thermostat::continue_as_new(ctx, device, window).await;
        }
    }
}

#[orchestration]
async fn roll_out(
    ctx: &OrchestrationContext,
    devices: Vec<u32>,
    version: (u16, u16),
) -> Result<Vec<u32>, String> {
    let mut failed = Vec::new();
    let mut size = 1;
    let mut rest = devices.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        let results = join_all(now.iter().map(|device| firmware(ctx, *device, version)))
            .limit(10)
            .await;
        failed.extend(
            now.iter()
                .zip(results)
                .filter_map(|(device, it)| it.is_err().then_some(*device)),
        );
        if failed.len() * 10 > devices.len() {
            return Err(format!("stopped: {failed:?}"));
        }
        ctx.schedule_timer(Duration::from_secs(600)).await;
        size *= 2;
        rest = later;
    }
    Ok(failed)
}

/// A step, and what to do if it fails: as values.
struct Step<'a> {
    name: &'static str,
    run: Box<dyn Fn(u32) -> BoxDurable<'a, Result<bool, String>> + Send + Sync + 'a>,
}

#[orchestration]
async fn in_steps(ctx: &OrchestrationContext, device: u32) -> Result<usize, String> {
    let words = Arc::new(["off", "wipe", "on"].map(str::to_owned));
    let steps: Vec<Step<'_>> = (0..words.len())
        .map(|index| {
            let words = Arc::clone(&words);
            let run = move |device| -> BoxDurable<'_, Result<bool, String>> {
                let word = words.get(index).cloned().unwrap_or_default();
                Box::pin(async move { Ok(command(ctx, device, word).await?) })
            };
            Step {
                name: "step",
                run: Box::new(run),
            }
        })
        .collect();
    let mut done = 0;
    for Step { name, run } in &steps {
        if !run(device).await? {
            return Err(format!("{name} {done} was refused"));
        }
        done += 1;
    }
    Ok(done)
}

#[orchestration]
async fn heartbeat(ctx: &OrchestrationContext, device: u32, misses: u8) -> Result<u8, String> {
    let is_late = ctx
        .timeout(Duration::from_secs(30), ctx.wait_for::<Reading>())
        .await
        .is_err();
    let misses = if is_late { misses + 1 } else { 0 };
    if misses == 3 {
        command(ctx, device, "restart".to_string()).await?;
        return Ok(misses);
    }
    heartbeat::continue_as_new(ctx, device, misses).await
}

#[orchestration]
async fn survey(
    ctx: &OrchestrationContext,
    devices: BTreeMap<u32, String>,
) -> Result<BTreeMap<bool, Vec<u32>>, String> {
    let mut answers: BTreeMap<bool, Vec<u32>> = BTreeMap::new();
    for (device, word) in devices {
        let is_well = command(ctx, device, word).await.unwrap_or(false);
        answers.entry(is_well).or_default().push(device);
    }
    for ill in answers.get(&false).into_iter().flatten() {
        trace_warn!(ctx, "device {ill} does not answer");
    }
    Ok(answers)
}
