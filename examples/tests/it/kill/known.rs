//! All that was ever said about one store: by the processes, and by the store itself.

use std::collections::{BTreeMap, BTreeSet};

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
    lives: usize,
    lives_with_work: usize,
}

impl Known {
    /// Takes note of what a process said and ran before its end.
    pub(super) fn life(&mut self, lines: &[String], runs: &[Run]) {
        self.lives += 1;
        for line in lines {
            let mut words = line.split(' ');
            match (words.next().unwrap(), words.next().unwrap()) {
                ("accepted", id) => {
                    // Nobody else starts it: accepted twice is lost once.
                    assert!(self.accepted.insert(id.to_owned()), "{line}: again");
                    assert!(!self.instances.contains_key(id), "{line}: it was there");
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
        self.new_runs(runs);
    }

    fn new_runs(&mut self, runs: &[Run]) {
        assert!(runs.starts_with(&self.runs), "the log of runs only grows");
        let new = &runs[self.runs.len()..];
        let mut this_life = BTreeSet::new();
        for run in new {
            let key = (run.instance.clone(), run.activity);
            assert!(
                !self.acknowledged.contains_key(&key),
                "run again although its result was durable: {run:?}"
            );
            assert!(this_life.insert(key.clone()), "twice in one life: {run:?}");
            *self.counts.entry(key).or_default() += 1;
        }
        self.lives_with_work += usize::from(!new.is_empty());
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
        for (key, runs) in &self.counts {
            assert!(*runs <= self.lives, "{key:?}: {runs} in {}", self.lives);
        }
    }

    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn lives_with_work(&self) -> usize {
        self.lives_with_work
    }
}
