#![deny(warnings)]

use duroxide::{ActivityContext, OrchestrationContext, activity, orchestration};

#[activity]
async fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(name)
}

#[orchestration]
async fn hello(ctx: &OrchestrationContext, name: String) -> Result<(), String> {
    greet(ctx, name);
    Ok(())
}

fn main() {}
