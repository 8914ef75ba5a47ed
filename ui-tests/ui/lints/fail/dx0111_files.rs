use std::fs::File as Stored;
use std::path::{Path, PathBuf};

use duroxide::prelude::*;

macro_rules! prices {
    () => {
        std::fs::read("prices")
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let text = std::fs::read_to_string("prices"); //~ DX0111 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let file = Stored::open("prices"); //~ DX0111 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::fs::*;
    let text = read("prices"); //~ DX0111 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![Stored::open("prices")]; //~ DX0111 macro
    let text = format!("{:?}", std::fs::read("prices")); //~ DX0111 macro
    let own = prices!(); //~ DX0111 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let open = |name: &str| Stored::open(name); //~ DX0111 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { std::fs::read("prices") }; //~ DX0111 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let covered = Stored::open("prices");
    let uncovered = Stored::open("prices"); //~ DX0111 suppressed
    Ok(())
}

// What only types tell.
#[orchestration]
async fn by_type(ctx: &OrchestrationContext, path: PathBuf) -> Result<bool, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(path.exists() || Path::new("lock").exists())
}

fn main() {}
