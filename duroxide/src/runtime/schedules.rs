//! The threads and tasks of a runtime in thousands of orders: the threads for orchestrations, the
//! claims on sessions, the end.
//!
//! Each of these tests has failed once, with a bug that was made for it: `docs/testing.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::select;
use shuttle::future::block_on;
use shuttle::rand::Rng as _;
use shuttle::thread;
use tokio::sync::Notify;

use crate::activity::ActivityContext;
use crate::env::EnvRef;
use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, Start};
use crate::orchestration::OrchestrationContext;
use crate::provider::model::ModelProvider;
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, ActivityRequest, Committed, Layer, Provider,
    ProviderError, ProviderRef, TurnCommit, TurnFetch, TurnItem, TurnLock,
};
use crate::registry::{ActivityRegistry, OrchestrationRegistry};
use crate::runtime::sessions::Sessions;
use crate::runtime::turn_pool::{Lost, TurnPool};
use crate::runtime::{Runtime, RuntimeOptions};
use crate::schedules::{ExploredEnv, breathe, explore, while_others_work};
use crate::sync::{Condvar, Mutex};

/// Who sleeps for so long is not meant to wake up.
const FOR_EVER: Duration = Duration::from_millis(900);
const SHORT: Duration = Duration::from_millis(500);

type Answer<T> = Result<T, ProviderError>;

fn unfinished(pool: &TurnPool) -> usize {
    let threads = pool.threads();
    threads
        .iter()
        .filter(|thread| !thread.is_finished())
        .count()
}

#[test]
fn every_job_is_answered_and_a_closed_pool_has_no_thread() {
    explore(|| {
        let env = ExploredEnv::new(FOR_EVER);
        let pool = Arc::new(TurnPool::start(2));
        let runs = Arc::new(AtomicU64::new(0));
        let askers = [1_u64, 2, 3].map(|number| {
            let (env, pool, runs) = (Arc::clone(&env), Arc::clone(&pool), Arc::clone(&runs));
            thread::spawn(move || {
                let job = move || {
                    runs.fetch_add(1, Ordering::SeqCst);
                    number
                };
                let answer = block_on(pool.run(&*env, FOR_EVER, job));
                assert!([Ok(number), Err(Lost::Closed)].contains(&answer));
                answer.is_ok()
            })
        });
        for one in pool.close() {
            one.join().unwrap();
        }
        // What was taken in was done by then, and nothing is taken in later.
        let done = runs.load(Ordering::SeqCst);
        let answers = askers.map(|asker| asker.join().unwrap());
        let answered = answers.into_iter().filter(|answered| *answered).count();
        assert_eq!((answered as u64, runs.load(Ordering::SeqCst)), (done, done));
    });
}

/// One job stays on its thread, and is written off; the next one is done by another thread.
#[test]
fn a_job_that_is_stuck_holds_up_nobody() {
    explore(|| {
        let env = ExploredEnv::new(FOR_EVER);
        let pool = Arc::new(TurnPool::start(1));
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let stuck = {
            let (env, pool, gate) = (Arc::clone(&env), Arc::clone(&pool), Arc::clone(&gate));
            thread::spawn(move || {
                let job = move || {
                    let mut is_open = gate.0.lock().unwrap();
                    while !*is_open {
                        is_open = gate.1.wait(is_open).unwrap();
                    }
                };
                block_on(pool.run(&*env, SHORT, job))
            })
        };
        let next = block_on(pool.run(&*env, FOR_EVER, || 7));
        assert_eq!(next, Ok(7));
        assert_eq!(stuck.join().unwrap(), Err(Lost::Stuck));
        *gate.0.lock().unwrap() = true;
        gate.1.notify_all();
        // Its thread goes when it comes back, so that there are as many as there should be.
        while unfinished(&pool) != 1 {
            thread::yield_now();
        }
        for one in pool.close() {
            one.join().unwrap();
        }
    });
}

/// A job that ends about when its time is over is answered, or written off; never both by halves.
#[test]
fn a_job_that_ends_with_its_limit_leaves_as_many_threads_as_there_were() {
    explore(|| {
        let env = ExploredEnv::new(FOR_EVER);
        let pool = TurnPool::start(1);
        match block_on(pool.run(&*env, SHORT, breathe)) {
            Ok(()) => assert_eq!(unfinished(&pool), 1),
            Err(lost) => assert_eq!(lost, Lost::Stuck),
        }
        while unfinished(&pool) != 1 {
            thread::yield_now();
        }
        for one in pool.close() {
            one.join().unwrap();
        }
    });
}

/// A store that is only asked to renew claims.
#[derive(Debug)]
struct Claims {
    below: ProviderRef,
    made: AtomicU64,
    renewed: AtomicU64,
    changed: Notify,
}

#[async_trait]
impl Layer for Claims {
    fn below(&self) -> &dyn Provider {
        &*self.below
    }

