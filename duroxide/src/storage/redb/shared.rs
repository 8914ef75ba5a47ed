//! What the handles of a store and its writer share: the state behind its mutex, and
//! whether the file is open.

use std::sync::{Arc, PoisonError};

use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::ProviderError;
use crate::storage::redb::bodies::StoredTurn;
use crate::storage::redb::disk::Disk;
use crate::storage::redb::driver::Bell;
use crate::storage::redb::options::{Factory, RedbOptions};
use crate::storage::redb::reads::{self, ReadError};
use crate::storage::redb::state::{Durable, Moment, State};
use crate::sync::{Mutex, MutexGuard};

/// One open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: RedbOptions,
    pub(crate) factory: Factory,
    core: Mutex<Core>,
    pub(crate) bell: Bell,
    /// The turn that was decoded last: activities of one turn are fetched one after the other.
    pub(crate) last_turn: Mutex<Option<DecodedTurn>>,
    /// One deletion at a time.
    pub(crate) removals: tokio::sync::Mutex<()>,
}

/// Everything behind the mutex.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) phase: Phase,
    pub(crate) state: State,
    pub(crate) writer: WriterStage,
    /// The last handle is gone.
    pub(crate) closing: bool,
    /// A read failed: redb refuses everything until the file is opened again.
    pub(crate) broken: bool,
}

/// Whether the file is open.
#[derive(Debug)]
pub(crate) enum Phase {
    Open(Arc<Disk>),
    /// It failed, and the writer tries to open it again.
    Reopening,
    Closed,
}

/// What the writer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriterStage {
    Writing,
    /// It waits for a group.
    Idle,
    /// It has a group, and holds it open.
    Holding,
}

/// A row of history, decoded.
#[derive(Clone, Debug)]
pub(crate) struct DecodedTurn {
    pub(crate) instance: u64,
    pub(crate) execution_id: ExecutionId,
    pub(crate) first: EventId,
    pub(crate) turn: Arc<StoredTurn>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("the group of writes failed; the store is opened again")]
    GroupLost,
    #[error("the store is being opened again")]
    Reopening,
}

impl Shared {
    pub(crate) fn new(options: RedbOptions, factory: Factory, disk: Disk, state: State) -> Self {
        Self {
            options,
            factory,
            core: Mutex::new(Core {
                phase: Phase::Open(Arc::new(disk)),
                state,
                writer: WriterStage::Writing,
                closing: false,
                broken: false,
            }),
            bell: Bell::new(),
            last_turn: Mutex::new(None),
            removals: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment {
            elapsed: self.options.env.elapsed(),
            wall: self.options.env.now(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        // Every update leaves the state whole.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and tells the writer if there is something to do.
    pub(crate) fn act<R>(
        &self,
        operation: &'static str,
        act: impl FnOnce(&mut State, &Arc<Disk>, Moment) -> R,
    ) -> Result<R, ProviderError> {
        let now = self.now();
        let mut core = self.lock();
        let Core { phase, state, .. } = &mut *core;
        let result = act(state, phase.disk(operation)?, now);
        self.rouse(&core);
        Ok(result)
    }

    /// Wakes the writer if it has something to do.
    pub(crate) fn rouse(&self, core: &Core) {
        let wanted = match core.writer {
            WriterStage::Writing => false,
            WriterStage::Idle => core.state.open.is_pending(),
            WriterStage::Holding => !core.state.should_hold(self.options.max_group),
        };
        if wanted {
            self.bell.ring();
        }
    }

    /// Reads from the file, without the mutex.
    pub(crate) fn read<R>(
        &self,
        operation: &'static str,
        instance: &InstanceId,
        read: impl FnOnce(&Disk) -> Result<R, ReadError>,
    ) -> Result<R, ProviderError> {
        let disk = Arc::clone(self.lock().phase.disk(operation)?);
        read(&disk).map_err(|error| {
            self.report(&disk, &error);
            error.into_provider(operation, instance)
        })
    }

    /// After an I/O error redb answers nothing more: the writer opens the file again.
    ///
    /// A late reader may tell of a file that was closed meanwhile: that breaks nobody's locks.
    pub(crate) fn report(&self, disk: &Arc<Disk>, error: &ReadError) {
        use ::redb::Error::{Io, PreviousIo};
        if let ReadError::Store(Io(_) | PreviousIo) = error {
            let mut core = self.lock();
            if matches!(&core.phase, Phase::Open(current) if Arc::ptr_eq(current, disk)) {
                core.broken = true;
                self.bell.ring();
            }
        }
    }

    /// Has the instance's row in memory, if there is such an instance.
    pub(crate) fn load(
        &self,
        operation: &'static str,
        id: &InstanceId,
    ) -> Result<(), ProviderError> {
        // Under the mutex: what is read is not older than what memory forgot. Rare.
        let load = |state: &mut State, disk: &Disk| {
            if let Some(instance) = reads::number_of(disk, id)?
                && !state.buried.contains(&instance)
                && let Some(row) = reads::row(disk, instance)?
            {
                state.remember(instance, row);
            }
            Ok(())
        };
        let loaded = self.act(operation, |state, disk, _| {
            load(state, disk).map_err(|error| (Arc::clone(disk), error))
        })?;
        loaded.map_err(|(disk, error): (_, ReadError)| {
            self.report(&disk, &error);
            error.into_provider(operation, id)
        })
    }
}

impl Phase {
    pub(crate) fn disk(&self, operation: &'static str) -> Result<&Arc<Disk>, ProviderError> {
        match self {
            Self::Open(disk) => Ok(disk),
            Self::Reopening => Err(unavailable(operation, NoAnswer::Reopening)),
            Self::Closed => Err(ProviderError::Closed),
        }
    }
}

/// Waits until a group is on disk.
pub(crate) async fn until(operation: &'static str, durable: Durable) -> Result<(), ProviderError> {
    let written = durable.await;
    written.map_err(|_lost| unavailable(operation, NoAnswer::GroupLost))
}

/// What was looked at is out of date.
pub(crate) fn reopened(operation: &'static str) -> ProviderError {
    unavailable(operation, NoAnswer::GroupLost)
}

fn unavailable(operation: &'static str, source: NoAnswer) -> ProviderError {
    ProviderError::Unavailable {
        operation,
        source: Box::new(source),
    }
}
