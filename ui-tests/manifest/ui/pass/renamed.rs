#![deny(warnings)]
#![allow(unused_variables)]

use duroxide::prelude::*;

#[orchestration]
async fn clock(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only to show that it can be")]
    let it = rt::time::Instant::now(); //= DX0101 renamed
    Ok(())
}

#[orchestration]
async fn random_ids(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "only to show that it can be")]
    let it = ids::Uuid::new_v4(); //= DX0103 renamed
    Ok(())
}

#[orchestration]
async fn sleep(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0104, reason = "only to show that it can be")]
    let it = rt::time::interval(Duration::from_secs(1)); //= DX0104 renamed
    Ok(())
}

#[orchestration]
async fn unordered(ctx: &OrchestrationContext) -> Result<(), String> {
    let mut rates = quick::HashMap::<u64, u64>::new();
    #[duroxide::allow(DX0105, reason = "only to show that it can be")]
    let it = rates.drain().next(); //= DX0105 renamed
    Ok(())
}

#[orchestration]
async fn spawn(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0108, reason = "only to show that it can be")]
    let it = rt::spawn(async { 1 }); //= DX0108 renamed
    Ok(())
}

#[orchestration]
async fn join(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    #[duroxide::allow(DX0109, reason = "only to show that it can be")]
    let it = rt::join!(second(), second()); //= DX0109 renamed
    Ok(())
}

#[orchestration]
async fn environment(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0110, reason = "only to show that it can be")]
    let it = cores::get(); //= DX0110 renamed
    Ok(())
}

#[orchestration]
async fn files(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "only to show that it can be")]
    let it = rt::fs::read("prices"); //= DX0111 renamed
    Ok(())
}

#[orchestration]
async fn network(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "only to show that it can be")]
    let it = rt::net::TcpStream::connect("localhost:80"); //= DX0112 renamed
    Ok(())
}

#[orchestration]
async fn processes(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0113, reason = "only to show that it can be")]
    let it = rt::process::Command::new("ls"); //= DX0113 renamed
    Ok(())
}

#[orchestration]
async fn channels(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0114, reason = "only to show that it can be")]
    let it = rt::sync::oneshot::channel::<u8>(); //= DX0114 renamed
    Ok(())
}

#[orchestration]
async fn standard_streams(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0115, reason = "only to show that it can be")]
    let it = rt::io::stdin(); //= DX0115 renamed
    Ok(())
}

#[orchestration]
async fn escapes(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "only to show that it can be")]
    let it = streams::future::poll_fn(|_| std::task::Poll::Ready(1)); //= DX0117 renamed
    Ok(())
}

#[orchestration]
async fn printing(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0201, reason = "only to show that it can be")]
    spans::warn!("started"); //= DX0201 renamed
    Ok(())
}

fn main() {}
