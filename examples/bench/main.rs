//! Measures what `docs/performance.md` reports: `cargo run --release --example bench -- WORKLOAD`.
//!
//! Every workload prints one line of JSON. Everything is measured with full durability, unless
//! said otherwise on the command line; the fsyncs are counted at the file.

mod report;
mod setup;
mod workloads;

use clap::{Parser, ValueEnum};

use report::Report;
use setup::Setup;

/// Measures duroxide on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// What is run.
    #[arg(value_enum, required = true)]
    workload: Vec<Workload>,
    #[command(flatten)]
    setup: Setup,
    /// How long a workload that is bounded by time runs.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How many runs of each; every run gets a store of its own and a line of its own.
    #[arg(long, default_value_t = 1)]
    runs: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Workload {
    /// Start to result of one activity, 1,000 times in sequence.
    Hello,
    /// One orchestration, 100, 1,000 and 10,000 activities in sequence.
    Chain,
    /// Five parallel activities for each orchestration, 50, 200 and 1,000 of these in flight.
    Fanout,
    /// All of the above.
    All,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the result")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    for _ in 0..args.runs {
        for workload in &args.workload {
            for report in measure(*workload, &args).await? {
                println!("{}", serde_json::to_string(&report)?);
            }
        }
    }
    Ok(())
}

async fn measure(
    workload: Workload,
    args: &Args,
) -> Result<Vec<Report>, Box<dyn std::error::Error>> {
    let setup = &args.setup;
    let mut reports = Vec::new();
    if matches!(workload, Workload::Hello | Workload::All) {
        reports.push(workloads::hello(setup, 1_000).await?);
    }
    if matches!(workload, Workload::Chain | Workload::All) {
        for steps in [100, 1_000, 10_000] {
            reports.push(workloads::chain(setup, steps).await?);
        }
    }
    if matches!(workload, Workload::Fanout | Workload::All) {
        for in_flight in [50, 200, 1_000] {
            reports.push(workloads::fanout(setup, in_flight, args.seconds).await?);
        }
    }
    Ok(reports)
}
