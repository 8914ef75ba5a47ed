//! Which test reaches which mutants: each test runs once, in a process of its own, with no mutant on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::compiler::{Built, Kind};
use crate::error::{About as _, Error};
use crate::process::{Ended, run, timed};
use crate::tree::Tree;
use crate::{parallel, progress};

/// No test takes as long as this.
const PATIENCE: Duration = Duration::from_secs(400);

/// A test that passes, and what it reaches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Covered {
    pub(crate) kind: Kind,
    pub(crate) test: String,
    pub(crate) seconds: f64,
    /// The numbers of the mutants whose switches it asked.
    pub(crate) reached: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    sources: String,
    /// The mutants in the build, by their numbers in the list of that time.
    mutants: BTreeMap<usize, String>,
    tests: Vec<Covered>,
}

/// Runs all tests, or reads what was found for the same build before.
pub(crate) fn cover(tree: &Tree, built: &Built<'_>, jobs: usize) -> Result<Vec<Covered>, Error> {
    let file = tree.work.join("coverage.json");
    let sources = tree.fingerprint();
    let mutants = built.mutants.iter().map(|it| (it.id, it.name.clone()));
    let mutants: BTreeMap<_, _> = mutants.collect();
    let text = fs::read_to_string(&file).unwrap_or_default();
    if let Ok(kept) = serde_json::from_str::<Kept>(&text)
        && (&kept.sources, &kept.mutants) == (&sources, &mutants)
    {
        return Ok(kept.tests);
    }
    let tests = run_all(tree, built, jobs)?;
    let kept = Kept {
        sources,
        mutants,
        tests,
    };
    let text = serde_json::to_string(&kept).about(file.display())?;
    fs::write(&file, text).about(file.display())?;
    Ok(kept.tests)
}

/// A program with tests as cargo would run it.
pub(crate) fn command(tree: &Tree, program: &Path) -> Command {
    let package = tree.folder().join("duroxide");
    let mut command = Command::new(program);
    command.current_dir(&package);
    command.env("CARGO_MANIFEST_DIR", package);
    command
        .env_remove("DUROXIDE_LONG")
        .env("RUST_BACKTRACE", "0");
    command
}

fn run_all(tree: &Tree, built: &Built<'_>, jobs: usize) -> Result<Vec<Covered>, Error> {
    let mut tests = Vec::new();
    for (kind, program) in &built.programs {
        let names = tests_of(&mut command(tree, program))?;
        tests.extend(names.into_iter().map(|name| (*kind, program, name)));
    }
    progress(&format!("{} tests are run, each by itself", tests.len()));
    let seen = tree.work.join("seen");
    fs::create_dir_all(&seen).about(seen.display())?;
    let found = Mutex::new(Vec::new());
    parallel::each(
        jobs,
        tests.into_iter().enumerate(),
        |(number, (kind, program, test))| {
            let log = seen.join(number.to_string());
            let _ = fs::remove_file(&log);
            let mut command = command(tree, program);
            command
                .args(["--exact", &test])
                .env("DUROXIDE_MUTANTS_SEEN", &log);
            let (ended, seconds) = timed(|| run(&mut command, PATIENCE));
            if !matches!(ended?, Ended::Well(_)) {
                progress(&format!("left out, it fails without a mutant: {test}"));
                return Ok(());
            }
            // There is none if it reached nothing.
            let text = fs::read_to_string(&log).unwrap_or_default();
            let reached = text.lines().filter_map(|line| line.parse().ok()).collect();
            let covered = Covered {
                kind,
                test,
                seconds,
                reached,
            };
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.push(covered);
            Ok::<_, Error>(())
        },
    )?;
    let _ = fs::remove_dir_all(&seen);
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn tests_of(program: &mut Command) -> Result<Vec<String>, Error> {
    match run(program.args(["--list", "--format", "terse"]), PATIENCE)? {
        Ended::Well(text) => Ok(names(&text)),
        Ended::Badly(_) | Ended::Not => Err(Error::new("the tests cannot be listed")),
    }
}

fn names(list: &str) -> Vec<String> {
    let tests = list.lines().filter_map(|line| line.strip_suffix(": test"));
    tests
        .filter(|it| !is_left_out(it))
        .map(str::to_owned)
        .collect()
}

/// Orders of threads by the thousand take minutes, and so does the hunt for planted bugs. Some tests read the
/// sources and the pages, which are other ones in the copy.
fn is_left_out(test: &str) -> bool {
    let anywhere = ["schedules::", "scoreboard", "doc_tests"];
    let first = ["documents", "layering"];
    anywhere.iter().any(|it| test.contains(it)) || first.iter().any(|it| test.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_tests_and_those_about_the_sources_are_left_out() {
        let list = "engine::a: test\nschedules::b: test\nsim::scoreboard::c: test\nlayering::d: test\n\
            disk::documents: test\ne: bench\n";
        assert_eq!(names(list), ["engine::a", "disk::documents"]);
    }
}
