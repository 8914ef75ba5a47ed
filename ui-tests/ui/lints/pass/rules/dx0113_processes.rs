use std::process::Command as Program;

use duroxide::prelude::*;

macro_rules! listed {
    () => {
        std::process::Command::new("ls").output()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let child = std::process::Command::new("ls").spawn(); //= DX0113 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let child = Program::new("ls").spawn(); //= DX0113 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::process::*;
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let child = Command::new("ls").spawn(); //= DX0113 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let all = vec![Program::new("ls")]; //= DX0113 macro
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let text = format!("{:?}", std::process::Command::new("ls")); //= DX0113 macro
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let own = listed!(); //= DX0113 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let leave = |code| std::process::exit(code); //= DX0113 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    let later = async { Program::new("ls").output() }; //= DX0113 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "it is never run")]
    {
        let inside = Program::new("ls"); //= DX0113 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0113, reason = "it is never run"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = Program::new("ls");
    Ok(())
}

#[activity(name = "dx0113::list")]
async fn list(_ctx: &ActivityContext) -> Result<usize, String> {
    let output = Program::new("ls").output();
    output
        .map(|it| it.stdout.len())
        .map_err(|error| error.to_string())
}

#[orchestration(name = "dx0113::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<usize, String> {
    match list(ctx).await? {
        0 => Err("there is nothing".to_owned()),
        some => Ok(some),
    }
}
