use tokio::join as both;

use duroxide::prelude::*;

macro_rules! one_by_one {
    ($a:expr, $b:expr) => {
        ($a.await, $b.await)
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    tokio::select! { () = second() => {} () = second() => {} } //~ DX0109 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let pair = both!(second(), second()); //~ DX0109 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use tokio::*;
    let second = || async { Ok::<_, String>(ctx.schedule_timer(Duration::from_secs(1)).await) };
    let pair = try_join!(second(), second()); //~ DX0109 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let pairs = vec![futures::join!(second(), second())]; //~ DX0109 macro
    let own = one_by_one!(second(), second()); //~ DX0109 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let wait = || async { both!(second(), second()) }; //~ DX0109 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let later = async { tokio::join!(second(), second()) }; //~ DX0109 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let covered = both!(second(), second());
    let uncovered = both!(second(), second()); //~ DX0109 suppressed
    Ok(())
}

fn main() {}
