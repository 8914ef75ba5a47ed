use duroxide::prelude::*;

#[activity]
async fn charge_card(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
    let by_name = ctx
        .schedule_activity("charge_card", cents.to_string())
        .await?; //= DX0304 direct
    Ok(charge_card(ctx, cents).await? + by_name.len() as u64)
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![ctx.schedule_activity("charge_card", "1")]; //= DX0304 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let call = |cents: u64| ctx.schedule_activity("charge_card", cents.to_string()); //= DX0304 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { ctx.schedule_activity("charge_card", "1").await }; //= DX0304 async
    Ok(())
}
