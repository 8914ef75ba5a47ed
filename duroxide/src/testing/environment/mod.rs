//! What a test is handed: the program under test, its clock, and everything that is outside of it.

mod outside;

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::client::Client;
use crate::env::{Env as _, EnvRef};
use crate::provider::model::ModelProvider;
use crate::provider::{InstanceQuery, Provider as _, ProviderRef, StateQuery};
use crate::registry::{ActivityRegistry, OrchestrationRegistry};
use crate::runtime::RuntimeOptions;

use super::clock::Clock;
use super::cutting::{Cutting, Writes};
use super::mocks::Mocks;
use super::program::{Program, Running};
use super::run::{TestOptions, fail};
use super::world::World;
use super::{HistoryError, RecordedHistory};

/// The world of one test: the real engine and the real runtime on a store in memory, with a virtual
/// clock. Cheap to clone.
///
/// The program under test is everything that the macros registered, and what the test registers. It
/// starts with the first call of [`client`](Self::client). Virtual time goes on when nothing can go
/// on without it, from timer to timer, so that thirty days take a millisecond; activities that
/// sleep with Tokio's timers sleep in virtual time too.
///
/// ```
/// use duroxide::prelude::*;
/// use duroxide::testing::TestEnv;
///
/// #[activity(retry(max_attempts = 3, initial = "1m"))]
/// async fn charge(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
///     Err(format!("no bank here for {cents} cents"))
/// }
///
/// #[orchestration]
/// async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
///     let paid = charge(ctx, cents).await?;
///     Ok(paid)
/// }
///
/// #[duroxide::test]
/// async fn a_bank_that_is_away_is_asked_again(env: TestEnv) {
///     let bank = env.mock::<charge>(|cents| Ok(cents)).fail_first(1, "away".to_owned());
///     let payment = pay::start(&env.client(), 990).await.unwrap();
///     assert_eq!(payment.result().await.unwrap(), 990);
///     assert_eq!(bank.count(), 2);
///     assert!(env.elapsed() >= Duration::from_secs(60)); // which took no time
/// }
/// # a_bank_that_is_away_is_asked_again();
/// ```
#[derive(Clone)]
pub struct TestEnv(Arc<Inside>);

struct Inside {
    clock: Arc<Clock>,
    world: Arc<World>,
    options: TestOptions,
    store: ModelProvider,
    writes: Arc<Writes>,
    mocks: Arc<Mocks>,
    program: Mutex<Program>,
    running: Mutex<Option<Running>>,
    /// The world of the run that is cut now, if this one has such runs.
    cut_run: Mutex<Option<TestEnv>>,
    is_over: AtomicBool,
    /// What went wrong where the test does not look.
    troubles: Mutex<Vec<String>>,
}

impl TestEnv {
    pub(super) fn new(clock: Arc<Clock>, options: TestOptions) -> Self {
        Self::with_program(clock, options, Program::linked(options.replay_twice))
    }

    /// Another world for the same program: another store, no mocks, and the time begins again.
    pub(super) fn fresh(&self) -> Self {
        let program = lock(&self.0.program).clone();
        let fresh = Self::with_program(Arc::clone(&self.0.clock), self.0.options, program);
        *lock(&self.0.cut_run) = Some(fresh.clone());
        fresh
    }

    /// The last of the fresh worlds is over.
    pub(super) fn no_cut_run(&self) {
        *lock(&self.0.cut_run) = None;
    }

    fn with_program(clock: Arc<Clock>, options: TestOptions, program: Program) -> Self {
        let world = World::new();
        let store = ModelProvider::new(Arc::clone(&world) as EnvRef).unwatched();
        Self(Arc::new(Inside {
            clock,
            world,
            options,
            store,
            writes: Arc::default(),
            mocks: Arc::default(),
            program: Mutex::new(program),
            running: Mutex::new(None),
            cut_run: Mutex::new(None),
            is_over: AtomicBool::new(false),
            troubles: Mutex::default(),
        }))
    }

    /// A client of the program under test, which starts now if it does not run yet.
    ///
    /// An example stands at [`TestEnv`].
    ///
    /// # Panics
    ///
    /// If the program cannot start: two handlers claim one name.
    pub fn client(&self) -> Client {
        let mut running = lock(&self.0.running);
        if running.is_none() {
            *running = Some(self.launch());
        }
        drop(running);
        Client::with_env(self.store(), Arc::clone(&self.0.world) as EnvRef)
    }

    /// How much virtual time has passed since the test began.
    ///
    /// Examples stand at [`TestEnv`] and [`run`](crate::testing::run).
    pub fn elapsed(&self) -> Duration {
        self.0.world.elapsed()
    }

    /// The wall clock of this world. Every test begins at the same moment.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::testing::{TestOptions, run};
    ///
    /// run(TestOptions::default(), |env| async move {
    ///     let began = env.now();
    ///     env.skip(Duration::from_secs(60)).await;
    ///     assert_eq!(env.now(), began + Duration::from_secs(60));
    /// });
    /// ```
    pub fn now(&self) -> SystemTime {
        self.0.world.now().into()
    }

