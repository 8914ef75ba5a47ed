use std::net::TcpStream as Stream;

use duroxide::prelude::*;

macro_rules! connected {
    () => {
        std::net::TcpStream::connect("localhost:80")
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let stream = std::net::TcpStream::connect("localhost:80"); //= DX0112 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let stream = Stream::connect("localhost:80"); //= DX0112 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::net::*;
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let socket = UdpSocket::bind("localhost:0"); //= DX0112 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let all = vec![Stream::connect("localhost:80")]; //= DX0112 macro
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let text = format!("{:?}", std::net::TcpListener::bind("localhost:0")); //= DX0112 macro
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let own = connected!(); //= DX0112 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let dial = |host: &str| Stream::connect(host); //= DX0112 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    let later = async { Stream::connect("localhost:80") }; //= DX0112 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0112, reason = "it is the loopback of this host")]
    {
        let inside = Stream::connect("localhost:80"); //= DX0112 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0112, reason = "it is the loopback of this host"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = Stream::connect("localhost:80");
    Ok(())
}

#[activity(name = "dx0112::greet")]
async fn greet(_ctx: &ActivityContext, host: String) -> Result<bool, String> {
    Ok(Stream::connect(host).is_ok())
}

#[orchestration(name = "dx0112::instead")]
async fn instead(ctx: &OrchestrationContext, host: std::net::IpAddr) -> Result<bool, String> {
    Ok(greet(ctx, std::net::SocketAddr::new(host, 80).to_string()).await?)
}
