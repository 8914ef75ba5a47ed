use duroxide::{Client, ClientError, OrchestrationContext, orchestration};

#[orchestration]
async fn hello(_ctx: &OrchestrationContext, name: String, times: u32) -> Result<String, String> {
    Ok(name.repeat(times as usize))
}

#[orchestration]
async fn parent(ctx: &OrchestrationContext) -> Result<u32, String> {
    let text: u32 = hello(ctx, "Rust", 2).await?;
    hello(ctx, "Rust".to_owned()).await?;
    Ok(text)
}

async fn from_outside(client: &Client) -> Result<(), ClientError> {
    hello::start(client, "Rust".to_owned(), "2").await?;
    Ok(())
}

fn main() {}
