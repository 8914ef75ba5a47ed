use duroxide::prelude::*;
use money::charge as pay;

mod money {
    use duroxide::{ActivityContext, activity};

    #[activity(name = "dx0303::charge")]
    pub(crate) async fn charge(ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
        Ok(cents)
    }

    /// A test may: it is no orchestration.
    pub(crate) async fn tested() -> Result<u64, String> {
        charge(&ActivityContext::for_test(), 1).await
    }
}

macro_rules! paid {
    ($ctx:expr) => {
        pay($ctx, 3)
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(money::charge(ctx, 1).await?) //= DX0303 direct
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(pay(ctx, 1).await?) //= DX0303 alias
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<u64, String> {
    use money::*;
    Ok(charge(ctx, 1).await?) //= DX0303 glob
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<usize, String> {
    let own = paid!(ctx).await?; //= DX0303 macro
    let all = vec![pay(ctx, own).await?]; //= DX0303 macro
    Ok(all.len())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<u64, String> {
    let call = |cents| pay(ctx, cents); //= DX0303 closure
    Ok(call(1).await?)
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<u64, String> {
    let later = async { pay(ctx, 1).await }; //= DX0303 async
    Ok(later.await?)
}
