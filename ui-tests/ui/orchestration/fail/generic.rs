use duroxide::{OrchestrationContext, orchestration};

#[orchestration]
async fn generic<T: Send>(_ctx: &OrchestrationContext, value: T) -> Result<T, String> {
    Ok(value)
}

#[orchestration]
async fn by_the_back_door(
    _ctx: &OrchestrationContext,
    value: impl Send,
) -> Result<(), String> {
    drop(value);
    Ok(())
}

fn main() {}
