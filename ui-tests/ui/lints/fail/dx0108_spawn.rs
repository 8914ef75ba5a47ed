use tokio::task as background;

use duroxide::prelude::*;

macro_rules! start {
    () => {
        std::thread::spawn(|| 1)
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let thread = std::thread::spawn(|| 1); //~ DX0108 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let task = background::spawn(async { 1 }); //~ DX0108 alias
    let thread = background::spawn_blocking(|| 1); //~ DX0108 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::thread::*;
    let thread = spawn(|| 1); //~ DX0108 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![tokio::spawn(async { 1 })]; //~ DX0108 macro
    let own = start!(); //~ DX0108 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let run = |n: u64| futures::executor::block_on(async move { n }); //~ DX0108 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { tokio::spawn(async { 1 }) }; //~ DX0108 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "nobody waits for it")]
    let covered = std::thread::spawn(|| 1);
    let uncovered = std::thread::spawn(|| 1); //~ DX0108 suppressed
    Ok(())
}

fn main() {}
