use std::hash::RandomState as Seed;

use duroxide::prelude::*;

macro_rules! toss {
    () => {
        dice::bool()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let seed = std::hash::RandomState::new(); //= DX0102 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let seed = Seed::new(); //= DX0102 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::hash::*;
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let seed = RandomState::new(); //= DX0102 glob
    Ok(())
}

#[deterministic]
async fn renamed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let number = dice::u64(..6); //= DX0102 renamed
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let numbers = vec![dice::u64(..6)]; //= DX0102 macro
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let text = format!("{}", dice::bool()); //= DX0102 macro
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let own = toss!(); //= DX0102 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let draw = |most: u64| dice::u64(..most); //= DX0102 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let later = async { dice::u64(..6) }; //= DX0102 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    {
        let inside = dice::u64(..6); //= DX0102 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0102, reason = "the number is not used"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = dice::u64(..6);
    Ok(())
}

#[orchestration(name = "dx0102::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<u64, String> {
    let mut seeded = dice::Rng::with_seed(ctx.random());
    Ok(seeded.u64(..6))
}
