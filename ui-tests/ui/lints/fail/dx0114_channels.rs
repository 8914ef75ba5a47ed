use std::sync::mpsc as pipe;

use duroxide::prelude::*;

macro_rules! opened {
    () => {
        std::sync::mpsc::channel::<u8>()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let ends = std::sync::mpsc::channel::<u8>(); //~ DX0114 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let ends = pipe::channel::<u8>(); //~ DX0114 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::sync::mpsc::*;
    let ends = sync_channel::<u8>(1); //~ DX0114 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![pipe::channel::<u8>()]; //~ DX0114 macro
    let text = format!("{:?}", tokio::sync::Notify::new()); //~ DX0114 macro
    let own = opened!(); //~ DX0114 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let open = |size| pipe::sync_channel::<u8>(size); //~ DX0114 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { pipe::channel::<u8>() }; //~ DX0114 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let covered = pipe::channel::<u8>();
    let uncovered = pipe::channel::<u8>(); //~ DX0114 suppressed
    Ok(())
}

fn main() {}
