use tokio::join as both;

use duroxide::prelude::*;

macro_rules! one_by_one {
    ($a:expr, $b:expr) => {
        ($a.await, $b.await)
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    tokio::select! { () = second() => {} () = second() => {} } //= DX0109 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let pair = both!(second(), second()); //= DX0109 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use tokio::*;
    let second = || async { Ok::<_, String>(ctx.schedule_timer(Duration::from_secs(1)).await) };
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let pair = try_join!(second(), second()); //= DX0109 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let pairs = vec![futures::join!(second(), second())]; //= DX0109 macro
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let own = one_by_one!(second(), second()); //= DX0109 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let wait = || async { both!(second(), second()) }; //= DX0109 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    let later = async { tokio::join!(second(), second()) }; //= DX0109 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "both are timers, and order is nothing to them")]
    {
        let inside = both!(second(), second()); //= DX0109 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0109, reason = "both are timers, and order is nothing to them"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let anywhere = both!(second(), second());
    Ok(())
}

#[orchestration(name = "dx0109::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let pair = join!(second(), second());
    select! {
        () = second() => Ok(()),
        () = second() => Err(format!("{pair:?}")),
    }
}
