use std::println as say;

use duroxide::prelude::*;

macro_rules! shout {
    () => {
        eprintln!("here")
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    println!("started"); //= DX0201 direct
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    let shown = dbg!(1); //= DX0201 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    say!("started"); //= DX0201 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use tracing::*;
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    info!("started"); //= DX0201 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    let all = vec![dbg!(1)]; //= DX0201 macro
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    let own = shout!(); //= DX0201 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    let note = |n: u64| println!("{n}"); //= DX0201 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    let later = async { tracing::info!("started") }; //= DX0201 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    {
        let inside = dbg!(1); //= DX0201 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0201, reason = "a note for the operator of this worker"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = dbg!(1);
    Ok(())
}

#[orchestration(name = "dx0201::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<(), String> {
    trace_info!(ctx, "once, not on every replay");
    Ok(())
}
