//! The one thread that writes. While it waits for the disk, the next group forms.

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
use crate::sync::MutexGuard;

/// A relaxed store is fsynced that often.
const SYNC_EVERY: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Writes group after group until the last handle is gone.
pub(crate) fn run(shared: &Shared) {
    let mut syncs = Syncs::default();
    while let Some(task) = next_task(shared, &syncs) {
        let done = match task {
            Task::Write(disk, changes) => write(shared, &disk, changes, &mut syncs),
            Task::Sync(disk) => write(shared, &disk, Changes::default(), &mut syncs),
            Task::Rest(disk) => rest(shared, &disk, &mut syncs),
            Task::Reopen => Err("a read failed".to_owned()),
        };
        match done {
            Ok(()) => settle(shared),
            Err(problem) => reopen(shared, &problem),
        }
    }
    shared.lock().phase = Phase::Closed;
}

enum Task {
    Write(Arc<Disk>, Changes),
    /// Makes earlier, relaxed groups durable.
    Sync(Arc<Disk>),
    /// Lets the tables follow the journal.
    Rest(Arc<Disk>),
    Reopen,
}

/// When a relaxed store was fsynced, and whether it has to be.
#[derive(Debug, Default)]
struct Syncs {
    last: Duration,
    owed: bool,
    /// There was nothing to do for a while.
    quiet: bool,
}

/// Blocks until there is something to do; `None`: everything is done.
fn next_task(shared: &Shared, syncs: &Syncs) -> Option<Task> {
    let mut core = shared.lock();
    loop {
        let disk = match &core.phase {
            Phase::Open(disk) => Arc::clone(disk),
            Phase::Reopening | Phase::Closed => return None,
        };
        if core.broken {
            return Some(Task::Reopen);
        }
        if core.state.open.is_pending() {
            let mut core = hold(shared, core);
            core.writer = WriterStage::Writing;
            let changes = core.state.close_group();
            return Some(Task::Write(disk, changes));
        }
        let behind = disk.has_backlog();
        if behind && (core.closing || syncs.quiet) {
            core.writer = WriterStage::Writing;
            return Some(Task::Rest(disk));
        }
        if core.closing {
            return syncs.owed.then_some(Task::Sync(disk));
        }
        core.writer = WriterStage::Idle;
        let sync = syncs.owed.then_some(SYNC_EVERY);
        let rest = behind.then_some(shared.options.pace.calm_after);
        if let Some(patience) = sync.into_iter().chain(rest).min() {
            let (next, waited) = shared
                .writer
                .wait_timeout(core, patience)
                .unwrap_or_else(PoisonError::into_inner);
            core = next;
            if waited.timed_out() && !core.state.open.is_pending() && !core.broken {
                core.writer = WriterStage::Writing;
                return Some(if behind {
                    Task::Rest(disk)
                } else {
                    Task::Sync(disk)
                });
            }
        } else {
            drop(disk);
            core = shared
                .writer
                .wait(core)
                .unwrap_or_else(PoisonError::into_inner);
        }
        core.writer = WriterStage::Writing;
    }
}

/// Lets the turns that the group's own messages caused join it: one fsync for both.
fn hold<'a>(shared: &'a Shared, mut core: MutexGuard<'a, Core>) -> MutexGuard<'a, Core> {
    let max_group = shared.options.max_group;
    let waits =
        |core: &mut Core| !core.closing && !core.broken && core.state.should_hold(max_group);
    if shared.options.hold.is_zero() || !waits(&mut core) {
        return core;
    }
    core.writer = WriterStage::Holding;
    let (core, _) = shared
        .writer
        .wait_timeout_while(core, shared.options.hold, waits)
        .unwrap_or_else(PoisonError::into_inner);
    core
}

fn write(shared: &Shared, disk: &Disk, changes: Changes, syncs: &mut Syncs) -> Result<(), String> {
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

fn rest(shared: &Shared, disk: &Disk, syncs: &mut Syncs) -> Result<(), String> {
    syncs.quiet = true;
    guarded(|| disk.rest(::redb::Durability::Immediate))?;
    syncs.owed = false;
    syncs.last = shared.options.env.elapsed();
    Ok(())
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

/// What is not on disk is void, whoever holds a lock has lost it: everything begins anew from
/// what the file says.
fn reopen(shared: &Shared, problem: &str) {
    tracing::error!(problem, "the store failed; it is opened again");
    let in_hand = {
        let now = shared.now();
        let mut core = shared.lock();
        core.phase = Phase::Reopening;
        core.writer = WriterStage::Writing;
        core.broken = false;
        // Nobody is answered: dropping the waiters tells them that the outcome is unknown.
        let blank = State::new(0, Found::nothing(now.wall), now);
        let mut void = std::mem::replace(&mut core.state, blank);
        core.state.inherit(&mut void);
        Arc::new(InHand::of(&void))
    };
    let mut pause = FIRST_PAUSE;
    loop {
        let now = shared.now();
        match open::open(&shared.factory, &shared.options, now.wall, &in_hand) {
            Ok(opened) => return resume(shared, opened),
            Err(error) => {
                let cause = error.source().map(tracing::field::display);
                tracing::warn!(%error, cause, "the store cannot be opened again yet");
            }
        }
        let core = shared.lock();
        let (core, _) = shared
            .writer
            .wait_timeout_while(core, pause, |core| !core.closing)
            .unwrap_or_else(PoisonError::into_inner);
        if core.closing {
            return;
        }
        drop(core);
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
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
