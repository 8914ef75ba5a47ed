use duroxide::OrchestrationContext;

struct Plain;

async fn wait(ctx: &OrchestrationContext) {
    let _ = ctx.wait_for::<Plain>().await;
}

fn main() {}
