//! A store that does what it is told and then loses its answer, so many times in a row.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use duroxide::history::{InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    Enqueued, InstanceStatus, Layer, Provider, ProviderAdmin, ProviderError, ProviderRef,
    StartOutcome,
};

/// Loses the first answers to starts, events, waits, and reads of values and of where an instance
/// stands.
#[derive(Debug)]
pub(super) struct Forgetful {
    store: ProviderRef,
    left: AtomicU32,
}

impl Forgetful {
    pub(super) fn new(store: ProviderRef, losses: u32) -> Self {
        let left = AtomicU32::new(losses);
        Self { store, left }
    }

    fn lose<T>(&self, answer: Result<T, ProviderError>) -> Result<T, ProviderError> {
        let one_less = |left: u32| left.checked_sub(1);
        let lost = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        match lost {
            Ok(_) => Err(ProviderError::Unavailable {
                operation: "answer",
                source: "lost on purpose".into(),
            }),
            Err(_) => answer,
        }
    }
}

#[async_trait]
impl Layer for Forgetful {
    fn below(&self) -> &dyn Provider {
        &*self.store
    }

    fn describe(&self) -> String {
        format!("forgetful {}", self.store.describe())
    }

    async fn start(&self, id: &InstanceId, start: Start) -> Result<StartOutcome, ProviderError> {
        self.lose(self.store.start(id, start).await)
    }

    async fn enqueue(
        &self,
        id: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        self.lose(self.store.enqueue(id, message_id, message).await)
    }

    async fn status(&self, id: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        let answer = self.store.status(id).await;
        self.lose(answer)
    }

    async fn wait(&self, id: &InstanceId, seen: u64) -> Result<InstanceStatus, ProviderError> {
        let answer = self.store.wait(id, seen).await;
        self.lose(answer)
    }

    async fn kv(&self, id: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        let answer = self.store.kv(id, key).await;
        self.lose(answer)
    }

    /// Like a store that has no management verbs.
    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        None
    }
}
