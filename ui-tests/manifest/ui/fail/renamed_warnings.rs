#![deny(warnings)]
#![allow(unused_variables)]

use duroxide::prelude::*;

#[orchestration]
async fn escapes(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = streams::future::poll_fn(|_| std::task::Poll::Ready(1)); //~ DX0117 renamed
    Ok(())
}

#[orchestration]
async fn printing(ctx: &OrchestrationContext) -> Result<(), String> {
    spans::warn!("started"); //~ DX0201 renamed
    Ok(())
}

fn main() {}
