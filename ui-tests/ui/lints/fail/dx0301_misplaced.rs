use duroxide::prelude::*;

#[activity]
async fn charge(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(cents)
}

#[orchestration]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
    let here = charge(&ActivityContext::for_test(), cents).await?;
    let retried = retry(async || charge(ctx, cents).await).await?;
    Ok(here + retried)
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
