use std::time::Duration;

use duroxide::ActivityContext as Context;
use duroxide::{OrchestrationContext, activity, orchestration};

macro_rules! context {
    () => {
        duroxide::ActivityContext::for_test()
    };
}

#[activity]
async fn charge(_ctx: &duroxide::ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<u64, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(charge(&duroxide::ActivityContext::for_test(), 1).await?) //~ DX0303 direct
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let context = Context::for_test(); //~ DX0303 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use duroxide::prelude::*;
    let context = ActivityContext::for_test(); //~ DX0303 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![Context::for_test()]; //~ DX0303 macro
    let own = context!(); //~ DX0303 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let make = || Context::for_test(); //~ DX0303 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { Context::for_test() }; //~ DX0303 async
    Ok(())
}

// It cannot be allowed.
#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0303, reason = "it is quick")]
    let context = Context::for_test(); //~ DX0303 suppressed
    Ok(())
}

fn main() {}
