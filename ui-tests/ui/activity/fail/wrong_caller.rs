use duroxide::{ActivityContext, activity};

#[activity]
async fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(name)
}

async fn caller(client: &duroxide::Client) -> Result<String, String> {
    greet(client, "Rust".to_owned()).await
}

fn main() {}
