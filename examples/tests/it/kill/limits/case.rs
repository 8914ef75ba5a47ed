//! One list of orders, on its way through whatever is done to the processes that work on it.

use crate::kill::known::Known;
use crate::kill::random::Random;
use crate::kill::snapshot::Snapshot;
use crate::process::Process;
use crate::work::Work;

/// A work folder, and all that is known about it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) work: Work,
    pub(super) known: Known,
    replays: bool,
}

impl Case {
    pub(super) fn new(work: Work, random: &mut Random) -> Self {
        Self {
            work,
            known: Known::default(),
            replays: random.one_in(3),
        }
    }

    /// Starts the next process. A file that was written in one way is opened in the other.
    pub(super) fn start(
        &mut self,
        random: &mut Random,
        launcher: &[&str],
        more: &[&str],
    ) -> Process {
        self.known.begin();
        let journal = random.one_in(2).then_some("--journal");
        let replays = self.replays.then_some("--replay-always");
        let chosen = journal.into_iter().chain(replays);
        let args: Vec<&str> = chosen.chain(more.iter().copied()).collect();
        self.work.start_under(launcher, &args)
    }

    /// Compares the file of a process that stands still or is no more with all that was said.
    pub(super) fn look(&mut self, said: &[String]) -> Option<Snapshot> {
        self.known.so_far(said, &self.work.runs());
        if !self.work.store().exists() {
            self.known.check_nothing_was_accepted();
            return None;
        }
        let snapshot = Snapshot::take(&self.work);
        self.known.check(&snapshot);
        Some(snapshot)
    }

    /// With nothing in its way, the next process does what is left. Gives how often an activity ran
    /// more than once.
    pub(super) fn finish(mut self, random: &mut Random) -> usize {
        let lines = self.start(random, &[], &[]).end().well();
        self.known.so_far(&lines, &self.work.runs());
        self.known.check_end(&self.work);
        self.work.check_all_done();
        self.known.runs() - 4 * self.work.orders()
    }
}
