use std::env as e;

use duroxide::prelude::*;

macro_rules! region {
    () => {
        std::env::var("REGION")
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let region = std::env::var("REGION"); //= DX0110 direct
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let process = std::process::id(); //= DX0110 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let region = e::var("REGION"); //= DX0110 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::env::*;
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let region = var("REGION"); //= DX0110 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let all = vec![e::var("REGION")]; //= DX0110 macro
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let text = format!("{:?}", std::env::var("REGION")); //= DX0110 macro
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let own = region!(); //= DX0110 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let read = |name: &str| e::var(name); //= DX0110 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let later = async { e::var("REGION") }; //= DX0110 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    {
        let inside = e::var("REGION"); //= DX0110 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0110, reason = "all workers are in one region"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = e::var("REGION");
    Ok(())
}

#[orchestration(name = "dx0110::instead")]
async fn instead(_ctx: &OrchestrationContext, region: String) -> Result<String, String> {
    Ok(format!("{region} {}", env!("CARGO_PKG_NAME")))
}
