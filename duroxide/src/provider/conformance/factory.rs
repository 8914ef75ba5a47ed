//! What a storage author brings along.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::env::{Env as _, TokioEnv};
use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::ProviderRef;
use crate::time::Timestamp;

/// Makes the store that one test runs against. There is a new factory for each test, so it may
/// remember the store that it made, the file behind it and so on.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use async_trait::async_trait;
/// use duroxide::env::TokioEnv;
/// use duroxide::provider::ProviderRef;
/// use duroxide::provider::conformance::ProviderFactory;
/// use duroxide::provider::model::ModelProvider;
///
/// #[derive(Debug, Default)]
/// struct Models(Mutex<Option<ModelProvider>>);
///
/// #[async_trait]
/// impl ProviderFactory for Models {
///     async fn create(&self) -> ProviderRef {
///         let model = ModelProvider::new(Arc::new(TokioEnv::new()));
///         *self.0.lock().expect("no panic") = Some(model.clone());
///         Arc::new(model)
///     }
///
///     async fn reopen(&self, provider: ProviderRef) -> ProviderRef {
///         drop(provider);
///         let model = self.0.lock().expect("no panic").clone().expect("a store was created");
///         model.restart();
///         Arc::new(model)
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let stores = Models::default();
/// let store = stores.create().await;
/// let store = stores.reopen(store).await;
/// assert_eq!(stores.check().await, Ok(()));
/// # drop(store);
/// # });
/// ```
#[async_trait]
pub trait ProviderFactory: fmt::Debug + Send + Sync {
    /// An empty store; another one with every call. Only the last is opened again or damaged.
    async fn create(&self) -> ProviderRef;

    /// What is found after a crash: the process is gone, and the store is opened again. The suite
    /// has no other handle of `provider` and no call in flight, so dropping it may close the store;
    /// nothing else may be done in its favour.
    async fn reopen(&self, provider: ProviderRef) -> ProviderRef;

    /// Damages the stored bytes of all messages in the inbox of `instance`; the store may be opened
    /// again on the way. `None` if that cannot be done: the rules about it are then skipped.
    async fn corrupt_messages(
        &self,
        provider: ProviderRef,
        instance: &InstanceId,
    ) -> Option<ProviderRef> {
        let _ = (provider, instance);
        None
    }

    /// Damages the stored bytes of one event, and of others of its turn if they are one row. `None`
    /// as above.
    async fn corrupt_history(
        &self,
        provider: ProviderRef,
        instance: &InstanceId,
        execution_id: ExecutionId,
        event_id: EventId,
    ) -> Option<ProviderRef> {
        let _ = (provider, instance, execution_id, event_id);
        None
    }

    /// Lets the last store fail, or work again: while it fails, no write gets through, and the calls
    /// that need one say so. `false` if that cannot be done: the rules about it are then skipped.
    async fn fail(&self, provider: &ProviderRef, fails: bool) -> bool {
        let _ = (provider, fails);
        false
    }

    /// Called at the end of each rule: what the store has to say about its own state.
    ///
    /// # Errors
    ///
    /// What is wrong with it; the test then fails.
    async fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// A lease short enough to wait for its end, and long enough for a few calls.
    fn short_lease(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// How long a parked call that should have woken is waited for before the test fails.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    /// The clock that decides when timers of this store are due.
    fn now(&self) -> Timestamp {
        TokioEnv::new().now()
    }
}
