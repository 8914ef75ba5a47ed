use duroxide::{ActivityContext, Client, OrchestrationContext, activity, orchestration};

#[orchestration]
async fn hello(_ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    Ok(name)
}

#[activity]
async fn greet(ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(hello(ctx, name).await?)
}

async fn from_outside(client: &Client) -> Result<String, String> {
    Ok(hello(client, "Rust".to_owned()).await?)
}

fn main() {}
