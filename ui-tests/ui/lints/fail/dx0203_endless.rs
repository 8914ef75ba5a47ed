#![deny(warnings)]
#![allow(while_true)]

use duroxide::prelude::*;

#[orchestration]
async fn direct(ctx: &OrchestrationContext, n: u64) -> Result<(), String> {
    if n > 1 {
        while true { //~ DX0203 direct
            ctx.schedule_timer(Duration::from_secs(60)).await;
        }
    }
    loop { //~ DX0203 direct
        ctx.schedule_timer(Duration::from_secs(60)).await;
        if n == 0 {
            continue;
        }
    }
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let wait = |n| async move {
        loop { //~ DX0203 closure
            ctx.schedule_timer(Duration::from_secs(n)).await;
        }
    };
    wait(1).await
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async {
        loop { //~ DX0203 async
            ctx.schedule_timer(Duration::from_secs(1)).await;
        }
    };
    later.await
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext, n: u64) -> Result<(), String> {
    #[duroxide::allow(DX0203, reason = "it is cancelled from outside")]
    if n > 1 {
        loop {
            ctx.schedule_timer(Duration::from_secs(60)).await;
        }
    }
    loop { //~ DX0203 suppressed
        ctx.schedule_timer(Duration::from_secs(60)).await;
    }
}

fn main() {}
