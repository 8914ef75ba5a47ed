use duroxide::prelude::*;
use inside::looked as look;

mod inside {
    use duroxide::prelude::*;

    #[deterministic]
    pub(crate) async fn looked(ctx: &OrchestrationContext, n: u64) -> u64 {
        ctx.schedule_timer(Duration::from_secs(n)).await;
        n
    }
}

macro_rules! waited {
    ($ctx:expr, $n:expr) => {
        look($ctx, $n)
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<u64, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(inside::looked(ctx, 1).await) //= DX0001 direct
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(look(ctx, 1).await) //= DX0001 alias
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<u64, String> {
    use inside::*;
    Ok(looked(ctx, 1).await) //= DX0001 glob
}

#[deterministic]
async fn renamed(ctx: &OrchestrationContext) -> Result<usize, String> {
    extern crate duroxide as flows;
    extern crate futures as streams;
    let ours = flows::join2(look(ctx, 1), look(ctx, 2)).await; //= DX0001 renamed
    let theirs = streams::future::join_all([look(ctx, ours.0)]).await; //= DX0001 renamed
    Ok(theirs.len())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<usize, String> {
    let own = waited!(ctx, 1).await; //= DX0001 macro
    let all = vec![look(ctx, own).await]; //= DX0001 macro
    Ok(all.len())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<u64, String> {
    let call = |n| async move { look(ctx, n).await }; //= DX0001 closure
    Ok(call(1).await)
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(async { look(ctx, 1).await }.await) //= DX0001 async
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<u64, String> {
    let ready = futures::future::lazy(|_| 1);
    Ok(ctx.assume_durable(ready, "it waits for nothing").await) //= DX0001 suppressed
}
