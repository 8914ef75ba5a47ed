use std::collections::{BTreeMap, BTreeSet, HashMap};

use duroxide::prelude::*;

type Rates = HashMap<String, u64>;
type Sorted = BTreeMap<String, u64>;

#[orchestration(name = "dx0106::direct")]
async fn direct(
    ctx: &OrchestrationContext,
    prices: BTreeMap<String, BTreeSet<u64>>, //= DX0106 direct
) -> Result<usize, String> {
    Ok(prices.len())
}

#[orchestration(name = "dx0106::alias")]
async fn alias(
    ctx: &OrchestrationContext,
    prices: Sorted, //= DX0106 alias
) -> Result<usize, String> {
    Ok(prices.len())
}

#[orchestration(name = "dx0106::suppressed", allow(DX0106, reason = "only looked up"))]
async fn suppressed(
    ctx: &OrchestrationContext,
    rates: Rates, //= DX0106 suppressed
) -> Result<Option<u64>, String> {
    Ok(rates.get("pears").copied())
}

#[activity(
    name = "dx0106::suppressed_too",
    allow(DX0106, reason = "only looked up")
)]
async fn suppressed_too(
    ctx: &ActivityContext,
    rates: HashMap<String, u64>,
) -> Result<usize, String> {
    Ok(rates.len())
}
