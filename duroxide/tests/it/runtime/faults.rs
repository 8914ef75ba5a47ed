//! A store that fails now and then: before it does what it was asked, or after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::engine::SEMANTICS;
use duroxide::history::{ErrorDetails, EventId, EventKind, ExecutionId, InstanceId, Message};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Layer, Provider, ProviderError, ProviderRef, TurnCommit, TurnFetch, TurnItem, TurnLock,
    TurnOutcome,
};
use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
    join_all,
};
use tokio::sync::Notify;

use super::world::{
    Program, World, completed, echo, failed, live_on_and_off, program, shared, stores, until,
};

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
    /// Whose turns it never takes, unless they end the instance badly.
    refuses: Option<&'static str>,
    /// Whose histories it cannot read.
    corrupt: Option<&'static str>,
    /// Renewals that failed.
    failed_renewals: AtomicU64,
    /// The newest semantics that the worker knows which has this store, and pins executions to.
    pub(crate) semantics: u32,
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
            refuses: None,
            corrupt: None,
            failed_renewals: AtomicU64::new(0),
            semantics: SEMANTICS,
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
impl Layer for Faulty {
    fn below(&self) -> &dyn Provider {
        &*self.store
    }

    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        self.through(self.store.release_sessions(owners)).await
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lease: Duration,
        idle: Duration,
    ) -> Result<usize, ProviderError> {
        self.through(self.store.renew_sessions(owners, lease, idle))
            .await
    }

    fn describe(&self) -> String {
        format!("faulty {}", self.store.describe())
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
        let known = SEMANTICS..=self.semantics;
        self.store.fetch_turns(fetch.semantics(known)).await
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        mut turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        if let Some(EventKind::OrchestrationStarted { semantics, .. }) =
            turn.history_delta.first_mut().map(|event| &mut event.kind)
        {
            *semantics = self.semantics;
        }
        let fails = matches!(turn.outcome, TurnOutcome::Failed { .. });
        if self.refuses == Some(lock.instance.as_str()) && !fails {
            return Err(ProviderError::Refused("not this one".to_owned()));
        }
        self.through(self.store.commit_turn(lock, turn)).await
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

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lease: Duration,
    ) -> Result<(), ProviderError> {
        let renewed = self.through(self.store.renew_activity(lock, lease)).await;
        if renewed.is_err() {
            self.failed_renewals.fetch_add(1, Ordering::SeqCst);
        }
        renewed
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.corrupt == Some(instance.as_str()) {
            return Err(ProviderError::Corrupt {
                instance: instance.clone(),
                execution_id: execution,
                event_id: after.next(),
                problem: "spoiled on purpose".to_owned(),
            });
        }
        self.through(self.store.read(instance, execution, after, max))
            .await
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
        until(|| faulty.calls.load(Ordering::SeqCst) > before + 3).await;
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

/// Never fails of itself.
pub(crate) fn sound(store: ProviderRef) -> Faulty {
    let faulty = Faulty::new(store, u64::MAX / 4);
    faulty.calls.store(1, Ordering::SeqCst);
    faulty
}

#[tokio::test(flavor = "multi_thread")]
async fn w06_a_renewal_that_fails_cancels_nothing() {
    for store in stores() {
        let (started, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let runs = Arc::new(AtomicU64::new(0));
        let (starts, goes, counts) = (Arc::clone(&started), Arc::clone(&go), Arc::clone(&runs));
        let activities = ActivityRegistry::builder()
            .register("long", move |ctx: ActivityContext, _| {
                let (starts, goes) = (Arc::clone(&starts), Arc::clone(&goes));
                counts.fetch_add(1, Ordering::SeqCst);
                async move {
                    starts.notify_one();
                    goes.notified().await;
                    Ok(format!("cancelled: {}", ctx.is_cancelled()))
                }
            })
            .build();
        let program = Program {
            activities,
            ..program(|ctx, _| async move { ctx.schedule_activity("long", "").await })
        };
        let faulty = Arc::new(sound(store));
        let options = RuntimeOptions {
            worker_lock_timeout: Duration::from_secs(6),
            ..Default::default()
        };
        let as_store: ProviderRef = faulty.clone();
        let world = World::start(as_store, &program, options).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        started.notified().await;
        faulty.away.store(true, Ordering::SeqCst);
        until(|| faulty.failed_renewals.load(Ordering::SeqCst) >= 2).await;
        faulty.away.store(false, Ordering::SeqCst);
        go.notify_one();
        assert_eq!(completed(world.end("a").await), "cancelled: false");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        world.stop().await;
    }
}

/// `main` calls `child` as `child` and says what came of it.
fn parent_and_child() -> Program {
    let orchestrations = OrchestrationRegistry::builder()
        .register("child", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_activity("echo", "x").await
        })
        .register("main", |ctx: OrchestrationContext, _| async move {
            let call = ctx.schedule_sub_orchestration_with_id("child", "child", "");
            Ok(call.await.unwrap_err())
        })
        .build();
    Program {
        activities: echo(),
        orchestrations,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w22_a_child_whose_turns_the_store_refuses_fails_and_tells_its_parent() {
    for options in live_on_and_off() {
        for store in stores() {
            let faulty = Faulty {
                refuses: Some("child"),
                ..sound(store)
            };
            let world = World::start(shared(faulty), &parent_and_child(), options.clone()).await;
            let told = world.output("a", "main", "").await;
            assert_eq!(told, "infrastructure:commit_turn: refused: not this one");
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w26_a_child_whose_history_cannot_be_read_fails_and_tells_its_parent() {
    for store in stores() {
        let faulty = Faulty {
            corrupt: Some("child"),
            ..sound(store)
        };
        let options = RuntimeOptions {
            live_instances: 0,
            ..Default::default()
        };
        let world = World::start(shared(faulty), &parent_and_child(), options).await;
        let told = world.output("a", "main", "").await;
        assert!(
            told.starts_with("poison: the history cannot be read"),
            "{told}"
        );
        world.stop().await;
    }
}

/// What a parent had asked for is not known when its history cannot be read; whose children they are
/// is known to the store.
#[tokio::test(flavor = "multi_thread")]
async fn a_parent_whose_history_cannot_be_read_takes_its_children_with_it() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("waits", |ctx: OrchestrationContext, _| async move {
            Ok(ctx.schedule_wait("never").await)
        })
        .register("parent", |ctx: OrchestrationContext, _| async move {
            let done = ctx.schedule_sub_orchestration_with_id("ends", "done", "");
            let open =
                ["one", "two"].map(|id| ctx.schedule_sub_orchestration_with_id("waits", id, ""));
            ctx.schedule_orchestration("waits", "stranger", "");
            done.await?;
            join_all(open).await;
            Ok(String::new())
        })
        .register("ends", |_: OrchestrationContext, _| async move {
            Ok(String::new())
        })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    for store in stores() {
        let before = World::start(store.clone(), &program, RuntimeOptions::default()).await;
        let client = &before.client;
        client.start_orchestration("a", "parent", "").await.unwrap();
        // Its start, four calls, the end of the first child; and the others wait.
        before.reach("a", 6).await;
        for waits in ["one", "two", "stranger"] {
            before.exists(waits).await;
            before.reach(waits, 2).await;
        }
        before.stop().await;
        let faulty = Faulty {
            corrupt: Some("a"),
            ..sound(store)
        };
        let world = World::start(shared(faulty), &program, RuntimeOptions::default()).await;
        world.client.raise_event("a", "wake", "").await.unwrap();
        let details = failed(world.end("a").await);
        assert_eq!(details.category(), "poison");
        for child in ["one", "two"] {
            let told = failed(world.end(child).await);
            assert_eq!(told.display_message(), "canceled: parent failed");
        }
        assert_eq!(completed(world.end("done").await), "");
        assert!(!world.status("stranger").await.is_terminal());
        world.stop().await;
    }
}
