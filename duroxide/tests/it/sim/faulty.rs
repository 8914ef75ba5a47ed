//! The way from one node to the store: calls are late, lost before or behind their effect, or made
//! a second time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Layer, Provider, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock,
};
use futures::future::BoxFuture;

use super::executor::Group;
use super::shared::Shared;
use crate::support::dice::Dice;

type Answer<T> = Result<T, ProviderError>;

/// Late repetitions belong to nobody.
pub(crate) const NETWORK: Group = Group(3);

/// A store that somebody reaches over a bad line.
#[derive(Debug)]
pub(crate) struct Faulty {
    store: ProviderRef,
    shared: Arc<Shared>,
    dice: Mutex<Dice>,
    /// Whoever used this line said that it is done.
    closed: AtomicBool,
}

impl Faulty {
    pub(crate) fn new(store: &ProviderRef, shared: &Arc<Shared>, dice: Dice) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            shared: Arc::clone(shared),
            dice: Mutex::new(dice),
            closed: AtomicBool::new(false),
        })
    }

    /// Nothing may come over this line any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    fn chance(&self, per_mille: u64) -> bool {
        self.shared.faults() && self.dice.lock().unwrap().chance(per_mille)
    }

    async fn late(&self) {
        let plan = &self.shared.plan;
        if !self.chance(plan.delay) {
            return;
        }
        let pause = {
            let mut dice = self.dice.lock().unwrap();
            if dice.chance(plan.long_delay) {
                self.shared.saw("a call that takes longer than a lease");
                dice.millis(4_000, 20_000)
            } else {
                dice.millis(1, 60)
            }
        };
        self.shared.executor.sleep(pause).await;
    }

    /// A call over the line. `again` makes it a second time, if it is one that may be repeated.
    async fn over<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Answer<T>>,
        again: Option<BoxFuture<'static, ()>>,
    ) -> Answer<T> {
        if self.closed.load(Ordering::SeqCst) {
            self.shared
                .broken(format!("I37: {operation} behind the end of the runtime"));
        }
        self.shared.executor.note(operation);
        self.late().await;
        let plan = &self.shared.plan;
        if self.chance(plan.fail_before) {
            self.shared
                .saw(format!("{operation} failed before it did anything"));
            return Err(lost(operation));
        }
        let answer = call.await;
        self.shared
            .executor
            .note(if answer.is_ok() { "ok" } else { "no" });
        if let Some(again) = again
            && self.chance(plan.repeat)
        {
            self.shared.saw(format!("{operation} was made twice"));
            let pause = self.dice.lock().unwrap().millis(0, 8_000);
            let wait = self.shared.executor.sleep(pause);
            let later = async move {
                wait.await;
                again.await;
            };
            self.shared.executor.spawn(NETWORK, Box::pin(later));
        }
        if answer.is_ok() && self.chance(plan.fail_after) {
            self.shared
                .saw(format!("{operation} failed behind its effect"));
            return Err(lost(operation));
        }
        self.late().await;
        answer
    }
}

fn lost(operation: &'static str) -> ProviderError {
    ProviderError::Unavailable {
        operation,
        source: "the line is bad".into(),
    }
}

/// The call as a future that somebody else can make.
macro_rules! again {
    ($self:ident, |$store:ident $(, $name:ident)*| $call:expr) => {{
        let $store = Arc::clone(&$self.store);
        $(let $name = $name.clone();)*
        let again: BoxFuture<'static, ()> = Box::pin(async move { let _ = $call.await; });
        Some(again)
    }};
}

#[async_trait]
impl Layer for Faulty {
    fn below(&self) -> &dyn Provider {
        &*self.store
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        let again = again!(self, |store, instance, start| store.start(&instance, start));
        self.over("start", self.store.start(instance, start), again)
            .await
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        let again = again!(self, |store, instance, message| store
            .enqueue(&instance, message_id, message));
        let call = self.store.enqueue(instance, message_id, message);
        self.over("enqueue", call, again).await
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        self.over("fetch_turns", self.store.fetch_turns(fetch), None)
            .await
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        let again = again!(self, |store, lock, turn| store.commit_turn(&lock, turn));
        self.over("commit_turn", self.store.commit_turn(lock, turn), again)
            .await
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        let again = again!(self, |store, lock| store.abandon_turn(&lock, delay, forget));
        let call = self.store.abandon_turn(lock, delay, forget);
        self.over("abandon_turn", call, again).await
    }

    async fn renew_turn(&self, lock: &TurnLock, timeout: Duration) -> Answer<()> {
        let again = again!(self, |store, lock| store.renew_turn(&lock, timeout));
        self.over("renew_turn", self.store.renew_turn(lock, timeout), again)
            .await
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        self.over("fetch_activities", self.store.fetch_activities(fetch), None)
            .await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        let again = again!(self, |store, lock, result| store
            .complete_activity(&lock, result));
        let call = self.store.complete_activity(lock, result);
        self.over("complete_activity", call, again).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        let again = again!(self, |store, lock| store
            .abandon_activity(&lock, delay, forget));
        let call = self.store.abandon_activity(lock, delay, forget);
        self.over("abandon_activity", call, again).await
    }

    async fn renew_activity(&self, lock: &ActivityLock, timeout: Duration) -> Answer<()> {
        let again = again!(self, |store, lock| store.renew_activity(&lock, timeout));
        let call = self.store.renew_activity(lock, timeout);
        self.over("renew_activity", call, again).await
    }

    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        let call = self.store.release_sessions(owners);
        self.over("release_sessions", call, None).await
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        let call = self
            .store
            .renew_sessions(owners, lock_timeout, idle_timeout);
        self.over("renew_sessions", call, None).await
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        let call = self.store.read(instance, execution_id, after, max);
        self.over("read", call, None).await
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        self.over("status", self.store.status(instance), None).await
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        self.over("wait", self.store.wait(instance, seen), None)
            .await
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Answer<Option<KvEntry>> {
        self.over("kv", self.store.kv(instance, key), None).await
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Answer<Vec<KvEntry>> {
        self.over("kv_entries", self.store.kv_entries(instance), None)
            .await
    }
}
