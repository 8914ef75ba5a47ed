//! Mutation testing of the engine and the stores: which wrong code would the tests let pass?
//!
//! cargo-mutants does that by building once for each mutant. Here that takes about a minute and a half,
//! which makes forty hours for some 2,400 mutants. So this program puts all of them into one
//! build, each behind a switch that is asked when the code runs, and starts the tests again for each with
//! its switch on: one or two hours of two cores. The list of mutants is that of cargo-mutants, so
//! they are a well-known set, and `cargo mutants` itself repeats any of them.
//!
//! ```sh
//! cargo install cargo-mutants --locked
//! cargo run -p duroxide-mutants --release -- --only duroxide/src/engine
//! ```
//!
//! Everything is in `target/mutants`: `tree`, the sources with mutants; `build`; `results.jsonl`, a line
//! for each mutant. An interrupted run goes on from there, as long as the sources are the same.

mod blame;
mod compiler;
mod cover;
mod error;
mod hunt;
mod list;
mod order;
mod parallel;
mod process;
mod refused;
mod results;
mod rewrite;
#[cfg(test)]
mod switch;
mod tree;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use clap::Parser;

use crate::error::{About as _, Error};
use crate::hunt::Hunt;
use crate::refused::Refused;
use crate::results::Results;
use crate::tree::Tree;

/// Finds out which wrong code the tests would let pass.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only mutants with this in their names: `engine/inbox.rs`, `with Ok(())`.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How many mutants are hunted at a time; as many as there are cores, if nothing is said.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// How many seconds of tests one mutant may cost.
    #[arg(long, value_name = "SECONDS", default_value_t = 160.0)]
    budget: f64,
    /// A list that was written by `cargo mutants --list --json`, instead of asking for it.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(table) => {
            // Whoever closes the pipe has read enough.
            let _ = std::io::stdout().write_all(table.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            progress(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<String, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().about(root.display())?;
    let list = match &arguments.list {
        Some(file) => list::from_file(file)?,
        None => list::ask(&root)?,
    };
    let only = arguments.only.as_deref().unwrap_or_default();
    let mutants: Vec<_> = list.iter().filter(|it| it.name.contains(only)).collect();
    if mutants.is_empty() {
        return Err(Error::new(format!("no mutant has `{only}` in its name")));
    }
    let jobs = arguments
        .jobs
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, Into::into));
    let tree = Tree::of(&root)?;
    let mut refused = Refused::load(&tree.work, tree.fingerprint());
    let built = compiler::build(&tree, &mutants, &mut refused)?;
    let tests = cover::cover(&tree, &built, jobs)?;
    let results = Results::open(&tree)?;
    let hunt = Hunt {
        tree: &tree,
        built: &built,
        tests: &tests,
        jobs,
        budget: arguments.budget,
    };
    hunt.run(&results)?;
    progress(&format!("each result stands in {}", results.path.display()));
    Ok(results.table(&mutants, &refused))
}

/// Says what goes on, beside the results.
fn progress(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}
