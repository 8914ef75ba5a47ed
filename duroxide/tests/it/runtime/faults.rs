//! A store that fails now and then: before it does what it was asked, or after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch, TurnItem, TurnLock,
};
use duroxide::{RuntimeOptions, join_all};

use super::world::{World, completed, live_on_and_off, program, shared, stores};

/// Passes calls on, and spoils every so many of them.
#[derive(Debug)]
pub(crate) struct Faulty {
    store: ProviderRef,
    pub(crate) calls: AtomicU64,
    /// How many histories were read.
    pub(crate) reads: AtomicU64,
    every: u64,
    pub(crate) away: AtomicBool,
    /// How many fetches are still to panic.
    pub(crate) panics: AtomicU64,
}

impl Faulty {
    pub(crate) fn new(store: ProviderRef, every: u64) -> Self {
        Self {
            store,
            calls: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            every,
            away: AtomicBool::new(false),
            panics: AtomicU64::new(0),
        }
    }

    /// What no store should do.
    fn may_panic(&self) {
        let one_less = |left: u64| left.checked_sub(1);
        let panics = self
            .panics
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        assert!(panics.is_err(), "spoiled on purpose");
    }

    /// Does it, or fails before or after doing it.
    async fn through<T>(
        &self,
        call: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = || ProviderError::Unavailable {
            operation: "work today",
            source: "spoiled on purpose".into(),
        };
        if self.away.load(Ordering::SeqCst) {
            return Err(fault());
        }
        match number % (2 * self.every) {
            0 => Err(fault()),
            n if n == self.every => {
                call.await?;
                Err(fault())
            }
            _ => call.await,
        }
    }
}

#[async_trait]
impl Provider for Faulty {
    async fn renew_sessions(
        &self,
        owners: &[String],
        lease: Duration,
        idle: Duration,
    ) -> Result<usize, ProviderError> {
        self.through(self.store.renew_sessions(owners, lease, idle))
            .await
    }
    async fn kv(&self, id: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        self.store.kv(id, key).await
    }
    async fn kv_entries(&self, id: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        self.store.kv_entries(id).await
    }
    fn describe(&self) -> String {
        format!("faulty {}", self.store.describe())
    }
    async fn start(&self, id: &InstanceId, start: Start) -> Result<StartOutcome, ProviderError> {
        self.store.start(id, start).await
    }
    async fn enqueue(
        &self,
        id: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        self.through(self.store.enqueue(id, message_id, message))
            .await
    }
    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError> {
        self.may_panic();
        self.through(async { Ok(()) }).await?;
        self.store.fetch_turns(fetch).await
    }
    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        self.through(self.store.commit_turn(lock, turn)).await
    }
    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget: bool,
    ) -> Result<(), ProviderError> {
        self.store.abandon_turn(lock, delay, forget).await
    }
    async fn renew_turn(&self, lock: &TurnLock, lease: Duration) -> Result<(), ProviderError> {
        self.through(self.store.renew_turn(lock, lease)).await
    }
    async fn fetch_activities(
        &self,
        fetch: ActivityFetch,
    ) -> Result<Vec<ActivityItem>, ProviderError> {
        self.may_panic();
        self.through(async { Ok(()) }).await?;
        self.store.fetch_activities(fetch).await
    }
    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        self.through(self.store.complete_activity(lock, result))
            .await
    }
    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Result<(), ProviderError> {
        self.store.abandon_activity(lock, delay, forget).await
    }
    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lease: Duration,
    ) -> Result<(), ProviderError> {
        self.through(self.store.renew_activity(lock, lease)).await
    }
    async fn read(
        &self,
        instance: &InstanceId,
        execution: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.through(self.store.read(instance, execution, after, max))
            .await
    }
    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        self.store.status(instance).await
    }
    async fn wait(
        &self,
        instance: &InstanceId,
        seen: u64,
    ) -> Result<InstanceStatus, ProviderError> {
        self.through(async { Ok(()) }).await?;
        self.store.wait(instance, seen).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_now_and_then_costs_time_and_nothing_else() {
    let program = program(|ctx, input| async move {
        let mut text = input;
        for number in 0..8 {
            text = ctx
                .schedule_activity("echo", format!("{text}{number}"))
                .await?;
        }
        Ok(text)
    });
    for options in live_on_and_off() {
        for store in stores() {
            let faulty = shared(Faulty::new(store, 7));
            let world = World::start(faulty, &program, options.clone()).await;
            let client = duroxide::Client::new(Arc::clone(&world.store));
            let runs = (0..10).map(|number| {
                let client = client.clone();
                async move {
                    let id = format!("i-{number}");
                    client.start_orchestration(&id, "main", ">").await.unwrap();
                    client
                        .wait_for_orchestration(&id, super::world::PATIENCE)
                        .await
                        .unwrap()
                }
            });
            for status in join_all(runs).await {
                assert_eq!(completed(status), ">01234567");
            }
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_answer_was_lost_is_read_once() {
    let program = program(|ctx, _| async move {
        let mut read = Vec::new();
        for _ in 0..40 {
            read.push(ctx.dequeue_event("q").await);
        }
        Ok(read.join(" "))
    });
    for store in stores() {
        let faulty = shared(Faulty::new(store, 3));
        let world = World::start(faulty, &program, RuntimeOptions::default()).await;
        let client = &world.client;
        client.start_orchestration("a", "main", "").await.unwrap();
        let numbers: Vec<_> = (0..40).map(|number| number.to_string()).collect();
        for number in &numbers {
            client.enqueue_event("a", "q", number).await.unwrap();
        }
        assert_eq!(completed(world.end("a").await), numbers.join(" "));
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_longer_than_a_lease_fails_no_instance() {
    let program = program(|ctx, _| async move { ctx.schedule_activity("echo", "x").await });
    for store in stores() {
        let faulty = Arc::new(Faulty::new(store, u64::MAX / 4));
        faulty.calls.store(1, Ordering::SeqCst);
        let options = RuntimeOptions {
            orchestrator_lock_timeout: Duration::from_millis(60),
            worker_lock_timeout: Duration::from_millis(60),
            ..Default::default()
        };
        let as_store: ProviderRef = faulty.clone();
        let world = World::start(as_store, &program, options).await;
        faulty.away.store(true, Ordering::SeqCst);
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        let before = faulty.calls.load(Ordering::SeqCst);
        super::world::until(|| faulty.calls.load(Ordering::SeqCst) > before + 3).await;
        faulty.away.store(false, Ordering::SeqCst);
        assert_eq!(completed(world.end("a").await), "x");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_that_panics_is_started_again() {
    let program = program(|ctx, _| async move { ctx.schedule_activity("echo", "x").await });
    for store in stores() {
        let faulty = Arc::new(Faulty::new(store, u64::MAX / 4));
        faulty.calls.store(1, Ordering::SeqCst);
        faulty.panics.store(2, Ordering::SeqCst);
        let as_store: ProviderRef = faulty.clone();
        let world = World::start(as_store, &program, RuntimeOptions::default()).await;
        assert_eq!(world.output("a", "main", "").await, "x");
        assert_eq!(faulty.panics.load(Ordering::SeqCst), 0);
        world.stop().await;
    }
}
