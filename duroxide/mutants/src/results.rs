//! What was found: a line for each mutant in a file, and a table of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{About as _, Error};
use crate::list::Mutant;
use crate::refused::Refused;
use crate::tree::Tree;

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// A test failed.
    Killed,
    /// The tests came to no end: whoever waits would have noticed.
    Timeout,
    /// All tests passed.
    Survived,
    /// No test asks its switch.
    Unreached,
}

/// A result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Which sources it is true of.
    #[serde(default)]
    sources: String,
    mutant: String,
    pub(crate) outcome: Outcome,
    /// The test that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// How many tests were tried.
    pub(crate) tests: usize,
    /// How many reach it: more, if one failed or the budget was spent.
    pub(crate) of: usize,
    pub(crate) seconds: f64,
}

impl Line {
    /// Nothing has been tried yet.
    pub(crate) fn of(mutant: &Mutant) -> Self {
        Self {
            sources: String::new(),
            mutant: mutant.name.clone(),
            outcome: Outcome::Unreached,
            by: None,
            tests: 0,
            of: 0,
            seconds: 0.0,
        }
    }
}

/// All results. Each is written when it is there, so that an interrupted hunt can go on.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) path: PathBuf,
    sources: String,
    file: Mutex<File>,
    lines: Mutex<BTreeMap<String, Line>>,
}

impl Results {
    /// Opens the file. What it says of other sources is left out.
    pub(crate) fn open(tree: &Tree) -> Result<Self, Error> {
        Self::at(tree.work.join("results.jsonl"), tree.fingerprint())
    }

    fn at(path: PathBuf, sources: String) -> Result<Self, Error> {
        let text = fs::read_to_string(&path).unwrap_or_default();
        // The last one may have been cut short.
        let lines = text.lines().filter_map(|it| serde_json::from_str(it).ok());
        let lines = lines.filter(|line: &Line| line.sources == sources);
        let lines = lines.map(|line| (line.mutant.clone(), line)).collect();
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.about(path.display())?;
        if !text.is_empty() && !text.ends_with('\n') {
            (&file).write_all(b"\n").about(path.display())?;
        }
        Ok(Self {
            path,
            sources,
            file: Mutex::new(file),
            lines: Mutex::new(lines),
        })
    }

    pub(crate) fn has(&self, mutant: &Mutant) -> bool {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.contains_key(&mutant.name)
    }

    pub(crate) fn add(&self, mut line: Line) -> Result<(), Error> {
        line.sources.clone_from(&self.sources);
        let text = serde_json::to_string(&line).about(&line.mutant)? + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(text.as_bytes()).about(self.path.display())?;
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.insert(line.mutant.clone(), line);
        Ok(())
    }

    /// The results of these mutants, by area, as a table.
    pub(crate) fn table(&self, mutants: &[&Mutant], refused: &Refused) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: BTreeMap<(&str, Outcome), usize> = BTreeMap::new();
        let (mut beyond, mut alone, mut open) = (0, 0, 0);
        for mutant in mutants {
            if refused.is_beyond_switches(mutant) {
                beyond += 1;
            } else if refused.has(mutant) {
                alone += 1;
            } else if let Some(line) = lines.get(&mutant.name) {
                for area in [area(&mutant.file), ALL] {
                    *counts.entry((area, line.outcome)).or_default() += 1;
                }
            } else {
                open += 1;
            }
        }
        let mut text =
            "| area | mutants | killed | timeout | survived | never reached | percent |\n\
            |---|---|---|---|---|---|---|\n"
                .to_owned();
        for area in ["engine", "model", "redb", CHECKS, ALL] {
            let count = |outcome| counts.get(&(area, outcome)).copied().unwrap_or(0);
            let (killed, timeout) = (count(Outcome::Killed), count(Outcome::Timeout));
            let (survived, unreached) = (count(Outcome::Survived), count(Outcome::Unreached));
            let all = killed + timeout + survived + unreached;
            let tenths = (killed + timeout) * 1000 / all.max(1);
            let percent = format!("{}.{}", tenths / 10, tenths % 10);
            let _ = writeln!(
                text,
                "| {area} | {all} | {killed} | {timeout} | {survived} | {unreached} | {percent} |"
            );
        }
        let _ = writeln!(
            text,
            "\nLeft out: {alone} that do not compile, {beyond} beyond switches."
        );
        if open > 0 {
            let _ = writeln!(text, "{open} have no result yet.");
        }
        text
    }
}

const CHECKS: &str = "checks of commits";

const ALL: &str = "all";

fn area(file: &str) -> &'static str {
    let areas = [
        ("/engine/", "engine"),
        ("/provider/model/", "model"),
        ("/redb/", "redb"),
    ];
    let found = areas.iter().find(|(folder, _)| file.contains(folder));
    found.map_or(CHECKS, |(_, area)| area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Genre;

    fn mutant(file: &str, name: &str) -> Mutant {
        Mutant {
            id: 1,
            file: format!("duroxide/src/{file}"),
            name: name.to_owned(),
            genre: Genre::Body,
            replacement: String::new(),
            place: (1, 1),
            returns: String::new(),
        }
    }

    #[test]
    fn results_are_kept_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.jsonl");
        let mutants = [
            mutant("engine/mod.rs", "a"),
            mutant("engine/mod.rs", "b"),
            mutant("engine/mod.rs", "c"),
            mutant("provider/check.rs", "d"),
            mutant("provider/check.rs", "e"),
            mutant("storage/redb/open.rs", "f"),
        ];
        let results = Results::at(path.clone(), "1".to_owned()).unwrap();
        let outcomes = [Outcome::Killed, Outcome::Timeout, Outcome::Survived];
        for (mutant, outcome) in mutants.iter().zip(outcomes) {
            let line = Line {
                outcome,
                ..Line::of(mutant)
            };
            results.add(line).unwrap();
        }
        results.add(Line::of(&mutants[3])).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{\"cut").unwrap();

        let results = Results::at(path.clone(), "1".to_owned()).unwrap();
        assert!(results.has(&mutants[0]) && !results.has(&mutants[4]));
        let mut refused = Refused::load(folder.path(), "1".to_owned());
        refused.add(&mutants[4], "E0015");
        let all: Vec<_> = mutants.iter().collect();
        let table = results.table(&all, &refused);
        for line in [
            "| engine | 3 | 1 | 1 | 1 | 0 | 66.6 |",
            "| redb | 0 | 0 | 0 | 0 | 0 | 0.0 |",
            "| checks of commits | 1 | 0 | 0 | 0 | 1 | 0.0 |",
            "| all | 4 | 1 | 1 | 1 | 1 | 50.0 |",
            "Left out: 0 that do not compile, 1 beyond switches.",
            "1 have no result yet.",
        ] {
            assert!(table.lines().any(|it| it == line), "{line}\n{table}");
        }
        results.add(Line::of(&mutants[5])).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.lines().last().unwrap().contains("\"unreached\""),
            "{text}"
        );
        let others = Results::at(path, "2".to_owned()).unwrap();
        assert!(!others.has(&mutants[0]));
    }
}
