use duroxide::{ActivityContext, orchestration};

#[orchestration]
async fn hello(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {}
