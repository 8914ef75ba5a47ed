//! The contract, watched from outside: around the store that all nodes share, before anything goes
//! wrong on the way to it. What it remembers of the answers must be true of the next ones.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::env::EnvRef;
use duroxide::history::{ErrorDetails, InstanceId, Message, Start};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, InstanceStatus, Layer,
    Provider, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch, TurnItem, TurnLock,
};

use super::known::Known;
use super::shared::Shared;

type Answer<T> = Result<T, ProviderError>;

/// Whoever gives messages back waits before it tries again: at least 100 ms, if the store failed.
const MOST_GIVEN_BACK: u32 = 20;

/// A store whose answers are compared with those before.
#[derive(Debug)]
pub(crate) struct Checked {
    inner: ProviderRef,
    /// Beneath everything, if it is the model: it checks itself.
    model: Option<ModelProvider>,
    pub(super) env: EnvRef,
    pub(super) shared: Arc<Shared>,
    known: Mutex<Known>,
}

impl Checked {
    pub(crate) fn new(
        inner: ProviderRef,
        model: Option<ModelProvider>,
        env: EnvRef,
        shared: &Arc<Shared>,
    ) -> Self {
        Self {
            inner,
            model,
            env,
            shared: Arc::clone(shared),
            known: Mutex::default(),
        }
    }

    /// The store has forgotten its locks.
    pub(crate) fn restarted(&self) {
        self.known.lock().unwrap().restarted();
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap();
        if self.shared.take_lost_locks() {
            known.restarted();
        }
        known
    }

    /// Whose events the store may have taken twice, as it may when it was opened in between.
    pub(crate) fn told_twice(&self) -> BTreeSet<InstanceId> {
        self.known().told_twice.clone()
    }

    /// Messages were damaged, so that nobody can see any more what they are.
    pub(crate) fn forget_messages(&self, instance: &InstanceId) {
        let mut known = self.known();
        known.on_the_way.retain(|(of, _, _)| of != instance);
    }

    pub(crate) fn started(&self) -> BTreeSet<InstanceId> {
        self.known().started.clone()
    }

    /// What was accepted and never handed out.
    pub(crate) fn lost(&self) -> Vec<String> {
        let known = self.known();
        known
            .on_the_way
            .iter()
            .map(|lost| format!("{lost:?}"))
            .collect()
    }

    pub(super) fn require(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.shared.broken(otherwise());
        }
    }

    /// What the model noticed behind one of its changes.
    pub(crate) fn look_at_model(&self) {
        if let Some(Err(problem)) = self.model.as_ref().map(ModelProvider::check_invariants) {
            self.shared.broken(problem);
        }
    }

    /// What was fetched, and whether its locks may be void: the store was opened between the lock and
    /// the answer, or whoever fetched was held still.
    async fn fetched<T>(&self, fetch: impl Future<Output = Answer<T>>) -> Answer<(T, bool)> {
        let mut fetch = pin!(fetch);
        let mut opened = self.shared.opened();
        let items = poll_fn(|context| {
            let is_void = self.shared.opened() != opened || self.shared.is_held_no_more();
            let polled = fetch.as_mut().poll(context);
            opened = self.shared.opened();
            polled.map_ok(|items| (items, is_void))
        });
        let items = items.await;
        if items.is_err() {
            self.known().failed_fetches += 1;
        }
        items
    }

    /// Since when the instance has ended, if it has.
    pub(crate) fn ended_at(&self, instance: &InstanceId) -> Option<Duration> {
        let known = self.known();
        known.turns.get(instance).and_then(|turn| turn.ended_at)
    }
}

/// Whether the store says that it did nothing, because it is not there.
fn is_away(problem: &dyn Error) -> bool {
    problem.to_string() == "the store is being opened again"
}

