use duroxide::prelude::*;
use tokio::{join, task as background};

macro_rules! both {
    ($a:expr, $b:expr) => {
        ($a.await, $b.await)
    };
}

#[orchestration]
async fn sleeps(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::thread::*;
    std::thread::sleep(Duration::from_secs(1));
    sleep(Duration::from_secs(1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(())
}

#[orchestration]
async fn spawns(ctx: &OrchestrationContext) -> Result<(), String> {
    let _thread = std::thread::spawn(|| ());
    let _task = background::spawn(async { 1 });
    tokio::task::spawn_blocking(|| 1);
    let _done = futures::executor::block_on(async { 1 });
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(())
}

#[orchestration]
async fn foreign_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    tokio::select! {
        () = second() => {}
        () = second() => {}
    }
    let _both = join!(second(), second());
    let _again = both!(second(), second());
    Ok(())
}

fn main() {}
