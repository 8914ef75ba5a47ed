use std::hash::RandomState as Seed;

use duroxide::prelude::*;

macro_rules! toss {
    () => {
        dice::bool()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let seed = std::hash::RandomState::new(); //~ DX0102 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let seed = Seed::new(); //~ DX0102 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::hash::*;
    let seed = RandomState::new(); //~ DX0102 glob
    Ok(())
}

#[orchestration]
async fn renamed(ctx: &OrchestrationContext) -> Result<(), String> {
    let number = dice::u64(..6); //~ DX0102 renamed
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let numbers = vec![dice::u64(..6)]; //~ DX0102 macro
    let text = format!("{}", dice::bool()); //~ DX0102 macro
    let own = toss!(); //~ DX0102 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let draw = |most: u64| dice::u64(..most); //~ DX0102 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { dice::u64(..6) }; //~ DX0102 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0102, reason = "the number is not used")]
    let covered = dice::u64(..6);
    let uncovered = dice::u64(..6); //~ DX0102 suppressed
    Ok(())
}

fn main() {}
