use duroxide::prelude::*;

#[orchestration(allow(DX0105))]
async fn without_reason(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101)] //~ DX0007 direct
    let _a = std::time::SystemTime::now();
    #[duroxide::allow(DX0101, reason = " ")]
    let _b = std::time::SystemTime::now();
    #[duroxide::allow(DX9999, reason = "there is none")]
    ctx.schedule_timer(Duration::from_secs(1)).await;
    #[duroxide::allow(DX0001, reason = "it is quick")]
    ctx.schedule_timer(Duration::from_secs(1)).await;
    #[duroxide::allow(DX0301, reason = "it is quick")]
    ctx.schedule_timer(Duration::from_secs(1)).await;
    #[duroxide::allow]
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(())
}

#[orchestration]
async fn of_nothing(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, DX0110, reason = "only logged")]
    let now = std::time::SystemTime::now();
    ctx.sleep_until(now).await;
    Ok(())
}

#[activity]
async fn needless(_ctx: &ActivityContext) -> Result<bool, String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let started = std::time::SystemTime::now();
    Ok(started > std::time::UNIX_EPOCH)
}

#[deterministic(name = "helper")]
async fn named(ctx: &OrchestrationContext) {
    ctx.schedule_timer(Duration::from_secs(1)).await;
}

fn main() {}
