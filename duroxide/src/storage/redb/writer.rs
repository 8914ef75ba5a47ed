//! The one who writes: what it does next, and how it is done. While it waits for the disk, the next
//! group forms. Nothing here waits: `driver.rs` does.

use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::storage::redb::disk::Disk;
use crate::storage::redb::group::{self, Changes};
use crate::storage::redb::open::{self, Opened};
use crate::storage::redb::options::Durability;
use crate::storage::redb::recovery::{Found, InHand};
use crate::storage::redb::shared::{Core, Phase, Shared, WriterStage};
use crate::storage::redb::state::State;

/// A relaxed store is fsynced that often.
const SYNC_EVERY: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Writes group after group until the last handle is gone.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    syncs: Syncs,
    /// It waited for more members of the open group.
    holds: bool,
    reopening: Reopening,
}

/// When a relaxed store was fsynced, and whether it has to be.
#[derive(Debug, Default)]
struct Syncs {
    last: Duration,
    owed: bool,
    /// There was nothing to do for a while.
    quiet: bool,
}

/// The file failed, and did not open yet.
#[derive(Debug, Default)]
struct Reopening {
    in_hand: Arc<InHand>,
    pause: Duration,
}

/// What the writer does next.
pub(crate) enum Next {
    Do(Task),
    /// Nothing, until this is so, or until so much time has passed.
    Wait(Until, Option<Duration>),
    /// Everything is done.
    Over,
}

pub(crate) enum Task {
    Write(Arc<Disk>, Changes),
    /// Makes earlier, relaxed groups durable.
    Sync(Arc<Disk>),
    /// Lets the tables follow the journal.
    Rest(Arc<Disk>),
    /// The file is of no use any more.
    GiveUp,
    /// Tries once more.
    Reopen,
}

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Work,
    /// The open group is worth its fsync.
    Full,
    /// The last handle is gone.
    Closing,
}

impl Until {
    pub(crate) fn is_reached(self, core: &Core, max_group: usize) -> bool {
        let pressing = core.closing || core.broken;
        match self {
            Self::Work => pressing || core.state.open.is_pending(),
            Self::Full => pressing || !core.state.should_hold(max_group),
            Self::Closing => core.closing,
        }
    }
}

impl Writer {
    /// What is to be done now. `late`: what was waited for last did not come in time.
    pub(crate) fn next(&mut self, shared: &Shared, core: &mut Core, late: bool) -> Next {
        let disk = match &core.phase {
            Phase::Open(disk) => Arc::clone(disk),
            Phase::Reopening if !core.closing => return self.next_try(late),
            Phase::Reopening | Phase::Closed => return over(core),
        };
        core.writer = WriterStage::Writing;
        if core.broken {
            return Next::Do(Task::GiveUp);
        }
        if core.state.open.is_pending() {
            return self.next_group(shared, core, disk, late);
        }
        let behind = disk.has_backlog();
        let is_time = core.closing || self.syncs.quiet || late;
        if behind && is_time {
            return Next::Do(Task::Rest(disk));
        }
        if self.syncs.owed && (core.closing || late) {
            return Next::Do(Task::Sync(disk));
        }
        if core.closing {
            return over(core);
        }
        core.writer = WriterStage::Idle;
        let sync = self.syncs.owed.then_some(SYNC_EVERY);
        let rest = behind.then_some(shared.options.pace.calm_after);
        Next::Wait(Until::Work, sync.into_iter().chain(rest).min())
    }

    /// Lets the turns that the group's own messages caused join it: one fsync for both.
    fn next_group(
        &mut self,
        shared: &Shared,
        core: &mut Core,
        disk: Arc<Disk>,
        late: bool,
    ) -> Next {
        let patience = shared.options.hold;
        let waited = std::mem::replace(&mut self.holds, false) && late;
        let is_full = Until::Full.is_reached(core, shared.options.max_group);
        if !waited && !is_full && !patience.is_zero() {
            self.holds = true;
            core.writer = WriterStage::Holding;
            return Next::Wait(Until::Full, Some(patience));
        }
        Next::Do(Task::Write(disk, core.state.close_group()))
    }

    fn next_try(&mut self, late: bool) -> Next {
        if late {
            return Next::Do(Task::Reopen);
        }
        let pause = self.reopening.pause;
        self.reopening.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        Next::Wait(Until::Closing, Some(pause))
    }

