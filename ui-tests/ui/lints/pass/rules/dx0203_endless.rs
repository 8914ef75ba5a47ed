use duroxide::prelude::*;

#[orchestration(name = "dx0203::direct")]
async fn direct(ctx: &OrchestrationContext, round: u64) -> Result<(), String> {
    let mut left = 10;
    loop {
        //= DX0203 direct
        ctx.schedule_timer(Duration::from_secs(60)).await;
        left -= 1;
        if left == 0 {
            return direct::continue_as_new(ctx, round + 1).await;
        }
    }
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<u64, String> {
    let wait = |n| async move {
        loop {
            //= DX0203 closure
            ctx.schedule_timer(Duration::from_secs(n)).await;
            break n;
        }
    };
    Ok(wait(1).await)
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async {
        #[duroxide::allow(DX0203, reason = "it is cancelled from outside")]
        loop {
            //= DX0203 async
            ctx.schedule_timer(Duration::from_secs(1)).await;
        }
    };
    later.await
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0203, reason = "it is cancelled from outside")]
    loop {
        //= DX0203 suppressed
        ctx.schedule_timer(Duration::from_secs(60)).await;
    }
}

#[deterministic(allow(DX0203, reason = "it is cancelled from outside"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    loop {
        ctx.schedule_timer(Duration::from_secs(60)).await;
    }
}
