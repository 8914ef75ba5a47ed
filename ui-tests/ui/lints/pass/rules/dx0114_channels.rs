use std::sync::mpsc as pipe;

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

macro_rules! opened {
    () => {
        std::sync::mpsc::channel::<u8>()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let ends = std::sync::mpsc::channel::<u8>(); //= DX0114 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let ends = pipe::channel::<u8>(); //= DX0114 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::sync::mpsc::*;
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let ends = sync_channel::<u8>(1); //= DX0114 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let all = vec![pipe::channel::<u8>()]; //= DX0114 macro
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let text = format!("{:?}", tokio::sync::Notify::new()); //= DX0114 macro
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let own = opened!(); //= DX0114 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let open = |size| pipe::sync_channel::<u8>(size); //= DX0114 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    let later = async { pipe::channel::<u8>() }; //= DX0114 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "both ends are here")]
    {
        let inside = pipe::channel::<u8>(); //= DX0114 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0114, reason = "both ends are here"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = pipe::channel::<u8>();
    Ok(())
}

#[derive(Serialize, Deserialize, ExternalEvent)]
struct Paid {
    cents: u64,
}

#[orchestration(name = "dx0114::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(ctx.wait_for::<Paid>().await?.cents)
}
