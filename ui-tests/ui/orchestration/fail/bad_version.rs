use duroxide::{OrchestrationContext, orchestration};

#[orchestration(version = "1.2")]
async fn short(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(version = "v1.2.0")]
async fn with_letter(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(version = 2)]
async fn number(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
