//! A store around any other that tells what was written: each event of a history, when it is on disk.
//! A dashboard or an audit log can listen, and reads nothing twice.

use async_trait::async_trait;
use duroxide::Event;
use duroxide::history::{ExecutionId, InstanceId};
use duroxide::provider::{
    Committed, Layer, Provider, ProviderError, ProviderRef, TurnCommit, TurnLock,
};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// An event that is on disk.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) instance: InstanceId,
    pub(crate) execution: ExecutionId,
    pub(crate) event: Event,
}

/// Adds the feed to a store. All verbs go through as they are; one of them is listened to.
#[derive(Debug)]
pub(crate) struct Feed {
    store: ProviderRef,
    listeners: Sender<Written>,
}

impl Feed {
    pub(crate) fn of(store: ProviderRef) -> Self {
        let (listeners, _) = channel(10_000);
        Self { store, listeners }
    }

    /// What is written from now on. The feed ends with the store. The events of one turn come in their
    /// order; two turns at the same moment in any. A listener that is too slow is told how many
    /// events it missed, and finds them in the histories.
    pub(crate) fn listen(&self) -> Receiver<Written> {
        self.listeners.subscribe()
    }
}

#[async_trait]
impl Layer for Feed {
    fn below(&self) -> &dyn Provider {
        &*self.store
    }

    fn describe(&self) -> String {
        format!("{}, with a feed", self.store.describe())
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        let (execution, events) = (turn.execution_id, turn.history_delta.clone());
        // Only what is written is told: after `Ok`, and not after an outcome that nobody knows. The
        // runtime makes such a call again, and gets `AlreadyApplied` if it was: told then, and once.
        let committed = self.store.commit_turn(lock, turn).await?;
        for event in events {
            let instance = lock.instance.clone();
            // An error says that nobody listens.
            let _ = self.listeners.send(Written {
                instance,
                execution,
                event,
            });
        }
        Ok(committed)
    }
}
