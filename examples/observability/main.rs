//! What can be seen from outside: log lines as JSON, spans with their durations, and a table of metrics.
//!
//! `cargo run --example observability -- PATH..` measures files (some of this repository, and one that
//! does not exist, if you name none). Lines and spans go to standard error, one JSON object each; the
//! table stands on standard output at the end. Kill it and run it again: it counts what it does
//! itself. Delete `observability.work` to begin anew.

mod table;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use duroxide::prelude::*;
use duroxide::runtime::ObservabilityConfig;
use examples::{Folder, say};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

use table::Table;

/// Measures files, and shows what can be seen of it.
#[derive(Debug, Parser)]
struct Args {
    #[arg(default_values = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
        "no/such/file",
    ])]
    paths: Vec<PathBuf>,
    /// The level of what orchestrations and activities log: `debug` shows more, `error` less.
    #[arg(long, default_value = "info")]
    level: String,
}

#[activity(retry(max_attempts = 3, fixed = "100ms"))]
async fn size_of(ctx: &ActivityContext, path: PathBuf) -> Result<u64, String> {
    // With the fields of the activity: instance, name, attempt, worker.
    trace_info!(
        ctx,
        "looking at {}, attempt {}",
        path.display(),
        ctx.attempt()
    );
    let metadata = std::fs::metadata(&path).map_err(|error| error.to_string())?;
    Ok(metadata.len())
}

#[orchestration]
async fn measure(ctx: &OrchestrationContext, path: PathBuf) -> Result<u64, String> {
    let size = size_of(ctx, path).await?;
    ctx.schedule_timer(Duration::from_secs(1)).await;
    // Once, when the code gets here first; not when it runs from its history.
    trace_info!(ctx, "{size} bytes");
    Ok(size)
}

#[tokio::main]
async fn main() -> examples::Result {
    let args = Args::parse();
    let observability = ObservabilityConfig {
        log_level: args.level,
        ..ObservabilityConfig::default()
    };
    // The library installs neither of these: a process has one of each, and it is the program's.
    let table = Table::default();
    metrics::set_global_recorder(table.clone())?;
    let shown: Targets = observability.filter().parse()?;
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(io::stderr)
        .with_span_events(FmtSpan::CLOSE);
    tracing_subscriber::registry()
        .with(lines.with_filter(shown))
        .init();

    let options = RuntimeOptions {
        observability,
        ..RuntimeOptions::default()
    };
    let runtime = Runtime::builder()
        .store(Folder::of("observability")?.store("store.redb")?)
        .options(options)
        .start()
        .await?;
    let counts = Arc::clone(&runtime);
    examples::run(runtime, async move |client| {
        let mut measures = Vec::new();
        for (number, path) in args.paths.into_iter().enumerate() {
            let start = measure::start(&client, path).id(format!("measure-{number}"));
            measures.push(start.if_absent().await?);
        }
        say!("measuring {} files", measures.len());
        for measure in measures {
            match measure.result().await {
                Ok(size) => say!("{}: {size} bytes", measure.id()),
                Err(error) => say!("{}: {error}", measure.id()),
            }
        }
        if let Some(counts) = counts.metrics_snapshot() {
            let (well, badly) = (counts.orch_completions, counts.orch_failures);
            say!("ended by this process: {well} well, {badly} badly");
        }
        Ok(())
    })
    .await?;
    say!("{table}");
    Ok(())
}
