use duroxide::prelude::*;

#[activity(name = "dx0301::charge")]
async fn charge(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await; //= DX0301 direct
    Ok(charge(ctx, cents).await?)
}
