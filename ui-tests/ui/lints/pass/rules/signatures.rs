//! What the store asks of signatures and names (DX0002 to DX0006), and of allowances (DX0007).

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Order {
    cents: u64,
}

#[derive(Serialize, Deserialize)]
enum Refused {
    Poor,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too poor")
    }
}

#[activity(name = "signatures::charge")]
async fn charge(
    //= DX0002 direct
    ctx: &ActivityContext,
    order: Order, //= DX0003 direct
) -> Result<Order, Refused> {
    //= DX0004 direct
    Ok(order)
}

#[orchestration]
async fn pay(ctx: &OrchestrationContext, order: Order) -> Result<u64, Refused> {
    //= DX0005 direct
    Ok(order.cents)
}

#[orchestration(name = "pay", version = "2.0.0")]
async fn pay_later(
    //= DX0006 direct
    ctx: &OrchestrationContext,
    order: Order,
) -> Result<u64, Refused> {
    #[duroxide::allow(DX0101, reason = "only measured")] //= DX0007 direct
    let started = std::time::Instant::now();
    Err(Refused::Poor)
}
