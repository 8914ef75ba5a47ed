//! How many instructions small pieces of work take: `cargo bench -p duroxide --bench instructions`.
//!
//! Instructions are counted by callgrind, so other work on the machine does not matter, and the counts
//! of one version can be compared with those of another: `baseline.txt` has the last that were
//! recorded, with `-- --record`. A count that grew by a tenth fails the program. They depend on the
//! compiler and the C library too; where one of these changed, record first and then compare.
//!
//! Each piece is done once and 101 times, each in a process of its own; what counts is a hundredth of
//! the difference, so that the start of the process is not in it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "in a benchmark, a panic or a line is the report"
)]

#[path = "../micro/steps.rs"]
mod steps;
mod work;

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitCode};

use work::{WORK, Work};

/// So many rounds more does the second process.
const MORE: u64 = 100;
/// What a count may have grown by until it fails the program, in percent.
const ALLOWED: u64 = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--work", name, rounds] => {
            let (_, work) = WORK.iter().find(|(known, _)| *known == name).unwrap();
            work(rounds.parse().unwrap());
            ExitCode::SUCCESS
        }
        // As a test: that it works.
        ["--test", ..] => {
            for (_, work) in WORK {
                work(1);
            }
            ExitCode::SUCCESS
        }
        ["--record", ..] => {
            let lines = counts().into_iter();
            let lines = lines.map(|(name, count)| format!("{name} {count}\n"));
            fs::write(baseline(), lines.collect::<String>()).unwrap();
            ExitCode::SUCCESS
        }
        _ => compare(),
    }
}

fn compare() -> ExitCode {
    let recorded = fs::read_to_string(baseline()).unwrap_or_default();
    let recorded = |name: &str| {
        let mut lines = recorded.lines().filter_map(|line| line.split_once(' '));
        let (_, count) = lines.find(|(known, _)| *known == name)?;
        count.parse::<u64>().ok()
    };
    let mut grew = false;
    for (name, count) in counts() {
        let Some(before) = recorded(name) else {
            println!("{name}: {count} instructions; nothing is recorded to compare with");
            continue;
        };
        let percent = count * 100 / before.max(1);
        println!("{name}: {count} instructions, {percent} % of {before}");
        grew |= percent > 100 + ALLOWED;
    }
    if grew {
        eprintln!("a count grew by more than {ALLOWED} %");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn counts() -> Vec<(&'static str, u64)> {
    let one = |&(name, _): &(&'static str, Work)| {
        let (once, more) = (instructions(name, 1), instructions(name, 1 + MORE));
        (name, more.saturating_sub(once) / MORE)
    };
    WORK.iter().map(one).collect()
}

/// The instructions of a whole process.
fn instructions(name: &str, rounds: u64) -> u64 {
    let itself = env::current_exe().unwrap();
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(itself)
        .args(["--work", name, &rounds.to_string()])
        .output();
    let run = match run {
        Ok(run) => run,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("`valgrind` counts the instructions: install the package of that name")
        }
        Err(error) => panic!("`valgrind` cannot be started: {error}"),
    };
    let said = String::from_utf8_lossy(&run.stderr);
    let mut lines = said.lines().filter_map(|line| line.split_once("refs:"));
    let Some((_, count)) = lines.next().filter(|_| run.status.success()) else {
        panic!("`{name}` failed:\n{said}");
    };
    count.trim().replace(',', "").parse().unwrap()
}

fn baseline() -> impl AsRef<Path> {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/instructions/baseline.txt"
    )
}
