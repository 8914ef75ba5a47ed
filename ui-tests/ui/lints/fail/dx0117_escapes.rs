#![deny(warnings)]
#![allow(unused_variables)]

use std::panic::catch_unwind as caught;

use duroxide::prelude::*;

unsafe fn danger() -> u8 {
    1
}

macro_rules! trapped {
    () => {
        std::panic::catch_unwind(|| 1)
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let result = std::panic::catch_unwind(|| 1); //~ DX0117 direct
    let number = unsafe { danger() }; //~ DX0117 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let result = caught(|| 1); //~ DX0117 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::panic::*;
    let result = catch_unwind(|| 1); //~ DX0117 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![caught(|| 1).is_ok()]; //~ DX0117 macro
    let text = format!("{}", unsafe { danger() }); //~ DX0117 macro
    let own = trapped!(); //~ DX0117 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let number = || unsafe { danger() }; //~ DX0117 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { caught(|| 1).is_ok() }; //~ DX0117 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let covered = caught(|| 1);
    let uncovered = caught(|| 1); //~ DX0117 suppressed
    Ok(())
}

fn main() {}
