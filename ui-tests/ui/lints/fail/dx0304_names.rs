#![deny(warnings)]

use duroxide::prelude::*;

#[activity]
async fn charge_card(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[orchestration]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<String, String> {
    ctx.schedule_activity("chrage_card", cents.to_string()).await //~ DX0304 direct
}

#[orchestration]
async fn wrong_rule(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX1011, reason = "mistyped")]
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(())
}

fn main() {}
