use std::collections::hash_map::RandomState;

use dice as d6;
use duroxide::prelude::*;
use uuid::Uuid as Id;

#[orchestration]
async fn draws(ctx: &OrchestrationContext) -> Result<u64, String> {
    let a = uuid::Uuid::new_v4().as_u64_pair().0;
    let b = dice::u64(..6);
    let c = d6::u64(..6);
    let _hasher = RandomState::new();
    ctx.schedule_timer(Duration::from_secs(a + b + c)).await;
    Ok(a)
}

#[orchestration]
async fn makes_ids(ctx: &OrchestrationContext) -> Result<Vec<String>, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(vec![Id::new_v4().to_string(), uuid::Uuid::new_v4().to_string()])
}

fn main() {}
