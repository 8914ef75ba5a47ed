//! `cargo duroxide`: the determinism rules over a whole workspace, and their pages.

use std::path::PathBuf;
use std::process::ExitCode;

use cargo_duroxide::{Format, Options, check, explain};
use clap::{Parser, Subcommand};

/// Checks orchestrations for what differs on replay.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo duroxide", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Looks at all orchestrations of the workspace, and at what they reach.
    Check {
        /// How findings are written.
        #[arg(long, value_enum, default_value = "text")]
        format: Shape,
        /// Also compares the durable calls with those of a git reference.
        #[arg(long, value_name = "REF")]
        against: Option<String>,
        /// The `Cargo.toml` to begin with.
        #[arg(long, value_name = "PATH")]
        manifest_path: Option<PathBuf>,
        /// Leaves clippy out: nothing is compiled, and methods behind fields are not seen.
        #[arg(long)]
        no_clippy: bool,
        /// Shows the page of a rule instead.
        #[arg(long, value_name = "ID")]
        explain: Option<String>,
    },
    /// Shows the page of a rule.
    Explain {
        /// For instance `DX0101`.
        id: String,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shape {
    Text,
    Json,
    Sarif,
}

fn main() -> ExitCode {
    // Cargo calls it as `cargo-duroxide duroxide ..`.
    let mut given: Vec<_> = std::env::args_os().collect();
    if given.get(1).is_some_and(|first| first == "duroxide") {
        given.remove(1);
    }
    let (text, is_fine) = match Arguments::parse_from(given).command {
        Command::Check {
            explain: Some(id), ..
        }
        | Command::Explain { id } => match explain(&id) {
            Some(page) => (page.to_owned(), true),
            None => (format!("there is no rule `{id}`\n"), false),
        },
        Command::Check {
            format,
            against,
            manifest_path,
            no_clippy,
            explain: None,
        } => {
            let format = match format {
                Shape::Text => Format::Text,
                Shape::Json => Format::Json,
                Shape::Sarif => Format::Sarif,
            };
            let options = Options {
                against,
                manifest_path,
                asks_clippy: !no_clippy,
            };
            match check(&options) {
                Ok(checked) => {
                    for note in &checked.notes {
                        write_beside(&format!("note: {note}\n"));
                    }
                    (checked.text(format), checked.is_fine())
                }
                Err(error) => (format!("error: {error}\n"), false),
            }
        }
    };
    write(&text);
    if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whoever closes the pipe has read enough.
fn write(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// For people, so that machines can read the rest.
fn write_beside(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(text.as_bytes());
}
