use std::collections::{HashMap, HashSet};

use duroxide::prelude::*;

type Rates = HashMap<String, u64>;

#[orchestration]
async fn direct(
    ctx: &OrchestrationContext,
    prices: HashMap<String, u64>, //~ DX0106 direct
) -> Result<usize, String> {
    Ok(prices.len())
}

#[activity]
async fn direct_too(ctx: &ActivityContext, tags: Vec<HashSet<String>>) -> Result<usize, String> {
    Ok(tags.len())
}

#[orchestration]
async fn alias(
    ctx: &OrchestrationContext,
    rates: Rates, //~ DX0106 alias
) -> Result<usize, String> {
    Ok(rates.len())
}

// What is allowed in one function is not allowed in the next.
#[orchestration(allow(DX0106, reason = "only looked up"))]
async fn allowed(_ctx: &OrchestrationContext, rates: Rates) -> Result<usize, String> {
    Ok(rates.len())
}

#[activity]
async fn suppressed(
    ctx: &ActivityContext,
    rates: Rates, //~ DX0106 suppressed
) -> Result<usize, String> {
    Ok(rates.len())
}

fn main() {}