#[async_trait]
impl Layer for Checked {
    fn below(&self) -> &dyn Provider {
        &*self.inner
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        let started = self.inner.start(instance, start).await;
        if started.is_ok() {
            self.known().started.insert(instance.clone());
        }
        started
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        {
            let mut known = self.known();
            let life = known.lives;
            let tried = known.tried.entry((instance.clone(), message_id));
            tried.or_insert(life);
        }
        let sent = self
            .inner
            .enqueue(instance, message_id, message.clone())
            .await;
        match &sent {
            Ok(how) => self.sent(instance, message_id, &message, *how),
            Err(ProviderError::Unavailable { source, .. }) if !is_away(&**source) => {
                self.may_be_twice(&mut self.known(), instance, message_id);
            }
            Err(_) => {}
        }
        sent
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        let call = self.inner.fetch_turns(fetch.clone());
        let (items, is_void) = self.fetched(call).await?;
        {
            let mut known = self.known();
            known.wall = self.env.now().as_millis();
            for item in &items {
                self.turn_fetched(&mut known, (&fetch, is_void), item);
            }
        }
        self.require(!items.is_empty(), || "I27: a fetch without work".to_owned());
        Ok(items)
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        let (call, life) = {
            let mut known = self.known();
            (known.commits(lock, &turn), known.lives)
        };
        let committed = self.inner.commit_turn(lock, turn.clone()).await;
        let mut known = self.known();
        let its = known.turn(&lock.instance);
        if let Err(ProviderError::Unavailable { .. }) = &committed {
            self.shared.saw("a commit in doubt");
            its.failed(call);
            return committed;
        }
        its.answered(call);
        match &committed {
            Ok(how) => self.committed(&mut known, (lock, life), &turn, *how),
            Err(ProviderError::LockLost) => self.shared.saw("a commit under a lost lock"),
            Err(ProviderError::Refused(problem)) => {
                self.shared
                    .broken(format!("a commit was refused: {problem}"));
            }
            Err(_) => {}
        }
        committed
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        let given = self.inner.abandon_turn(lock, delay, forget).await;
        if given.is_ok() {
            self.shared.saw("a turn was given back");
            let mut known = self.known();
            let turn = known.turn(&lock.instance);
            self.allowed(turn.lock.as_mut(), lock.epoch, lock.token, None);
            turn.lock = None;
            let second = self.env.elapsed().as_secs();
            if turn.given_back.0 != second {
                turn.given_back = (second, BTreeMap::new());
            }
            for message in turn.messages.keys() {
                let times = turn.given_back.1.entry(*message).or_default();
                *times += 1;
                self.require(*times <= MOST_GIVEN_BACK, || {
                    let id = &lock.instance;
                    format!("I35: `{id}` was given back {times} times within a second")
                });
            }
        }
        given
    }

    async fn renew_turn(&self, lock: &TurnLock, timeout: Duration) -> Answer<()> {
        let renewed = self.inner.renew_turn(lock, timeout).await;
        if renewed.is_ok() {
            self.shared.saw("the lock of a turn was renewed");
            let mut known = self.known();
            let turn = known.turn(&lock.instance);
            if !turn.commits_under(lock.epoch) {
                self.allowed(turn.lock.as_mut(), lock.epoch, lock.token, Some(timeout));
            }
        }
        renewed
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        let call = self.inner.fetch_activities(fetch.clone());
        let (items, is_void) = self.fetched(call).await?;
        let mut known = self.known();
        for item in &items {
            self.activity_fetched(&mut known, (&fetch, is_void), item);
        }
        drop(known);
        self.require(!items.is_empty(), || "I27: a fetch without work".to_owned());
        Ok(items)
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        // A store that is opened anew may give its number to another activity before the answer comes.
        let (life, source) = {
            let known = self.known();
            let activity = known.activities.get(&lock.activity);
            (known.lives, activity.and_then(|it| it.source.clone()))
        };
        let done = self.inner.complete_activity(lock, result).await;
        match &done {
            Ok(()) => {
                let mut known = self.known();
                let was_opened = life != known.lives;
                let activity = known.activities.entry(lock.activity).or_default();
                if !was_opened {
                    self.allowed(activity.lock.as_mut(), lock.epoch, lock.token, None);
                    activity.lock = None;
                }
                let is_first = source.is_none_or(|source| known.completed.insert(source));
                self.require(is_first, || format!("I29: {lock:?} was completed twice"));
            }
            Err(ProviderError::LockLost) => self.shared.saw("a completion under a lost lock"),
            Err(_) => {}
        }
        done
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        let given = self.inner.abandon_activity(lock, delay, forget).await;
        if given.is_ok() {
            self.shared.saw("an activity was given back");
            let mut known = self.known();
            let activity = known.activities.entry(lock.activity).or_default();
            self.allowed(activity.lock.as_mut(), lock.epoch, lock.token, None);
            activity.lock = None;
        }
        given
    }

    async fn renew_activity(&self, lock: &ActivityLock, timeout: Duration) -> Answer<()> {
        let renewed = self.inner.renew_activity(lock, timeout).await;
        match &renewed {
            Ok(()) => {
                self.shared.saw("the lock of an activity was renewed");
                let mut known = self.known();
                let activity = known.activities.entry(lock.activity).or_default();
                self.allowed(
                    activity.lock.as_mut(),
                    lock.epoch,
                    lock.token,
                    Some(timeout),
                );
            }
            Err(ProviderError::LockLost) => {
                self.shared.saw("a worker learns that it lost its lock");
            }
            Err(_) => {}
        }
        renewed
    }

    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        let released = self.inner.release_sessions(owners).await;
        if released.is_ok() {
            let mut known = self.known();
            known
                .sessions
                .retain(|_, (owner, _)| !owners.contains(owner));
        }
        released
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        let renewed = self
            .inner
            .renew_sessions(owners, lock_timeout, idle_timeout)
            .await;
        if renewed.as_ref().is_ok_and(|count| *count > 0) {
            self.shared.saw("a claim on a session was renewed");
        }
        renewed
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        let status = self.inner.status(instance).await?;
        if let Some(status) = &status {
            self.looked_at(status);
        }
        Ok(status)
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        let status = self.inner.wait(instance, seen).await?;
        self.looked_at(&status);
        Ok(status)
    }
}
