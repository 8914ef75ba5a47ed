use duroxide::{OrchestrationContext, activity};

#[activity]
async fn greet(_ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {}
