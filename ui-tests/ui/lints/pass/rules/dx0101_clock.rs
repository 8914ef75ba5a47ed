use std::time::{Instant, SystemTime as T};

use duroxide::prelude::*;

type Moment = std::time::SystemTime;

macro_rules! started {
    () => {
        std::time::Instant::now()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let started = std::time::SystemTime::now(); //= DX0101 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let started = T::now(); //= DX0101 alias
    #[duroxide::allow(DX0101, reason = "only measured")]
    let later = Moment::now(); //= DX0101 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::time::*;
    #[duroxide::allow(DX0101, reason = "only measured")]
    let started = SystemTime::now(); //= DX0101 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let texts = vec![format!("{:?}", Instant::now())]; //= DX0101 macro
    #[duroxide::allow(DX0101, reason = "only measured")]
    let own = started!(); //= DX0101 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let late = || Instant::now(); //= DX0101 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let later = async { std::time::Instant::now() }; //= DX0101 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    {
        let inside = Instant::now(); //= DX0101 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0101, reason = "only measured"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = Instant::now();
    Ok(())
}

#[orchestration(name = "dx0101::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<bool, String> {
    let started = ctx.now();
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(started > T::UNIX_EPOCH)
}
