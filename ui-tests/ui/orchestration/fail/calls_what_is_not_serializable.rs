use duroxide::{ActivityContext, OrchestrationContext, activity, orchestration};

struct Receipt;

#[activity]
async fn charge(_ctx: &ActivityContext, _cents: u64) -> Result<Receipt, String> {
    Ok(Receipt)
}

#[orchestration]
async fn fulfil(ctx: &OrchestrationContext) -> Result<(), String> {
    charge(ctx, 990).await?;
    Ok(())
}

fn main() {}