    /// Lets that much virtual time pass: all that falls due on the way happens in its order, and has
    /// happened when this returns, also what falls due at the very end.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::InstancePhase;
    /// use duroxide::prelude::*;
    /// use duroxide::testing::TestEnv;
    ///
    /// #[orchestration]
    /// async fn nap(ctx: &OrchestrationContext) -> Result<(), String> {
    ///     ctx.schedule_timer(Duration::from_secs(600)).await;
    ///     Ok(())
    /// }
    ///
    /// #[duroxide::test(auto_skip = false)]
    /// async fn a_nap_takes_ten_minutes(env: TestEnv) {
    ///     let nap = nap::start(&env.client()).await.unwrap();
    ///     env.skip(Duration::from_secs(599)).await;
    ///     assert_eq!(nap.info().await.unwrap().phase, InstancePhase::Running);
    ///     env.skip(Duration::from_secs(1)).await;
    ///     assert_eq!(nap.info().await.unwrap().phase, InstancePhase::Completed);
    /// }
    /// # a_nap_takes_ten_minutes();
    /// ```
    pub async fn skip(&self, duration: Duration) {
        self.0.clock.skip(duration).await;
    }

    /// Lets everything happen that can happen without time passing.
    ///
    /// Examples stand at [`TestOptions`] and [`mock_named`](Self::mock_named).
    pub async fn settle(&self) {
        self.0.clock.settled().await;
    }

    /// Whether virtual time goes on by itself, from now on. Without that it stands still, but for
    /// [`skip`](Self::skip).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::testing::{TestOptions, run};
    ///
    /// run(TestOptions::default(), |env| async move {
    ///     env.auto_skip(false); // from here on the time stands still
    ///     env.settle().await;
    ///     env.skip(Duration::from_secs(1)).await;
    ///     assert_eq!(env.elapsed(), Duration::from_secs(1));
    /// });
    /// ```
    pub fn auto_skip(&self, auto_skip: bool) {
        self.0.clock.auto_skip(auto_skip);
    }

