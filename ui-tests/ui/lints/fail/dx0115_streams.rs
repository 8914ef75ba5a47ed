use std::io::stdout as out;

use duroxide::prelude::*;

macro_rules! screen {
    () => {
        std::io::stderr()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let keys = std::io::stdin(); //~ DX0115 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let screen = out(); //~ DX0115 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::io::*;
    let screen = stderr(); //~ DX0115 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![out()]; //~ DX0115 macro
    let text = format!("{:?}", std::io::stdin()); //~ DX0115 macro
    let own = screen!(); //~ DX0115 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let open = || out(); //~ DX0115 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { out() }; //~ DX0115 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "it is not written to")]
    let covered = out();
    let uncovered = out(); //~ DX0115 suppressed
    Ok(())
}

fn main() {}
