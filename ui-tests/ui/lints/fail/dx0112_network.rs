use std::net::TcpStream as Stream;

use duroxide::prelude::*;

macro_rules! connected {
    () => {
        std::net::TcpStream::connect("localhost:80")
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let stream = std::net::TcpStream::connect("localhost:80"); //~ DX0112 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let stream = Stream::connect("localhost:80"); //~ DX0112 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::net::*;
    let socket = UdpSocket::bind("localhost:0"); //~ DX0112 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![Stream::connect("localhost:80")]; //~ DX0112 macro
    let text = format!("{:?}", std::net::TcpListener::bind("localhost:0")); //~ DX0112 macro
    let own = connected!(); //~ DX0112 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let dial = |host: &str| Stream::connect(host); //~ DX0112 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { Stream::connect("localhost:80") }; //~ DX0112 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let covered = Stream::connect("localhost:80");
    let uncovered = Stream::connect("localhost:80"); //~ DX0112 suppressed
    Ok(())
}

fn main() {}