    /// A value for activities, as [`RuntimeBuilder::data`](crate::runtime::RuntimeBuilder::data).
    ///
    /// An example stands at [`options`](Self::options).
    ///
    /// # Panics
    ///
    /// As [`options`](Self::options).
    #[track_caller]
    pub fn data<T: Send + Sync + 'static>(&self, value: T) {
        self.change(|program| program.data.insert(value));
    }

    /// Adds activities of the dynamic layer. What the macros registered under the same names gives
    /// way.
    ///
    /// An example stands at [`register_orchestrations`](Self::register_orchestrations).
    ///
    /// # Panics
    ///
    /// As [`options`](Self::options).
    #[track_caller]
    pub fn register_activities(&self, activities: &ActivityRegistry) {
        self.change(|program| {
            let all = ActivityRegistry::builder_from(&program.activities);
            program.activities = all.merge(activities.clone()).build();
        });
    }

    /// Adds orchestrations of the dynamic layer. What the macros registered under the same names
    /// gives way.
    ///
    /// ```
    /// use duroxide::testing::{TestOptions, run};
    /// use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};
    ///
    /// # let outcome: Result<(), duroxide::ClientError> =
    /// run(TestOptions::default(), |env| async move {
    ///     env.register_activities(&ActivityRegistry::builder()
    ///         .register("shout", |_ctx: ActivityContext, text: String| async move { Ok(text.to_uppercase()) })
    ///         .build());
    ///     env.register_orchestrations(&OrchestrationRegistry::builder()
    ///         .register("cry", |ctx: OrchestrationContext, text: String| async move {
    ///             ctx.schedule_activity("shout", text).await
    ///         })
    ///         .build());
    ///     env.client().start_orchestration("cry-1", "cry", "ahoy").await?;
    ///     let patience = std::time::Duration::from_secs(1);
    ///     let cry = env.client().wait_for_orchestration_typed::<String>("cry-1", patience).await?;
    ///     assert_eq!(cry, Ok("AHOY".to_owned()));
    ///     Ok(())
    /// });
    /// # outcome.unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// As [`options`](Self::options).
    #[track_caller]
    pub fn register_orchestrations(&self, orchestrations: &OrchestrationRegistry) {
        self.change(|program| {
            let all = OrchestrationRegistry::builder_from(&program.orchestrations);
            program.orchestrations = all.merge(orchestrations.clone()).build();
        });
    }

    /// Changes the options of the runtime. They begin as its defaults, but for locks that last an
    /// hour: a cancelled activity that sends no heartbeats hears of it after twenty minutes.
    ///
    /// ```
    /// use duroxide::testing::{TestOptions, run};
    ///
    /// run(TestOptions::default(), |env| async move {
    ///     env.options(|options| options.max_attempts = 2);
    ///     env.data(vec![100_u64, 250]); // what the activities ask their context for
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If the program runs already; see [`client`](Self::client).
    #[track_caller]
    pub fn options(&self, change: impl FnOnce(&mut RuntimeOptions)) {
        self.change(|program| change(&mut program.options));
    }

    /// The history of the current execution of an instance: to replay, to keep, to look at.
    ///
    /// An example stands at [`RecordedHistory`].
    ///
    /// # Errors
    ///
    /// As [`RecordedHistory::export`]; [`HistoryError::Empty`] also if there is no such instance.
    pub async fn history(&self, instance: &str) -> Result<RecordedHistory, HistoryError> {
        let client = self.client();
        let info = client.get_instance_info(instance).await?;
        RecordedHistory::export(&client, instance, info.current_execution_id).await
    }

    /// Kills the program where it stands, as the end of its process does, and starts it again on
    /// what was in the store.
    ///
    /// ```
    /// use duroxide::prelude::*;
    /// use duroxide::testing::TestEnv;
    ///
    /// #[orchestration]
    /// async fn patient(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     ctx.schedule_timer(Duration::from_secs(600)).await;
    ///     Ok("still here".to_owned())
    /// }
    ///
    /// #[duroxide::test]
    /// async fn a_crash_costs_no_time(env: TestEnv) {
    ///     let handle = patient::start(&env.client()).await.unwrap();
    ///     env.crash().await;
    ///     assert_eq!(handle.result().await.unwrap(), "still here");
    ///     assert_eq!(env.elapsed(), Duration::from_secs(600));
    /// }
    /// # a_crash_costs_no_time();
    /// ```
    ///
    /// # Panics
    ///
    /// As [`client`](Self::client).
    pub async fn crash(&self) {
        let before = lock(&self.0.running).take();
        if let Some(running) = before {
            running.kill().await;
            self.0.store.restart();
        }
        if self.0.is_over.load(Ordering::SeqCst) {
            return;
        }
        *lock(&self.0.running) = Some(self.launch());
    }

    fn store(&self) -> ProviderRef {
        Arc::new(self.0.store.clone())
    }

    pub(super) fn writes(&self) -> &Arc<Writes> {
        &self.0.writes
    }

    /// Does something outside of the program.
    pub(super) fn beside(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.world.spawn(Box::pin(task));
    }

    fn launch(&self) -> Running {
        let program = lock(&self.0.program);
        let store = Arc::new(Cutting {
            store: self.0.store.clone(),
            writes: Arc::clone(&self.0.writes),
        });
        match program.launch(&self.0.world, store, &self.0.mocks) {
            Ok(running) => running,
            Err(problem) => fail(&format!("the program under test cannot start: {problem}")),
        }
    }

    #[track_caller]
    fn change<T>(&self, change: impl FnOnce(&mut Program) -> T) {
        if lock(&self.0.running).is_some() {
            fail("the program runs already: say this before the first `env.client()`");
        }
        change(&mut lock(&self.0.program));
    }

    /// Why the test does not come to its end.
    pub(super) async fn what_is_stuck(&self) -> String {
        let cut_run = lock(&self.0.cut_run).clone();
        if let Some(run) = cut_run {
            let stuck = Box::pin(run.what_is_stuck()).await;
            return format!("in a run of `crash_at_every_event`: {stuck}");
        }
        let query = InstanceQuery {
            state: Some(StateQuery::Running),
            ..InstanceQuery::default()
        };
        let mut text = "the test waits for something that never comes".to_owned();
        let Some(admin) = self.0.store.admin() else {
            return text;
        };
        let running = admin.list_instances(&query, None, MOST_SHOWN).await;
        for status in running.unwrap_or_default() {
            let (instance, orchestration) = (&status.instance, &status.orchestration);
            let _ = write!(text, "\n  still running: `{instance}`, a `{orchestration}`");
            let history = self.history(instance.as_str()).await;
            if let Some(last) = history.ok().and_then(|history| history.last_line()) {
                let _ = write!(text, "; its last event: {last}");
            }
        }
        text
    }

    /// Ends the program, and says what went wrong unseen.
    pub(super) async fn end(&self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        let running = lock(&self.0.running).take();
        if let Some(running) = running {
            running.kill().await;
        }
        let mut troubles = std::mem::take(&mut *lock(&self.0.troubles));
        let refused = self.0.mocks.refused().into_iter();
        troubles.extend(refused.map(|name| {
            format!(
                "the activity `{name}` was called and has no mock: add `env.mock::<{name}>(..)`, or \
                 leave out `env.refuse_unmocked()`"
            )
        }));
        if !troubles.is_empty() {
            fail(&troubles.join("\n"));
        }
    }
}

/// How many instances are named that still run when a test does not end.
const MOST_SHOWN: usize = 20;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for TestEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEnv")
            .field("elapsed", &self.elapsed())
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}
