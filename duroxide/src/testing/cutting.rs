//! A store that counts what the program writes, and at one of the writes lets the program die.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::future::pending;
use tokio::sync::Notify;

use crate::history::ErrorDetails;
use crate::provider::model::ModelProvider;
use crate::provider::{
    ActivityLock, Committed, Layer, Provider, ProviderError, TurnCommit, TurnLock,
};

/// Where the program dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// At which write: 1, 2, ...
    pub(super) at: usize,
    /// Whether that write still takes place; its answer never comes back.
    pub(super) is_written: bool,
}

/// What the program does to its store.
#[derive(Debug, Default)]
pub(super) struct Writes {
    count: AtomicUsize,
    cut: Mutex<Option<Cut>>,
    died: Notify,
}

impl Writes {
    /// The program will die there.
    pub(super) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Completes when the program has come to its cut.
    pub(super) async fn died(&self) {
        self.died.notified().await;
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let number = self.count.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let cut = *self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cut) = cut.filter(|cut| cut.at == number) else {
            return write.await;
        };
        if cut.is_written {
            write.await;
        }
        self.died.notify_one();
        pending().await
    }
}

/// The store as the program sees it.
#[derive(Debug)]
pub(super) struct Cutting {
    pub(super) store: ModelProvider,
    pub(super) writes: Arc<Writes>,
}

#[async_trait]
impl Layer for Cutting {
    fn below(&self) -> &dyn Provider {
        &self.store
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        self.writes.write(self.store.commit_turn(lock, turn)).await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        let write = self.store.complete_activity(lock, result);
        self.writes.write(write).await
    }
}
