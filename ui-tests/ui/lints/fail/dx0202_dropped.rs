#![deny(warnings)]

use duroxide::prelude::*;

#[activity]
async fn charge(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext, cents: u64) -> Result<(), String> {
    charge(ctx, cents); //~ DX0202 direct
    ctx.schedule_timer(Duration::from_secs(1)); //~ DX0202 direct
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0202, reason = "nobody takes this branch")]
    ctx.schedule_timer(Duration::from_secs(1));
    ctx.schedule_timer(Duration::from_secs(2)); //~ DX0202 suppressed
    Ok(())
}

fn main() {}
