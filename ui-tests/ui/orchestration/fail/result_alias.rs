use std::io;

use duroxide::{OrchestrationContext, orchestration};

#[orchestration]
async fn hello(_ctx: &OrchestrationContext) -> io::Result<String> {
    Ok(String::new())
}

fn main() {}
