use duroxide::prelude::*;

#[activity]
async fn charge(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await; //~ DX0301 direct
    Ok(cents)
}

#[activity]
async fn charge_quickly(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    #[duroxide::allow(DX0301, reason = "it is quick")]
    ctx.schedule_timer(Duration::from_secs(1)).await; //~ DX0301 suppressed
    Ok(cents)
}

#[orchestration]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
    Ok(retry(async || charge(ctx, cents).await).await?)
}

#[deterministic]
async fn retry<F, R>(call: F) -> Result<u64, String>
where
    F: Fn() -> R + Send,
    R: Durable<Output = Result<u64, CallError<String>>> + Send,
{
    Ok(call().await?)
}

fn main() {}
