use std::env as e;

use duroxide::prelude::*;

macro_rules! region {
    () => {
        std::env::var("REGION")
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let region = std::env::var("REGION"); //~ DX0110 direct
    let process = std::process::id(); //~ DX0110 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let region = e::var("REGION"); //~ DX0110 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::env::*;
    let region = var("REGION"); //~ DX0110 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![e::var("REGION")]; //~ DX0110 macro
    let text = format!("{:?}", std::env::var("REGION")); //~ DX0110 macro
    let own = region!(); //~ DX0110 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let read = |name: &str| e::var(name); //~ DX0110 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { e::var("REGION") }; //~ DX0110 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let covered = e::var("REGION");
    let uncovered = e::var("REGION"); //~ DX0110 suppressed
    Ok(())
}

fn main() {}
