//! Writes the history of an instance as JSON: to read it, or to keep it for a replay test.
//!
//! `cargo run --example export_history -- app.redb order-42` prints the last execution; a third
//! argument chooses another. The store must not be in use by another process.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use duroxide::prelude::*;
use duroxide::provider::Provider as _;
use duroxide::testing::RecordedHistory;

/// Prints the history of an instance as JSON.
#[derive(Debug, Parser)]
struct Args {
    /// The file of the store.
    store: PathBuf,
    /// The id of the instance.
    instance: String,
    /// Which execution; the last one if it is left out.
    execution: Option<u64>,
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a program for people")]
async fn main() -> ExitCode {
    match export(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program for people")]
async fn export(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    if !args.store.exists() {
        return Err(format!("there is no store `{}`", args.store.display()).into());
    }
    let store = RedbProvider::open(&args.store)?;
    let last = async || {
        let status = store.status(&args.instance.parse()?).await?;
        let unknown = || format!("there is no instance `{}`", args.instance);
        Ok::<_, Box<dyn std::error::Error>>(status.ok_or_else(unknown)?.execution_id.0)
    };
    let execution = if let Some(execution) = args.execution {
        execution
    } else {
        last().await?
    };
    let client = Client::new(Arc::new(store));
    let history = RecordedHistory::export(&client, &args.instance, execution).await?;
    print!("{}", history.to_json()?);
    Ok(())
}
