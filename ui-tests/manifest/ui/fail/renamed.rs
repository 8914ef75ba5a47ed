use duroxide::prelude::*;

#[orchestration]
async fn clock(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::time::Instant::now(); //~ DX0101 renamed
    Ok(())
}

#[orchestration]
async fn random_ids(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = ids::Uuid::new_v4(); //~ DX0103 renamed
    Ok(())
}

#[orchestration]
async fn sleep(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::time::interval(Duration::from_secs(1)); //~ DX0104 renamed
    Ok(())
}

#[orchestration]
async fn unordered(ctx: &OrchestrationContext) -> Result<(), String> {
    let mut rates = quick::HashMap::<u64, u64>::new();
    let it = rates.drain().next(); //~ DX0105 renamed
    Ok(())
}

#[orchestration]
async fn spawn(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::spawn(async { 1 }); //~ DX0108 renamed
    Ok(())
}

#[orchestration]
async fn join(ctx: &OrchestrationContext) -> Result<(), String> {
    let second = || ctx.schedule_timer(Duration::from_secs(1));
    let it = rt::join!(second(), second()); //~ DX0109 renamed
    Ok(())
}

#[orchestration]
async fn environment(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = cores::get(); //~ DX0110 renamed
    Ok(())
}

#[orchestration]
async fn files(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::fs::read("prices"); //~ DX0111 renamed
    Ok(())
}

#[orchestration]
async fn network(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::net::TcpStream::connect("localhost:80"); //~ DX0112 renamed
    Ok(())
}

#[orchestration]
async fn processes(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::process::Command::new("ls"); //~ DX0113 renamed
    Ok(())
}

#[orchestration]
async fn channels(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::sync::oneshot::channel::<u8>(); //~ DX0114 renamed
    Ok(())
}

#[orchestration]
async fn standard_streams(ctx: &OrchestrationContext) -> Result<(), String> {
    let it = rt::io::stdin(); //~ DX0115 renamed
    Ok(())
}

fn main() {}
