//! The contract as a program: a store in memory, of ordered maps, without any optimisation. Where
//! prose leaves a doubt, what this store does is meant. Must not know: how others store things.

mod activities;
mod admin;
mod commit;
mod invariants;
mod kept;
mod provider;
mod reads;
mod sessions;
mod state;
mod turns;

#[cfg(test)]
#[cfg(feature = "provider-test")]
mod tests;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::Notify;

use crate::env::EnvRef;
use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::ProviderError;
use crate::sync::{Mutex, MutexGuard};

use state::{Moment, State};

/// A store in memory that is the specification of all stores. Clones share their content.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::Client;
/// use duroxide::env::TokioEnv;
/// use duroxide::provider::model::ModelProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = ModelProvider::new(Arc::new(TokioEnv::new()));
/// let client = Client::new(Arc::new(store.clone()));
/// client.start_orchestration("order-42", "fulfil_order", "null").await?;
///
/// store.restart(); // as after a crash
/// assert_eq!(client.list_all_instances().await?, ["order-42"]);
/// store.check_invariants()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ModelProvider {
    env: EnvRef,
    shared: Arc<Shared>,
    /// Whether the invariants are checked after every transaction: that looks at everything.
    watched: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    fails: AtomicBool,
    /// Told after every change. Whoever is parked looks again: no wake-up can be lost.
    changed: Notify,
}

/// What a parked call found.
enum Look<T> {
    Found(T),
    /// Nothing is due now; without a change, nothing will be before this has passed.
    NothingFor(Option<Duration>),
}

impl ModelProvider {
    /// An empty store that takes time and ids from `env`.
    pub fn new(env: EnvRef) -> Self {
        Self {
            env,
            shared: Arc::default(),
            watched: true,
        }
    }

    /// The same without a check of all invariants after every transaction: for tests of programs,
    /// which may have many instances.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::TokioEnv;
    /// use duroxide::provider::model::ModelProvider;
    ///
    /// let store = ModelProvider::new(Arc::new(TokioEnv::new())).unwatched();
    /// assert_eq!(store.check_invariants(), Ok(())); // when it is asked, it looks
    /// ```
    #[must_use]
    pub fn unwatched(mut self) -> Self {
        self.watched = false;
        self
    }

    /// What a crash does: all locks and delays are void, all else is kept, attempts included.
    pub fn restart(&self) {
        self.write(|state, _| state.restart());
    }

    /// Lets every write fail from now on without an effect, or work again.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::TokioEnv;
    /// use duroxide::history::{InstanceId, Start};
    /// use duroxide::provider::model::ModelProvider;
    /// use duroxide::provider::{Provider, ProviderError};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let store = ModelProvider::new(Arc::new(TokioEnv::new()));
    /// let order = InstanceId::new("order-42")?;
    /// store.fail(true);
    /// let started = store.start(&order, Start::first("fulfil_order", "null", 7)).await;
    /// assert!(matches!(started, Err(ProviderError::Unavailable { .. })));
    /// store.fail(false);
    /// assert!(store.status(&order).await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn fail(&self, fails: bool) {
        self.shared.fails.store(fails, Ordering::SeqCst);
    }

    /// Checks what must hold between any two calls, provided that callers write sound histories.
    ///
    /// # Errors
    ///
    /// The first violation since the store was created.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut state = self.lock();
        state.watch_invariants();
        state.violation.clone().map_or(Ok(()), Err)
    }

    /// Damages all messages in the inbox of `instance`; `false` if there are none.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use duroxide::env::TokioEnv;
    /// use duroxide::history::{InstanceId, Start};
    /// use duroxide::provider::model::ModelProvider;
    /// use duroxide::provider::{Provider, TurnFetch};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let store = ModelProvider::new(Arc::new(TokioEnv::new()));
    /// let order = InstanceId::new("order-42")?;
    /// store.start(&order, Start::first("fulfil_order", "null", 7)).await?;
    /// assert!(store.corrupt_message(&order));
    /// for item in store.fetch_turns(TurnFetch::new(1, Duration::from_secs(30))).await? {
    ///     assert!(item.messages.iter().all(|message| message.message.is_err()));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn corrupt_message(&self, instance: &InstanceId) -> bool {
        self.write(|state, _| state.corrupt_messages(instance))
    }

    /// Damages one event; `false` if there is no such event.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::TokioEnv;
    /// use duroxide::history::{EventId, ExecutionId, InstanceId};
    /// use duroxide::provider::model::ModelProvider;
    ///
    /// let store = ModelProvider::new(Arc::new(TokioEnv::new()));
    /// let order = InstanceId::new("order-42")?;
    /// assert!(!store.corrupt_history(&order, ExecutionId::FIRST, EventId::FIRST)); // there is none
    /// # Ok::<(), duroxide::history::InvalidName>(())
    /// ```
    pub fn corrupt_history(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        event_id: EventId,
    ) -> bool {
        self.write(|state, _| state.corrupt_event(instance, execution_id, event_id))
    }

    /// The transaction of a verb: it fails during an outage.
    fn transact<T>(
        &self,
        act: impl FnOnce(&mut State, &Moment<'_>) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        if self.shared.fails.load(Ordering::SeqCst) {
            return Err(ProviderError::Unavailable {
                operation: "write",
                source: "an outage on purpose".into(),
            });
        }
        self.write(act)
    }

    /// One atomic transaction, after which everybody who is parked looks again.
    fn write<T>(&self, act: impl FnOnce(&mut State, &Moment<'_>) -> T) -> T {
        let done = self.look(act);
        self.shared.changed.notify_waiters();
        done
    }

    /// One atomic transaction that gives nobody else anything to do.
    fn look<T>(&self, act: impl FnOnce(&mut State, &Moment<'_>) -> T) -> T {
        self.watched(act, |_| true)
    }

    /// The same; the invariants are looked at if it says that it changed something.
    fn watched<T>(
        &self,
        act: impl FnOnce(&mut State, &Moment<'_>) -> T,
        changes: impl FnOnce(&T) -> bool,
    ) -> T {
        let mut state = self.lock();
        let moment = Moment::of(&*self.env);
        let fired = state.fire_timers(moment.now);
        let done = act(&mut state, &moment);
        if self.watched && (fired || changes(&done)) {
            state.watch_invariants();
        }
        done
    }

    /// Looks until something is found: at once, after each change, and when something falls due.
    async fn park<T>(&self, mut act: impl FnMut(&mut State, &Moment<'_>) -> Look<T>) -> T {
        loop {
            // Made before the look: a change in between completes it, also if it was never polled.
            let changed = pin!(self.shared.changed.notified());
            let found = |look: &Look<T>| matches!(look, Look::Found(_));
            match self.watched(&mut act, found) {
                Look::Found(found) => return found,
                Look::NothingFor(None) => changed.await,
                Look::NothingFor(Some(pause)) => {
                    select(changed, self.env.sleep(pause)).await;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every transaction checks before it writes: a panic leaves the state whole.
        let state = &self.shared.state;
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
