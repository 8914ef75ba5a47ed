//! A store that counts the operations that change it. Hands everything on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use duroxide::history::{ErrorDetails, InstanceId, Message, Start};
use duroxide::provider::{
    ActivityLock, Committed, Enqueued, Layer, Provider, ProviderError, StartOutcome, TurnCommit,
    TurnLock,
};
use duroxide::storage::redb::RedbProvider;

/// How many calls that change the store there were.
#[derive(Debug, Default)]
pub(crate) struct Operations(AtomicU64);

impl Operations {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a call when it is made: a client may see what it does before the call is back. One that
    /// fails is taken out again.
    async fn note<T>(&self, call: impl Future<Output = Done<T>> + Send) -> Done<T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let outcome = call.await;
        if outcome.is_err() {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        outcome
    }
}

#[derive(Debug)]
pub(crate) struct Counted {
    store: RedbProvider,
    operations: Arc<Operations>,
}

impl Counted {
    pub(crate) fn new(store: RedbProvider, operations: Arc<Operations>) -> Self {
        Self { store, operations }
    }
}

type Done<T> = Result<T, ProviderError>;

#[async_trait]
impl Layer for Counted {
    fn below(&self) -> &dyn Provider {
        &self.store
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Done<StartOutcome> {
        self.operations
            .note(self.store.start(instance, start))
            .await
    }

    async fn enqueue(&self, instance: &InstanceId, id: u128, message: Message) -> Done<Enqueued> {
        self.operations
            .note(self.store.enqueue(instance, id, message))
            .await
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Done<Committed> {
        self.operations
            .note(self.store.commit_turn(lock, turn))
            .await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Done<()> {
        self.operations
            .note(self.store.complete_activity(lock, result))
            .await
    }
}
