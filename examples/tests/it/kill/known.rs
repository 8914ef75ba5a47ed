//! All that was ever said about one store: by the processes, and by the store itself.

use std::collections::{BTreeMap, BTreeSet};

use super::LAST_DELIVERY;
use super::snapshot::{Key, Snapshot};
use crate::store::{self, Instance};
use crate::work::{Run, Work};

/// Everything that has to stay true.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Orders whose start was acknowledged.
    accepted: BTreeSet<String>,
    /// Receipts of orders whose end was reported.
    done: BTreeMap<String, String>,
    /// The instances as they were last seen.
    instances: BTreeMap<String, Instance>,
    /// Results of activities that were durable when last seen.
    acknowledged: BTreeMap<Key, String>,
    /// Every run of an activity, in order.
    runs: Vec<Run>,
    /// How often an activity ran.
    counts: BTreeMap<Key, usize>,
    /// The epoch of the run that began last.
    newest: BTreeMap<Key, u64>,
    lives: usize,
    lives_with_work: usize,
    /// How often locks were lost in the middle of a life.
    interruptions: usize,
    /// Nobody knows how often.
    has_short_leases: bool,
    life: Life,
}

/// What is known of one process.
#[derive(Debug, Default)]
struct Life {
    /// How many of its lines were taken note of.
    lines: usize,
    /// The instances that it found.
    found: BTreeSet<String>,
    ran: BTreeSet<Key>,
    /// Locks were lost in its middle, or may be.
    is_interrupted: bool,
}

impl Known {
    /// Takes note of what a process said and ran before its end.
    pub(super) fn life(&mut self, lines: &[String], runs: &[Run]) {
        self.begin();
        self.so_far(lines, runs);
    }

    /// The next process begins.
    pub(super) fn begin(&mut self) {
        self.lives += 1;
        self.life = Life {
            found: self.instances.keys().cloned().collect(),
            is_interrupted: self.has_short_leases,
            ..Life::default()
        };
    }

    /// All processes have leases that a busy machine is enough to lose.
    pub(super) fn leases_are_short(&mut self) {
        self.has_short_leases = true;
    }

    /// The process that is alive may lose its locks in the middle, or has lost them so many times:
    /// what it runs may run again. What is durable may not.
    pub(super) fn interrupted(&mut self, times: usize) {
        self.interruptions += times;
        self.life.is_interrupted = true;
    }

    /// Takes note of all that the process has said and run since its begin.
    pub(super) fn so_far(&mut self, lines: &[String], runs: &[Run]) {
        for line in &lines[self.life.lines..] {
            self.said(line);
        }
        self.life.lines = lines.len();
        self.new_runs(runs);
    }

    fn said(&mut self, line: &str) {
        let mut words = line.split(' ');
        match (words.next().unwrap(), words.next().unwrap()) {
            ("accepted", id) => {
                // Nobody else starts it: accepted twice is lost once.
                assert!(self.accepted.insert(id.to_owned()), "{line}: again");
                assert!(!self.life.found.contains(id), "{line}: it was there");
            }
            ("known", _) | (_, "sales") => {}
            ("done", id) => {
                let receipt = words.next().unwrap().to_owned();
                let before = self.done.insert(id.to_owned(), receipt.clone());
                assert!(before.is_none_or(|before| before == receipt), "{line}");
            }
            _ => panic!("what is `{line}`?"),
        }
    }

    fn new_runs(&mut self, runs: &[Run]) {
        assert!(runs.starts_with(&self.runs), "the log of runs only grows");
        for run in &runs[self.runs.len()..] {
            let key = (run.instance.clone(), run.activity);
            let newest = self.newest.entry(key.clone()).or_default();
            assert_ne!(run.epoch, *newest, "two runs under one lock: {run:?}");
            // It began before its successor did, which alone could be acknowledged.
            let is_late = self.life.is_interrupted && run.epoch < *newest;
            *newest = run.epoch.max(*newest);
            assert!(
                is_late || !self.acknowledged.contains_key(&key),
                "run again although its result was durable: {run:?}"
            );
            self.lives_with_work += usize::from(self.life.ran.is_empty());
            let is_first = self.life.ran.insert(key.clone());
            let may_be_second = self.life.is_interrupted;
            assert!(is_first || may_be_second, "twice in one life: {run:?}");
            *self.counts.entry(key).or_default() += 1;
        }
        self.runs = runs.to_vec();
    }

    /// Compares what is in the store with all that was said, and takes note of it.
    pub(super) fn check(&mut self, now: &Snapshot) {
        self.check_instances(&now.instances);
        let acknowledged = now.acknowledged();
        for (key, result) in &self.acknowledged {
            assert_eq!(acknowledged.get(key), Some(result), "lost: {key:?}");
        }
        for key in acknowledged.keys() {
            assert!(self.counts.contains_key(key), "done but not run: {key:?}");
        }
        for run in &self.runs {
            let asked = now.asked_for(&(run.instance.clone(), run.activity));
            let name = Some(run.name.as_str());
            assert_eq!(asked, name, "run without a durable schedule: {run:?}");
        }
        self.acknowledged = acknowledged;
    }

    fn check_instances(&mut self, now: &BTreeMap<String, Instance>) {
        for id in &self.accepted {
            assert!(now.contains_key(id), "accepted and lost: {id}");
        }
        for (id, before) in &self.instances {
            let now = now.get(id).unwrap_or_else(|| panic!("lost: {id}"));
            assert!(
                now.history.starts_with(&before.history),
                "{id} had {:#?} and has {:#?}",
                before.history,
                now.history
            );
            assert!(!before.status.is_terminal() || now == before, "{id}");
        }
        for (id, receipt) in &self.done {
            let output = format!("\"{receipt}\"");
            assert_eq!(now[id].output(), Some(output.as_str()), "{id}");
        }
        self.instances.clone_from(now);
    }

    pub(super) fn check_nothing_was_accepted(&self) {
        assert!(self.accepted.is_empty() && self.instances.is_empty());
    }

    /// The last process came to its end by itself: everything is done.
    pub(super) fn check_end(&mut self, work: &Work) {
        self.check_instances(&store::read(&work.store()));
        assert_eq!(self.instances.len(), work.orders());
        assert_eq!(self.done.len(), work.orders());
        assert_eq!(self.counts.len(), 4 * work.orders());
        for ((id, source), result) in &self.acknowledged {
            let recorded = self.instances[id].completions().find(|c| c.0 == *source);
            assert_eq!(recorded, Some((*source, result.as_str())), "lost: {id}");
        }
        let most = if self.has_short_leases {
            LAST_DELIVERY as usize
        } else {
            self.lives + self.interruptions
        };
        for (key, runs) in &self.counts {
            assert!(*runs <= most, "{key:?}: {runs} of {most}");
        }
    }

    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn lives_with_work(&self) -> usize {
        self.lives_with_work
    }
}
