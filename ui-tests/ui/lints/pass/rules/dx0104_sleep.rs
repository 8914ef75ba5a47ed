use std::thread::sleep as rest;

use duroxide::prelude::*;

macro_rules! pause {
    () => {
        std::thread::yield_now()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    std::thread::sleep(Duration::ZERO); //= DX0104 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    rest(Duration::ZERO); //= DX0104 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::thread::*;
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    sleep(Duration::ZERO); //= DX0104 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    let all = vec![rest(Duration::ZERO)]; //= DX0104 macro
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    let text = format!("{:?}", std::thread::park()); //= DX0104 macro
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    pause!(); //= DX0104 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    let wait = |seconds| rest(Duration::from_secs(seconds)); //= DX0104 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    let later = async { rest(Duration::ZERO) }; //= DX0104 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    {
        let inside = rest(Duration::ZERO); //= DX0104 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0104, reason = "it is no time at all"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = rest(Duration::ZERO);
    Ok(())
}

#[deterministic]
async fn slow(ctx: &OrchestrationContext) {
    ctx.schedule_timer(Duration::from_secs(1)).await;
}

#[orchestration(name = "dx0104::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<bool, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(ctx.timeout(Duration::from_secs(2), slow(ctx)).await.is_ok())
}
