use std::collections::HashMap;

use duroxide::prelude::*;

async fn fetch(n: u64) -> u64 {
    n
}

fn helper() -> u32 {
    std::process::id()
}

// All of these in one build: names, chains, types, and types that are wrong for other reasons.
#[orchestration]
async fn first(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    let now = std::time::SystemTime::now();
    let id = helper();
    let foreign = fetch(n).await;
    let prices = HashMap::from([(1_u64, n)]);
    for (a, b) in &prices {
        ctx.schedule_timer(Duration::from_secs(a + b)).await;
    }
    let own: u64 = "no number";
    Ok(foreign + own)
}

// What is wrong above hides nothing here.
#[orchestration]
async fn second(ctx: &OrchestrationContext) -> Result<u64, String> {
    std::thread::sleep(Duration::from_secs(1));
    Ok(fetch(ctx).await)
}

// Nor does a wrong signature.
#[orchestration]
fn third(n: u64) -> u64 {
    let text: String = n;
    n
}

fn main() {}
