//! Measures what `docs/performance.md` reports: `cargo run --release --example bench -- WORKLOAD`.
//!
//! Every measurement is made in a process of its own and prints one line of JSON. Everything is
//! measured with full durability, unless said otherwise on the command line; the fsyncs are counted
//! at the file.

mod conduct;
mod counted;
mod probe;
mod report;
mod setup;
mod system;
mod table;
mod targets;
mod victim;
mod workloads;

use std::path::PathBuf;

use clap::Parser;

use setup::{Setup, Switch};
use workloads::{Case, Workload};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures duroxide on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// What is run.
    #[arg(value_enum, required_unless_present = "table")]
    workloads: Vec<Workload>,
    #[command(flatten)]
    setup: Setup,
    /// Other sizes than those of `docs/performance.md`; may be given several times.
    #[arg(long = "size")]
    sizes: Vec<u64>,
    /// How long a workload that is bounded by time runs.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How many runs of each.
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Whether the limits that a workload is compared with are measured in the same run.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    limits: Switch,
    /// Prints the lines in this file as tables, in Markdown, instead of running anything; medians
    /// of all runs in it.
    #[arg(long, conflicts_with = "workloads")]
    table: Option<PathBuf>,
    /// This process makes the measurement.
    #[arg(long, hide = true)]
    alone: bool,
    /// What was measured as the limit of this workload.
    #[arg(long, hide = true)]
    limit: Option<f64>,
    /// This process fills that file and is then killed.
    #[arg(long, hide = true)]
    victim: Option<PathBuf>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the result")]
async fn main() -> Outcome<()> {
    let args = Args::parse();
    if let Some(lines) = &args.table {
        print!("{}", table::markdown(&std::fs::read_to_string(lines)?)?);
        return Ok(());
    }
    let Some(case) = args.only_case() else {
        return conduct::all(&args);
    };
    if let Some(file) = &args.victim {
        return workloads::fill(&case, file).await;
    }
    println!("{}", serde_json::to_string(&workloads::run(&case).await?)?);
    Ok(())
}

impl Args {
    /// The one measurement that this process is for, if another process started it.
    fn only_case(&self) -> Option<Case> {
        let (workload, size) = (*self.workloads.first()?, *self.sizes.first()?);
        (self.alone || self.victim.is_some()).then(|| Case {
            workload,
            size,
            seconds: self.seconds,
            limit: self.limit,
            setup: self.setup.clone(),
        })
    }
}
