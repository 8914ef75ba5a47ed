//! What the checks cost a build: a crate of 20 orchestrations and 10,000 lines is compiled with them and
//! without them, in turns, and the processor time of the compilers is compared.
//!
//! ```sh
//! cargo run -p ui-tests --example compile_time
//! cargo run -p ui-tests --example compile_time -- 5 check
//! ```
//!
//! The second one says how often each of both is compiled, and with which command alone.
//!
//! `docs/performance.md` has figures. Without the checks means: the macros are built with
//! `--cfg duroxide_unchecked`, which exists for this program only.

mod generate;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How often each of both is compiled, if the command line says nothing else.
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => ROUNDS,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let folder = root.join("target/compile-time");
    let lines = write(&root, &folder.join("crate"))?;
    say(&format!(
        "{} orchestrations, {lines} lines",
        generate::ORCHESTRATIONS
    ));
    let only = std::env::args().nth(2);
    for command in ["build", "check"] {
        if only.as_deref().is_some_and(|only| only != command) {
            continue;
        }
        let with = Variant::new(&folder, command, true);
        let without = Variant::new(&folder, command, false);
        // What the crate depends on is built before.
        with.compile()?;
        without.compile()?;
        let mut times = (Vec::new(), Vec::new());
        for round in 0..rounds {
            // In turns, and each of them first as often as the other.
            let (a, b) = if round % 2 == 0 {
                (&with, &without)
            } else {
                (&without, &with)
            };
            let (a_time, b_time) = (a.time()?, b.time()?);
            let (checked, unchecked) = if round % 2 == 0 {
                (a_time, b_time)
            } else {
                (b_time, a_time)
            };
            times.0.push(checked);
            times.1.push(unchecked);
        }
        report(command, &mut times.0, &mut times.1);
    }
    Ok(())
}

/// The crate in that folder; gives the number of its lines of Rust.
fn write(root: &Path, folder: &Path) -> Result<usize, Box<dyn Error>> {
    fs::create_dir_all(folder.join("src"))?;
    let mut lines = 0;
    for (name, text) in generate::sources() {
        lines += text.lines().count();
        fs::write(folder.join("src").join(name), text)?;
    }
    fs::write(
        folder.join("Cargo.toml"),
        generate::manifest(&root.join("duroxide")),
    )?;
    // The versions that this workspace is tested with.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(lines)
}

/// One way to compile the crate.
struct Variant {
    command: &'static str,
    manifest: PathBuf,
    target: PathBuf,
    flags: &'static str,
}

impl Variant {
    fn new(folder: &Path, command: &'static str, is_checked: bool) -> Self {
        Self {
            command,
            manifest: folder.join("crate/Cargo.toml"),
            target: folder.join(if is_checked { "checked" } else { "unchecked" }),
            flags: if is_checked {
                ""
            } else {
                "--cfg duroxide_unchecked"
            },
        }
    }

    fn compile(&self) -> Result<(), Box<dyn Error>> {
        let status = Command::new(env!("CARGO"))
            .args([self.command, "--quiet", "--offline", "--manifest-path"])
            .arg(&self.manifest)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("RUSTFLAGS", self.flags)
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!(
                "`cargo {}` of {} failed",
                self.command,
                self.manifest.display()
            )
            .into())
        }
    }

    /// Compiles the crate anew; gives the seconds of processor time.
    fn time(&self) -> Result<f64, Box<dyn Error>> {
        let source = self.manifest.with_file_name("src").join("lib.rs");
        let text = fs::read(&source)?;
        fs::write(&source, text)?;
        let before = of_children()?;
        self.compile()?;
        Ok(of_children()? - before)
    }
}

/// The processor time of all processes that this one has waited for: on a machine with other work the
/// clock on the wall would count that too.
fn of_children() -> Result<f64, Box<dyn Error>> {
    const TICKS: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat")
        .map_err(|error| format!("processor time is read from `/proc/self/stat`: {error}"))?;
    let (_, fields) = text
        .rsplit_once(')')
        .ok_or("`/proc/self/stat` has no name")?;
    let field = |index| -> Result<f64, Box<dyn Error>> {
        let field = fields.split_whitespace().nth(index);
        Ok(field.ok_or("`/proc/self/stat` is too short")?.parse()?)
    };
    // User and system time, the fourteenth and fifteenth field behind the name.
    Ok((field(13)? + field(14)?) / TICKS)
}

fn report(command: &str, checked: &mut [f64], unchecked: &mut [f64]) {
    let shown = |name: &str, times: &mut [f64]| {
        times.sort_by(f64::total_cmp);
        let least = times.first().copied().unwrap_or(f64::NAN);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        say(&format!(
            "cargo {command}, {name}: least {least:.2} s, median {median:.2} s"
        ));
        (least, median)
    };
    let with = shown("with the checks", checked);
    let without = shown("without them", unchecked);
    let more = |with: f64, without: f64| (with / without - 1.0) * 100.0;
    say(&format!(
        "cargo {command}: {:+.1} % by the least, {:+.1} % by the median",
        more(with.0, without.0),
        more(with.1, without.1)
    ));
}

#[expect(clippy::print_stdout, reason = "a program that people run")]
fn say(text: &str) {
    println!("{text}");
}
