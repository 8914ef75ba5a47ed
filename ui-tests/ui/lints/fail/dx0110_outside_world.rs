use std::env as e;
use std::fs::File;
use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use duroxide::prelude::*;

#[orchestration]
async fn environment(ctx: &OrchestrationContext) -> Result<String, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    let _pid = std::process::id();
    e::var("REGION").map_err(|error| error.to_string())
}

#[orchestration]
async fn files(ctx: &OrchestrationContext, path: PathBuf) -> Result<String, String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    let mut text = std::fs::read_to_string(&path).unwrap_or_default();
    if let Ok(mut file) = File::open(&path) {
        file.read_to_string(&mut text).map_err(|error| error.to_string())?;
    }
    if path.exists() || Path::new("lock").exists() {
        return Err(text);
    }
    Ok(text)
}

#[orchestration]
async fn the_rest(ctx: &OrchestrationContext) -> Result<(), String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    let _stream = TcpStream::connect("localhost:80");
    let _child = Command::new("ls").spawn();
    let (_sender, _receiver) = mpsc::channel::<u8>();
    let _locked = std::io::stdout().lock();
    std::process::exit(1)
}

fn main() {}
