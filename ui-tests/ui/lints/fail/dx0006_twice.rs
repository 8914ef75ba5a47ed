use duroxide::prelude::*;

#[activity]
async fn price(_ctx: &ActivityContext) -> Result<u64, String> {
    Ok(1)
}

mod newer {
    use duroxide::prelude::*;

    #[activity(name = "price")]
    async fn price_again(_ctx: &ActivityContext) -> Result<u64, String> { //~ DX0006 direct
        Ok(2)
    }

    #[activity(name = "price", timeout = "1s")]
    async fn price_once_more(_ctx: &ActivityContext) -> Result<u64, String> {
        Ok(3)
    }
}

#[orchestration(name = "price")]
async fn other_kind(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(price(ctx).await?)
}

#[orchestration(name = "price", version = "1.1.0")]
async fn other_version(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(price(ctx).await?)
}

fn main() {}
