use std::io::stdout as out;

use duroxide::prelude::*;

macro_rules! screen {
    () => {
        std::io::stderr()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let keys = std::io::stdin(); //= DX0115 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let screen = out(); //= DX0115 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::io::*;
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let screen = stderr(); //= DX0115 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let all = vec![out()]; //= DX0115 macro
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let text = format!("{:?}", std::io::stdin()); //= DX0115 macro
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let own = screen!(); //= DX0115 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let open = || out(); //= DX0115 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let later = async { out() }; //= DX0115 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    {
        let inside = out(); //= DX0115 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0115, reason = "it is not written to"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = out();
    Ok(())
}

#[orchestration(name = "dx0115::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<(), String> {
    trace_info!(ctx, "once, not on every replay");
    Ok(())
}
