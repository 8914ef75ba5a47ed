use duroxide::prelude::*;
use outside::fetch as load;

extern crate futures as streams;

mod outside {
    pub(crate) async fn fetch(n: u64) -> u64 {
        n
    }
}

macro_rules! fetched {
    ($n:expr) => {
        outside::fetch($n).await
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(outside::fetch(1).await) //~ DX0001 direct
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(load(2).await) //~ DX0001 alias
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<u64, String> {
    use outside::*;
    Ok(fetch(3).await) //~ DX0001 glob
}

#[orchestration]
async fn renamed(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(streams::future::pending::<u64>().await) //~ DX0001 renamed
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<usize, String> {
    let made = vec![load(4).await]; //~ DX0001 macro
    let text = format!("{}", load(5).await); //~ DX0001 macro
    // Its await is not seen; that it has one is said (DX0109).
    let own = fetched!(6);
    Ok(made.len())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<u64, String> {
    let call = |n| async move { load(n).await }; //~ DX0001 closure
    Ok(call(7).await)
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(async { load(8).await }.await) //~ DX0001 async
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<u64, String> {
    let covered = ctx.assume_durable(load(9), "it waits for nothing").await;
    Ok(covered + load(10).await) //~ DX0001 suppressed
}

fn main() {}
