use std::thread::sleep as rest;

use duroxide::prelude::*;

macro_rules! pause {
    () => {
        std::thread::yield_now()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    std::thread::sleep(Duration::ZERO); //~ DX0104 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    rest(Duration::ZERO); //~ DX0104 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::thread::*;
    sleep(Duration::ZERO); //~ DX0104 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![rest(Duration::ZERO)]; //~ DX0104 macro
    let text = format!("{:?}", std::thread::park()); //~ DX0104 macro
    pause!(); //~ DX0104 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let wait = |seconds| rest(Duration::from_secs(seconds)); //~ DX0104 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { rest(Duration::ZERO) }; //~ DX0104 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "it is no time at all")]
    let covered = rest(Duration::ZERO);
    let uncovered = rest(Duration::ZERO); //~ DX0104 suppressed
    Ok(())
}

// Awaited, it is no durable future either.
#[orchestration]
async fn awaited(ctx: &OrchestrationContext) -> Result<(), String> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

fn main() {}
