use duroxide::prelude::*;

#[activity(name = "dx0202::charge")]
async fn charge(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[orchestration(name = "dx0202::later")]
async fn later(ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
    let started = charge(ctx, cents).schedule(); //= DX0202 direct
    later(ctx).detach();
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(started.await?)
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0202, reason = "nobody takes this branch")]
    ctx.schedule_timer(Duration::from_secs(1)); //= DX0202 suppressed
    Ok(())
}

#[deterministic(allow(DX0202, reason = "nobody takes these branches"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    ctx.schedule_timer(Duration::from_secs(1));
    Ok(())
}