    async fn renew_sessions(&self, _: &[String], _: Duration, _: Duration) -> Answer<usize> {
        while_others_work(2).await;
        let made = self.made.load(Ordering::SeqCst);
        self.renewed.store(made, Ordering::SeqCst);
        self.changed.notify_one();
        while_others_work(2).await;
        // Whether this worker owned something when it was asked.
        Ok(usize::from(shuttle::rand::thread_rng().r#gen::<bool>()))
    }
}

fn claim(number: u64) -> ActivityItem {
    ActivityItem {
        lock: ActivityLock {
            activity: number,
            epoch: number,
            token: 1,
        },
        instance: id("a"),
        execution_id: ExecutionId::FIRST,
        source: EventId(number),
        orchestration: "Order".to_owned(),
        version: None,
        attempt: 1,
        request: Ok(ActivityRequest {
            name: "work".to_owned(),
            input: String::new(),
            attempt: 1,
            first_attempt: None,
            session_id: Some("session".to_owned()),
            tag: None,
        }),
    }
}

fn id(text: &str) -> InstanceId {
    text.parse().unwrap()
}

/// A claim that is made while claims are renewed, or while it is found that there are none, is
/// renewed as well.
#[test]
fn no_claim_on_a_session_is_forgotten() {
    explore(|| {
        let env: EnvRef = ExploredEnv::new(FOR_EVER);
        let store = Arc::new(Claims {
            below: Arc::new(ModelProvider::new(Arc::clone(&env))),
            made: AtomicU64::new(0),
            renewed: AtomicU64::new(0),
            changed: Notify::new(),
        });
        let options = RuntimeOptions {
            session_lock_timeout: SHORT,
            ..RuntimeOptions::default()
        };
        let sessions = Arc::new(Sessions::new("worker".to_owned(), &options));
        for first in [1, 3] {
            let (store, sessions) = (Arc::clone(&store), Arc::clone(&sessions));
            thread::spawn(move || {
                for number in [first, first + 1] {
                    store.made.fetch_add(1, Ordering::SeqCst);
                    sessions.fetched(&[claim(number)]);
                    breathe();
                }
            });
        }
        let as_store: ProviderRef = Arc::clone(&store) as ProviderRef;
        let all_renewed = async {
            while store.renewed.load(Ordering::SeqCst) < 4 {
                store.changed.notified().await;
            }
        };
        let kept = sessions.keep(&env, &as_store, SHORT);
        block_on(select(std::pin::pin!(all_renewed), std::pin::pin!(kept)));
    });
}

/// A store that others come before and behind of, and that is not called any more at the end.
#[derive(Debug)]
struct Watched {
    below: ModelProvider,
    is_over: AtomicBool,
}

impl Watched {
    async fn before(&self) {
        while_others_work(1).await;
        let is_over = self.is_over.load(Ordering::SeqCst);
        assert!(!is_over, "called behind the end");
    }

    async fn around<T>(&self, call: impl Future<Output = Answer<T>> + Send) -> Answer<T> {
        self.before().await;
        let answer = call.await;
        while_others_work(1).await;
        answer
    }
}

#[async_trait]
impl Layer for Watched {
    fn below(&self) -> &dyn Provider {
        &self.below
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        self.before().await;
        // What a fetch that is dropped had locked already would be locked until its lease ends.
        self.below.fetch_turns(fetch).await
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        self.around(self.below.commit_turn(lock, turn)).await
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        let call = self.below.abandon_turn(lock, delay, forget);
        self.around(call).await
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        self.before().await;
        self.below.fetch_activities(fetch).await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        let call = self.below.complete_activity(lock, result);
        self.around(call).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        let call = self.below.abandon_activity(lock, delay, forget);
        self.around(call).await
    }
}

struct AtWork(Arc<AtomicU64>);

impl AtWork {
    fn begin(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// At whatever moment the end comes: behind it nothing of the runtime runs or calls the store, and
/// what was not finished can be had by others at once.
#[test]
fn a_shutdown_leaves_nobody_at_work_and_nothing_locked() {
    explore(|| {
        let env: EnvRef = ExploredEnv::new(FOR_EVER);
        let store = Arc::new(Watched {
            below: ModelProvider::new(Arc::clone(&env)).unwatched(),
            is_over: AtomicBool::new(false),
        });
        let at_work = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&at_work);
        let work = move |_: ActivityContext, input: String| {
            let counted = Arc::clone(&counted);
            async move {
                let _at_work = AtWork::begin(&counted);
                while_others_work(8).await;
                Ok(input)
            }
        };
        let order = |ctx: OrchestrationContext, input: String| async move {
            ctx.schedule_activity("work", input).await
        };
        let options = RuntimeOptions {
            orchestration_concurrency: 1,
            worker_concurrency: 1,
            turn_threads: 1,
            ..RuntimeOptions::default()
        };
        let runtime = Runtime::start_in(
            Arc::clone(&env),
            Arc::clone(&store) as ProviderRef,
            ActivityRegistry::builder().register("work", work).build(),
            OrchestrationRegistry::builder()
                .register("Order", order)
                .build(),
            options,
        );
        block_on(async {
            let begin = Start::first("Order", "in".to_owned(), 7);
            store.below.start(&id("a"), begin).await.unwrap();
            while_others_work(60).await;
            runtime.shutdown(Some(SHORT)).await;
        });
        store.is_over.store(true, Ordering::SeqCst);
        assert_eq!(at_work.load(Ordering::SeqCst), 0, "an activity goes on");
        let model = &store.below;
        model.check_invariants().unwrap();
        let status = block_on(model.status(&id("a"))).unwrap().unwrap();
        let turns = model.fetch_turns(TurnFetch::new(1, FOR_EVER));
        let work = model.fetch_activities(ActivityFetch::new(1, FOR_EVER));
        let has_turn = turns.now_or_never().is_some();
        let has_work = work.now_or_never().is_some();
        assert!(
            status.state.is_terminal() || has_turn || has_work,
            "something is left locked"
        );
    });
}
