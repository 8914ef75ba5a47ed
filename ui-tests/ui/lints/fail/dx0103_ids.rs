use uuid::Uuid as Id;

use duroxide::prelude::*;

macro_rules! fresh {
    () => {
        uuid::Uuid::new_v4()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let id = uuid::Uuid::new_v4(); //~ DX0103 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let id = Id::new_v4(); //~ DX0103 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use uuid::*;
    let id = Uuid::new_v4(); //~ DX0103 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![Id::new_v4()]; //~ DX0103 macro
    let text = format!("{}", uuid::Uuid::new_v4()); //~ DX0103 macro
    let own = fresh!(); //~ DX0103 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let make = || Id::new_v4(); //~ DX0103 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async move { Id::new_v4() }; //~ DX0103 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let covered = Id::new_v4();
    let uncovered = Id::new_v4(); //~ DX0103 suppressed
    Ok(())
}

fn main() {}
