//! What came of calls without an answer, and what is found when the store is back.

use std::time::Duration;

use duroxide::provider::conformance::LONG;
use duroxide::provider::{Provider as _, ProviderError, ProviderRef};

use super::calls::{Call, Side};
use super::lockstep::Lockstep;

/// A call whose answer never came, or one beside it that was answered.
pub(crate) type Doubt = (Call, Option<Result<String, ProviderError>>);

impl Lockstep {
    /// The store failed, or lost power, and `store` is what is found: finds out what came of the calls
    /// in doubt, and compares everything.
    pub(crate) async fn recover(
        &mut self,
        store: ProviderRef,
        in_doubt: Vec<Doubt>,
    ) -> Result<(), String> {
        self.trace
            .push(format!("{} calls in doubt", in_doubt.len()));
        self.store = store;
        self.before = self.newest;
        self.counts = false;
        self.settle(in_doubt).await?;
        self.model.restart();
        // Whoever held a lock has lost it; what was taken meanwhile is given back.
        let zombies: Vec<_> = self.turns.drain(..).collect();
        for zombie in &zombies {
            let lock = &zombie.store.lock;
            let given_back = self.store.abandon_turn(lock, Duration::ZERO, true);
            let _ = given_back.await;
            let late = self.store.renew_turn(lock, LONG).await;
            if !matches!(late, Err(ProviderError::LockLost)) {
                return Err(format!("a lock of a former life is renewed: {late:?}"));
            }
        }
        for zombie in self.activities.drain(..) {
            let lock = &zombie.store.lock;
            let given_back = self.store.abandon_activity(lock, Duration::ZERO, true);
            let _ = given_back.await;
        }
        self.compare().await
    }

    /// Tells the model what came of calls in doubt, in the order in which they were made.
    async fn settle(&mut self, in_doubt: Vec<Doubt>) -> Result<(), String> {
        let mut late = Vec::new();
        let mut completions = Vec::new();
        for (call, result) in in_doubt {
            if let Some(result) = result {
                self.apply(&call, Some(&result)).await?;
                continue;
            }
            if matches!(call, Call::Complete { .. }) {
                completions.push(call);
                continue;
            }
            match self.effect(&call).await? {
                Effect::None => {}
                Effect::Then => self.apply(&call, None).await?,
                Effect::Now => late.push(call),
            }
        }
        for call in completions {
            if self.was_completed(&call).await? {
                self.apply(&call, None).await?;
            }
        }
        for call in late {
            self.apply(&call, None).await?;
        }
        Ok(())
    }

    /// What came of a call in doubt, found out as a caller would: by making it again, or by looking.
    async fn effect(&mut self, call: &Call) -> Result<Effect, String> {
        let then = |had: bool| if had { Effect::Then } else { Effect::None };
        match call {
            Call::Start(id, _) => {
                let known = self.model.status(id).await.unwrap().is_some();
                let found = self
                    .store
                    .status(id)
                    .await
                    .map_err(|error| words(&error))?
                    .is_some();
                Ok(then(found && !known))
            }
            Call::Enqueue(..) => match call.make(&*self.store, Side::Store).await {
                Ok(answer) if answer == "Duplicate" => Ok(Effect::Then),
                Ok(_) => Ok(Effect::Now),
                Err(ProviderError::InstanceNotFound) => Ok(Effect::None),
                Err(other) => Err(words(&other)),
            },
            Call::Commit { .. } => match call.make(&*self.store, Side::Store).await {
                Ok(answer) if answer == "AlreadyApplied" => Ok(Effect::Then),
                Err(ProviderError::LockLost) => Ok(Effect::None),
                other => Err(format!("a turn in doubt, asked again: {other:?}")),
            },
            Call::Delete(ids, _) => {
                for id in ids {
                    if self.model.status(id).await.unwrap().is_some() {
                        let found = self.store.status(id).await.map_err(|error| words(&error))?;
                        return Ok(then(found.is_none()));
                    }
                }
                Ok(Effect::None)
            }
            Call::Prune(id, _) => {
                let store = self.store.admin().unwrap().executions(id).await;
                let model = self.model.admin().unwrap().executions(id).await;
                Ok(then(
                    store.map_err(|error| words(&error))?.len() < model.unwrap().len(),
                ))
            }
            Call::Complete { .. }
            | Call::AbandonTurn(..)
            | Call::RenewTurn(_)
            | Call::AbandonActivity(..)
            | Call::RenewActivity(_) => Ok(Effect::None),
        }
    }

    /// The row of a completed activity is gone; its lock is lost whatever came of the call.
    async fn was_completed(&mut self, call: &Call) -> Result<bool, String> {
        let late = call.make(&*self.store, Side::Store).await;
        if !matches!(late, Err(ProviderError::LockLost)) {
            return Err(format!("a completion in doubt, asked again: {late:?}"));
        }
        let store = self.store.admin().unwrap().queue_depths().await;
        let model = self.model.admin().unwrap().queue_depths().await;
        Ok(store.map_err(|error| words(&error))?.worker_queue < model.unwrap().worker_queue)
    }
}

/// What came of a call in doubt.
enum Effect {
    None,
    /// It was written when it was made.
    Then,
    /// It is written now that it was made again.
    Now,
}

fn words(error: &ProviderError) -> String {
    format!("asked again: {error:?}")
}
