#![deny(warnings)]
#![allow(unused_variables)]

use duroxide::prelude::*;

#[activity]
async fn charge_card(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext, cents: u64) -> Result<String, String> {
    ctx.schedule_activity("chrage_card", cents.to_string()).await //~ DX0304 direct
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![ctx.schedule_activity("charge_crad", "1")]; //~ DX0304 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let call = |cents: u64| ctx.schedule_activity("chargecard", cents.to_string()); //~ DX0304 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { ctx.schedule_sub_orchestration("dierct", "1").await }; //~ DX0304 async
    Ok(())
}

// It cannot be allowed.
#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0304, reason = "it is registered elsewhere")]
    let call = ctx.schedule_activity("chrage_card", "1"); //~ DX0304 suppressed
    Ok(())
}

#[orchestration]
async fn wrong_rule(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX1011, reason = "mistyped")]
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(())
}

fn main() {}
