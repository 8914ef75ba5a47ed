use std::process::Command as Program;

use duroxide::prelude::*;

macro_rules! listed {
    () => {
        std::process::Command::new("ls").output()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let child = std::process::Command::new("ls").spawn(); //~ DX0113 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let child = Program::new("ls").spawn(); //~ DX0113 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::process::*;
    let child = Command::new("ls").spawn(); //~ DX0113 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![Program::new("ls")]; //~ DX0113 macro
    let text = format!("{:?}", std::process::Command::new("ls")); //~ DX0113 macro
    let own = listed!(); //~ DX0113 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let leave = |code| std::process::exit(code); //~ DX0113 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { Program::new("ls").output() }; //~ DX0113 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let covered = Program::new("ls");
    let uncovered = Program::new("ls"); //~ DX0113 suppressed
    Ok(())
}

fn main() {}
