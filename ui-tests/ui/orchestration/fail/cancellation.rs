use duroxide::{OrchestrationContext, orchestration};

#[orchestration(cancellation = "never")]
async fn never(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(cleanup_deadline = "30s")]
async fn deadline_alone(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(cancellation = "cooperative", cleanup_deadline = "0s")]
async fn no_time(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(cancellation, cleanup_deadline = 30)]
async fn no_texts(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(cancellation = "cooperative", cancellation = "cooperative")]
async fn twice(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[orchestration(tag = "gpu")]
async fn tagged(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
