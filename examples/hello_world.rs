//! The first program: one activity, one timer, one result, on a file that survives everything.
//!
//! Run it with `cargo run --example hello_world`. Kill it at any moment and run it again: it goes
//! on where it was. Run it once more when it is done: the result is found, nothing is run twice.
//! Delete `hello.redb` to begin anew.

use duroxide::prelude::*;

#[activity]
async fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(format!("Hello, {name}!"))
}

#[orchestration]
async fn hello(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    let greeting = greet(ctx, name).await?;
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(greeting)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for people")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::builder()
        .store(RedbProvider::open("hello.redb")?)
        .start()
        .await?;
    let client = runtime.client();
    let handle = hello::start(&client, "Rust".to_owned())
        .id("hello-1")
        .if_absent()
        .await?; // again: found, not started twice
    let greeting = handle.result().await?;
    println!("{greeting}");
    runtime.shutdown(None).await;
    Ok(())
}
