use tokio::task as background;

use duroxide::prelude::*;

macro_rules! start {
    () => {
        std::thread::spawn(|| 1)
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let thread = std::thread::spawn(|| 1); //= DX0108 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let task = background::spawn(async { 1 }); //= DX0108 alias
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let thread = background::spawn_blocking(|| 1); //= DX0108 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::thread::*;
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let thread = spawn(|| 1); //= DX0108 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let all = vec![tokio::spawn(async { 1 })]; //= DX0108 macro
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let own = start!(); //= DX0108 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let run = |n: u64| futures::executor::block_on(async move { n }); //= DX0108 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let later = async { tokio::spawn(async { 1 }) }; //= DX0108 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    {
        let inside = std::thread::spawn(|| 1); //= DX0108 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0108, reason = "nobody waits for it"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = std::thread::spawn(|| 1);
    Ok(())
}

#[activity(name = "dx0108::work")]
async fn work(_ctx: &ActivityContext, n: u64) -> Result<u64, String> {
    Ok(n)
}

#[orchestration(name = "dx0108::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<usize, String> {
    let all = join_all((0..3).map(|n| work(ctx, n))).await;
    Ok(all.len())
}
