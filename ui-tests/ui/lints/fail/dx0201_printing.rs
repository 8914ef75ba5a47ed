#![deny(warnings)]
#![allow(unused_variables)]

use std::println as say;

use duroxide::prelude::*;

macro_rules! shout {
    () => {
        eprintln!("here")
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    println!("started"); //~ DX0201 direct
    let shown = dbg!(1); //~ DX0201 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    say!("started"); //~ DX0201 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use tracing::*;
    info!("started"); //~ DX0201 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![dbg!(1)]; //~ DX0201 macro
    let own = shout!(); //~ DX0201 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let note = |n: u64| println!("{n}"); //~ DX0201 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { tracing::info!("started") }; //~ DX0201 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "a note for the operator of this worker")]
    let covered = dbg!(1);
    let uncovered = dbg!(1); //~ DX0201 suppressed
    Ok(())
}

fn main() {}
