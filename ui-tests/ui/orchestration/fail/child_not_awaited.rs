#![deny(warnings)]

use duroxide::{OrchestrationContext, orchestration};

#[orchestration]
async fn hello(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    if name.is_empty() {
        hello::continue_as_new(ctx, "Rust".to_owned());
    }
    hello(ctx, name.clone());
    Ok(name)
}

fn main() {}