    /// Does it, without the mutex: this takes its time.
    pub(crate) fn perform(&mut self, shared: &Shared, task: Task) {
        let done = match task {
            Task::Write(disk, changes) => self.write(shared, &disk, changes),
            Task::Sync(disk) => self.write(shared, &disk, Changes::default()),
            Task::Rest(disk) => self.rest(shared, &disk),
            Task::GiveUp => Err("a read failed".to_owned()),
            Task::Reopen => return self.reopen(shared),
        };
        match done {
            Ok(()) => settle(shared),
            Err(problem) => {
                self.give_up(shared, &problem);
                self.reopen(shared);
            }
        }
    }

    fn write(&mut self, shared: &Shared, disk: &Disk, changes: Changes) -> Result<(), String> {
        let syncs = &mut self.syncs;
        syncs.quiet = false;
        let now = shared.options.env.elapsed();
        let sync = match shared.options.durability {
            Durability::Immediate => true,
            Durability::LosesLastSeconds => {
                changes.is_empty() || now.saturating_sub(syncs.last) >= SYNC_EVERY
            }
        };
        if changes.is_empty() && !syncs.owed {
            return Ok(());
        }
        let durability = if sync && !planted!(NoFsync) {
            ::redb::Durability::Immediate
        } else {
            ::redb::Durability::None
        };
        guarded(|| group::commit(disk, changes, durability))?;
        syncs.owed = !sync;
        if sync {
            syncs.last = now;
        }
        Ok(())
    }

    fn rest(&mut self, shared: &Shared, disk: &Disk) -> Result<(), String> {
        self.syncs.quiet = true;
        guarded(|| disk.rest(::redb::Durability::Immediate))?;
        self.syncs.owed = false;
        self.syncs.last = shared.options.env.elapsed();
        Ok(())
    }

    /// What is not on disk is void, whoever holds a lock has lost it: everything begins anew from
    /// what the file says.
    fn give_up(&mut self, shared: &Shared, problem: &str) {
        tracing::error!(problem, "the store failed; it is opened again");
        let now = shared.now();
        let mut core = shared.lock();
        core.phase = Phase::Reopening;
        core.writer = WriterStage::Writing;
        core.broken = false;
        // Nobody is answered: dropping the waiters tells them that the outcome is unknown.
        let blank = State::new(0, Found::nothing(now.wall), now);
        let mut void = std::mem::replace(&mut core.state, blank);
        core.state.inherit(&mut void);
        self.reopening = Reopening {
            in_hand: Arc::new(InHand::of(&void)),
            pause: FIRST_PAUSE,
        };
    }

    fn reopen(&mut self, shared: &Shared) {
        let wall = shared.now().wall;
        let in_hand = &self.reopening.in_hand;
        match open::open(&shared.factory, &shared.options, wall, in_hand) {
            Ok(opened) => {
                self.reopening = Reopening::default();
                resume(shared, opened);
            }
            Err(error) => {
                let cause = error.source().map(tracing::field::display);
                tracing::warn!(%error, cause, "the store cannot be opened again yet");
            }
        }
    }
}

fn over(core: &mut Core) -> Next {
    core.phase = Phase::Closed;
    Next::Over
}

fn guarded(write: impl FnOnce() -> Result<(), ::redb::Error>) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(write)) {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(_panic) => Err("redb panicked".to_owned()),
    }
}

/// The group is on disk: what waited for that happens now.
fn settle(shared: &Shared) {
    let now = shared.now();
    let waiters = shared.lock().state.settle(now);
    for waiter in waiters {
        // Whoever does not wait any more made its call in vain, not its write.
        let _ = waiter.send(());
    }
}

fn resume(shared: &Shared, opened: Opened) {
    // Numbers may be given again.
    *shared
        .last_turn
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = None;
    let now = shared.now();
    let state = State::new(opened.incarnation, opened.found, now);
    let mut core = shared.lock();
    core.phase = Phase::Open(Arc::new(opened.disk));
    let mut blank = std::mem::replace(&mut core.state, state);
    core.state.inherit(&mut blank);
    core.state.wake_everybody();
    tracing::info!(incarnation = opened.incarnation, "the store is open again");
}
