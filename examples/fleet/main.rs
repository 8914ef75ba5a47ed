//! A fleet of PostgreSQL servers on this machine: a service that makes, keeps and deletes them, and a
//! command line for it.
//!
//! ```sh
//! cargo run --example fleet -- serve                 # in one terminal
//! cargo run --example fleet -- create shop blog      # in another
//! cargo run --example fleet -- list
//! cargo run --example fleet -- watch shop
//! cargo run --example fleet -- delete shop
//! ```
//!
//! The servers are real: `initdb` makes their files, `pg_ctl` starts them on ports of the loopback
//! address. Each operation is an orchestration, so the service may be killed at any moment, in the middle
//! of an `initdb` too; the next one goes on. The servers live on meanwhile.
//!
//! | file | |
//! |---|---|
//! | `create.rs` | a saga: what was done for a server that fails is undone; many servers at once |
//! | `keep.rs` | one instance for each server, as old as it, that looks after it |
//! | `delete.rs` | ends those two, then takes the server away; housekeeping |
//! | `activities.rs` | the steps of all of them, on `postgres.rs`, `programs.rs` and `records.rs` |
//! | `http.rs`, `views.rs` | the REST service |
//! | `cli.rs`, `asking.rs` | the command line |
//! | `config.rs`, `server.rs`, `problem.rs` | settings, names, errors |

mod activities;
mod asking;
mod cli;
mod config;
mod create;
mod delete;
mod http;
mod keep;
mod postgres;
mod problem;
mod programs;
mod records;
mod server;
mod views;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use duroxide::prelude::*;
use tokio::net::TcpListener;

use crate::asking::Asking;
use crate::config::Config;
use crate::delete::{HOUSEKEEPING, housekeeping};
use crate::http::Service;

/// Makes, keeps and deletes PostgreSQL servers on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// Where the service listens, on 127.0.0.1.
    #[arg(long, global = true, default_value_t = 7432)]
    port: u16,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Runs the service until it is told to end (Ctrl-C).
    Serve(Config),
    #[command(flatten)]
    Ask(cli::Command),
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a program for people")]
async fn main() -> ExitCode {
    let Args { port, what } = Args::parse();
    let done = match what {
        What::Serve(config) => serve(config, port).await,
        What::Ask(command) => {
            let service = Asking { port };
            cli::run(command, &service, print).await.map_err(Into::into)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config, port: u16) -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let fleet = Arc::new(config.prepare().await?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let runtime = Runtime::builder()
        .store(RedbProvider::open(config.store())?)
        .data(Arc::clone(&fleet))
        .options(RuntimeOptions {
            // Keepers start over for ever. What they did long ago is of no interest.
            keep_executions: Some(2),
            ..RuntimeOptions::default()
        })
        .start()
        .await?;
    let client = runtime.client();
    housekeeping::start(&client)
        .id(HOUSEKEEPING)
        .if_absent()
        .await?;
    print(&format!("listening on http://{}", listener.local_addr()?));
    let end = async {
        // Without signals there is Ctrl-C's default: the end, which is as good as any crash.
        let _ = tokio::signal::ctrl_c().await;
    };
    http::serve(Service { client, fleet }, listener, end).await?;
    runtime.shutdown(None).await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program for people")]
fn print(line: &str) {
    println!("{line}");
}
