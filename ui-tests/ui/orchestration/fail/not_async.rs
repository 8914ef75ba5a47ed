use duroxide::{OrchestrationContext, orchestration};

#[orchestration]
fn hello(_ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {}
