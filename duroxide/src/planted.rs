//! Bugs on purpose, in builds with `--cfg duroxide_planted` only: the suites have to find them. They
//! are made at marked points of the code; `docs/testing.md` has the list. Must not know: all else.
//!
//! In every build, also an ordinary one, a point that names no bug of this list does not compile, and
//! the compiler warns of a bug without a point.

/// Whether that bug is selected; `false` in every ordinary build.
macro_rules! planted {
    ($bug:ident) => {
        crate::planted::is(crate::planted::Bug::$bug)
    };
}

/// A bug on purpose: what is wrong while it is selected.
#[cfg_attr(
    not(duroxide_planted),
    expect(unreachable_pub, reason = "public in builds that have them")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A turn runs the newest version, not the one that the instance is pinned to.
    LatestVersion,
    /// A detached start is no part of a replay.
    ForgottenStart,
    /// A replay draws other ids.
    FreshIds,
    /// A replay reads another time.
    FreshTime,
    /// An answer is accepted twice.
    DuplicateAnswers,
    /// A replay reads values as they are later.
    LatestValues,
    /// What is open at the end is cancelled in the order of a hash map.
    HashOrder,
    /// A call that is polled by somebody else wakes whoever polled it first.
    FirstWakerKept,
    /// A combinator that is polled by somebody else wakes whoever polled it first.
    FirstParentKept,
    /// A message goes down with the request that it was for.
    DroppedDequeue,
    /// A replay hands out answers that follow each other before the code goes on.
    AnswersFirst,
    /// The next execution does not get the messages that nobody read.
    NotCarried,
    /// The next execution does not get the values.
    ValuesNotCarried,
    /// The next execution does not know who waits for it.
    ParentLost,
    /// Children of different executions have the same id.
    ChildIdAgain,
    /// The parent of an instance that failed is not told.
    ParentNotTold,
    /// An instance that no handler is there for fails.
    UnregisteredFails,
    /// An instance that no handler is there for is tried again at once.
    NoBackoff,
    /// A message that cannot be read is passed over.
    Unread,
    /// An activity that never comes back is tried for ever.
    NeverPoison,
    /// A suspended execution is used whatever was committed since.
    LiveWithoutTurn,
    /// Locks are not renewed.
    NeverRenewed,
    /// A commit of unknown outcome counts as failed.
    UnavailableFails,
    /// An activity that nobody waits for stays in the queue.
    CallLeftQueued,
    /// What is asked for and cancelled within a turn is begun.
    CancelledFirst,
    /// A child that nobody waits for goes on.
    ChildLeftRunning,
    /// A shutdown waits for nothing.
    ShutdownLeaks,
    /// A commit is answered before it is on the disk.
    #[cfg(feature = "redb")]
    NoFsync,
}

#[cfg(duroxide_planted)]
mod selected {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::planted::Bug;

    /// Its number, from 1.
    static SELECTED: AtomicUsize = AtomicUsize::new(0);

    fn number(bug: Bug) -> usize {
        bug as usize + 1
    }

    /// Lets the whole process have that bug, or none.
    pub fn select(bug: Option<Bug>) {
        SELECTED.store(bug.map_or(0, number), Ordering::SeqCst);
    }

    /// Whether the process has it.
    pub fn is(bug: Bug) -> bool {
        SELECTED.load(Ordering::Relaxed) == number(bug)
    }
}

#[cfg(duroxide_planted)]
pub use selected::{is, select};

#[cfg(not(duroxide_planted))]
pub(crate) const fn is(_: Bug) -> bool {
    false
}
