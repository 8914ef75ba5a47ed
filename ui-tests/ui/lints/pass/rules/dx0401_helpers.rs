use duroxide::prelude::*;
use pricing::{clocked as dated, rate as quoted};

mod pricing {
    pub(crate) fn rate(n: u64) -> u64 {
        n * factor()
    }

    fn factor() -> u64 {
        3
    }

    pub(crate) fn clocked() -> bool {
        std::time::SystemTime::now() > std::time::UNIX_EPOCH
    }
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let rate = pricing::rate(3); //= DX0401 direct
    #[duroxide::allow(DX0401, reason = "only measured")]
    let clock = pricing::clocked();
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let rate = quoted(3); //= DX0401 alias
    #[duroxide::allow(DX0401, reason = "only measured")]
    let clock = dated();
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use pricing::*;
    let rate = rate(3); //= DX0401 glob
    #[duroxide::allow(DX0401, reason = "only measured")]
    let clock = clocked();
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![quoted(3)]; //= DX0401 macro
    #[duroxide::allow(DX0401, reason = "only measured")]
    let text = format!("{}", dated());
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let rate = |n| quoted(n); //= DX0401 closure
    #[duroxide::allow(DX0401, reason = "only measured")]
    let clock = || dated();
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { quoted(3) }; //= DX0401 async
    #[duroxide::allow(DX0401, reason = "only measured")]
    let clock = async { dated() };
    Ok(())
}

// By the rule that is broken in the end, or by this one.
#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let clock = dated(); //= DX0401 suppressed
    #[duroxide::allow(DX0401, reason = "only measured")]
    {
        let again = dated(); //= DX0401 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0101, reason = "only measured"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let clock = dated();
    Ok(())
}

#[activity(name = "dx0401::looked_up")]
async fn looked_up(ctx: &ActivityContext) -> Result<bool, String> {
    Ok(pricing::clocked())
}

#[orchestration(name = "dx0401::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<bool, String> {
    Ok(looked_up(ctx).await?)
}
