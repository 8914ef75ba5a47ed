#![deny(warnings)]
#![allow(unused_variables)]

use std::any::type_name as shown;

use duroxide::prelude::*;

macro_rules! named {
    () => {
        std::any::type_name::<u8>()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let name = std::any::type_name::<u8>(); //~ DX0116 direct
    let place = format!("{:p}", &ctx); //~ DX0116 direct
    let address = &raw const *ctx as *const u8; //~ DX0116 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let name = shown::<u8>(); //~ DX0116 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::any::*;
    let name = type_name::<u8>(); //~ DX0116 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![std::thread::current()]; //~ DX0116 macro
    let text = format!("{}", std::any::type_name::<u8>()); //~ DX0116 macro
    let own = named!(); //~ DX0116 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let name = || shown::<u8>(); //~ DX0116 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { shown::<u8>() }; //~ DX0116 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let covered = shown::<u8>();
    let uncovered = shown::<u8>(); //~ DX0116 suppressed
    Ok(())
}

fn main() {}
