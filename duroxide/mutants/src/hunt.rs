//! The hunt: for each mutant the tests that reach it, until one of them fails.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::compiler::{Built, Kind};
use crate::cover::{Covered, command};
use crate::error::Error;
use crate::list::Mutant;
use crate::order::batches;
use crate::process::{Ended, run, timed};
use crate::results::{Line, Outcome, Results};
use crate::tree::Tree;
use crate::{parallel, progress};

/// How much longer than without a mutant tests may take: so many seconds, and so many times.
const LONGER: (f64, f64) = (20.0, 4.0);

/// What a hunt needs.
#[derive(Debug)]
pub(crate) struct Hunt<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) built: &'a Built<'a>,
    pub(crate) tests: &'a [Covered],
    pub(crate) jobs: usize,
    /// Seconds of tests for one mutant.
    pub(crate) budget: f64,
}

impl Hunt<'_> {
    /// Hunts for each mutant that has no result yet.
    pub(crate) fn run(&self, results: &Results) -> Result<(), Error> {
        let mut open = self.built.mutants.clone();
        open.retain(|mutant| !results.has(mutant));
        // In no order: what an interrupted hunt has found is a fair sample.
        open.sort_by_key(|mutant| {
            let mut hasher = DefaultHasher::new();
            mutant.name.hash(&mut hasher);
            hasher.finish()
        });
        if open.is_empty() {
            return Ok(());
        }
        self.try_without_mutant()?;
        let mut reached: BTreeMap<usize, Vec<&Covered>> = BTreeMap::new();
        for test in self.tests {
            for id in &test.reached {
                reached.entry(*id).or_default().push(test);
            }
        }
        let (all, done) = (open.len(), AtomicUsize::new(0));
        progress(&format!("{all} mutants are hunted"));
        parallel::each(self.jobs, open, |mutant| {
            let tests = reached.get(&mutant.id).cloned().unwrap_or_default();
            results.add(self.one(mutant, tests)?)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(50) {
                progress(&format!("{done} of {all}"));
            }
            Ok(())
        })
    }

    /// If the tests could not be run like this at all, every mutant would look as if it had been found.
    fn try_without_mutant(&self) -> Result<(), Error> {
        for kind in self.built.programs.keys() {
            let some = self.tests.iter().filter(|test| test.kind == *kind).take(1);
            let some: Vec<_> = some.collect();
            if some.is_empty() {
                continue;
            }
            match self.try_some(0, *kind, &some)? {
                Ended::Well(_) => {}
                Ended::Badly(said) => return Err(Error::new(format!("without a mutant: {said}"))),
                Ended::Not => return Err(Error::new("without a mutant a test comes to no end")),
            }
        }
        Ok(())
    }

    fn one(&self, mutant: &Mutant, tests: Vec<&Covered>) -> Result<Line, Error> {
        let mut line = Line::of(mutant);
        line.of = tests.len();
        if tests.is_empty() {
            return Ok(line);
        }
        let (outcome, seconds) = timed(|| {
            for batch in batches(&mutant.file, tests, self.budget) {
                for kind in [Kind::Unit, Kind::Outside] {
                    let some = batch.iter().copied().filter(|it| it.kind == kind);
                    let some: Vec<_> = some.collect();
                    if some.is_empty() {
                        continue;
                    }
                    line.tests += some.len();
                    match self.try_some(mutant.id, kind, &some)? {
                        Ended::Well(_) => {}
                        Ended::Badly(said) => {
                            line.by = Some(failed(&said));
                            return Ok(Outcome::Killed);
                        }
                        Ended::Not => return Ok(Outcome::Timeout),
                    }
                }
            }
            Ok(Outcome::Survived)
        });
        line.outcome = outcome?;
        line.seconds = seconds;
        Ok(line)
    }

    /// Runs some tests of one program with a mutant on, until the first one fails.
    fn try_some(&self, mutant: usize, kind: Kind, tests: &[&Covered]) -> Result<Ended, Error> {
        let Some(program) = self.built.programs.get(&kind) else {
            return Err(Error::new(format!(
                "there is no program of tests: {kind:?}"
            )));
        };
        let mut command: Command = command(self.tree, program);
        command.env("DUROXIDE_MUTANT", mutant.to_string());
        // `--fail-fast` is unstable in libtest. It looks for this variable when it runs, and with
        // it takes such options on a stable toolchain as well.
        command.env("RUSTC_BOOTSTRAP", "1");
        command.args([
            "-Zunstable-options",
            "--fail-fast",
            "--test-threads=2",
            "--exact",
        ]);
        command.args(tests.iter().map(|it| &it.test));
        let alone: f64 = tests.iter().map(|it| it.seconds).sum();
        let limit = Duration::from_secs_f64(LONGER.0 + LONGER.1 * alone);
        run(&mut command, limit)
    }
}

/// The test that failed, as libtest tells it.
fn failed(said: &str) -> String {
    let failed = said.lines().find_map(|line| {
        let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
        Some(name.trim_end_matches(" - should panic").to_owned())
    });
    failed.unwrap_or_else(|| "the process ended".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_that_failed_is_named() {
        let said = "running 2 tests\ntest a::b ... ok\ntest a::c ... FAILED\n\nfailures:\n";
        assert_eq!(failed(said), "a::c");
        assert_eq!(failed("test d - should panic ... FAILED"), "d");
        assert_eq!(failed("running 1 test\n"), "the process ended");
    }
}
