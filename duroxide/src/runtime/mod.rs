//! What drives it: fetches turns and activities, runs them, commits what came of it.
//!
//! [`Runtime::builder`] puts one together: a store, the program's data, [`RuntimeOptions`]. From
//! its start to [`Runtime::shutdown`] it takes whatever work there is, what an earlier process left
//! included. Several runtimes may share a store. How a turn goes from the inbox to the disk stands
//! in `docs/internals.md`, and how to run it for others in `docs/guide/running.md`.
//!
//! Must not know: which storage it runs on.

mod activities;
mod backoff;
mod builder;
mod committing;
mod dispatcher;
mod failing;
mod keep_alive;
pub mod limits;
mod live;
mod loading;
mod metering;
mod options;
mod orchestrations;
#[cfg(test)]
#[cfg(feature = "provider-test")]
mod schedules;
mod sessions;
mod system_calls;
mod turn_pool;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::sync::Mutex;

use crate::activity::ApplicationData;
use crate::client::Client;
use crate::env::{EnvRef, TaskHandle, TokioEnv, spawn};
use crate::provider::{Provider, ProviderRef};
use crate::sync::thread::JoinHandle;

use activities::Activities;
use dispatcher::{Stop, supervise};
use live::LiveInstances;
use metering::{Metered, Meters};
use orchestrations::Turns;
use sessions::Sessions;
use turn_pool::TurnPool;

// Where programs of the published crate look for them.
pub use crate::client::OrchestrationStatus;
pub use crate::engine as replay_engine;
pub use crate::registry::{
    self, ActivityHandler, ActivityRegistry, FnActivity, FnOrchestration, OrchestrationHandler,
    OrchestrationRegistry, OrchestrationRegistryBuilder, VersionPolicy,
};

pub use builder::{IntoStore, RuntimeBuilder, StartError};
pub use metering::MetricsSnapshot;
pub use options::{
    InvalidOption, LogFormat, ObservabilityConfig, RuntimeOptions, SessionOrdering,
    UnregisteredBackoffConfig,
};

/// What log lines and gauges say about a runtime, under the path of the published crate.
pub mod observability {
    pub use crate::runtime::metering::MetricsSnapshot;
    pub use crate::runtime::options::{LogFormat, ObservabilityConfig};
}

/// How long shutdown waits by default for what is under way.
const DEFAULT_GRACE: Duration = Duration::from_secs(1);
/// How long shutdown waits for what was told to stop.
const LAST_GRACE: Duration = Duration::from_secs(5);
/// How long it waits then for what gives back to a store that does not answer, before it reports
/// what is left and goes.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// A running worker: orchestrations and activities of one program on one store.
///
/// What was under way when the last process died is picked up at start, without a call.
/// [`shutdown`](Self::shutdown) ends it in order; dropping the last handle stops it too, without
/// waiting.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[orchestration]
/// async fn answer(_ctx: &OrchestrationContext) -> Result<u64, String> {
///     Ok(42)
/// }
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let runtime = Runtime::builder().store(RedbProvider::in_memory()?).start().await?;
/// let handle = answer::start(&runtime.client()).await?;
/// assert_eq!(handle.result().await?, 42);
/// runtime.shutdown(None).await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Runtime {
    store: ProviderRef,
    env: EnvRef,
    stop: Stop,
    turns: Arc<Turns>,
    sessions: Arc<Sessions>,
    meters: Arc<Meters>,
    dispatchers: Mutex<Vec<TaskHandle>>,
    /// What goes on beside the work: renewing sessions, reading gauges.
    beside: Mutex<Vec<TaskHandle>>,
}

impl Runtime {
    /// A runtime with everything that the macros registered.
    ///
    /// ```
    /// use duroxide::prelude::*;
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let runtime = Runtime::builder().store(RedbProvider::open("app.redb")?).start().await?;
    /// runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::new()
    }

    /// A runtime of the dynamic layer, with default options: handlers from registries alone.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use duroxide::provider::Provider;
    /// use duroxide::runtime::Runtime;
    /// use duroxide::storage::redb::RedbProvider;
    /// use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let activities = ActivityRegistry::builder()
    ///     .register("Hello", |_ctx: ActivityContext, name: String| async move { Ok(format!("Hello, {name}!")) })
    ///     .build();
    /// let orchestrations = OrchestrationRegistry::builder()
    ///     .register("HelloWorld", |ctx: OrchestrationContext, name: String| async move {
    ///         let greeting = ctx.schedule_activity("Hello", name).await?;
    ///         Ok(greeting)
    ///     })
    ///     .build();
    /// let store: Arc<dyn Provider> = Arc::new(RedbProvider::open("hello.redb")?);
    /// let runtime = Runtime::start_with_store(store, activities, orchestrations).await;
    /// # runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_with_store(
        store: Arc<dyn Provider>,
        activities: ActivityRegistry,
        orchestrations: OrchestrationRegistry,
    ) -> Arc<Self> {
        Self::start_with_options(store, activities, orchestrations, RuntimeOptions::default()).await
    }

    /// The same with options. Faults of the registries are logged, and the handlers concerned are
    /// missing; the builder makes them errors.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::storage::redb::RedbProvider;
    /// use duroxide::{ActivityRegistry, OrchestrationContext, OrchestrationRegistry, Runtime, RuntimeOptions};
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let activities = ActivityRegistry::builder().build();
    /// let orchestrations = OrchestrationRegistry::builder()
    ///     .register("echo", |_ctx: OrchestrationContext, text: String| async move { Ok(text) })
    ///     .build();
    /// let options = RuntimeOptions { orchestration_concurrency: 4, ..Default::default() };
    /// let store = Arc::new(RedbProvider::in_memory()?);
    /// let runtime = Runtime::start_with_options(store, activities, orchestrations, options).await;
    /// runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "the signature of the dynamic layer")]
    pub async fn start_with_options(
        store: Arc<dyn Provider>,
        activities: ActivityRegistry,
        orchestrations: OrchestrationRegistry,
        options: RuntimeOptions,
    ) -> Arc<Self> {
        let env: EnvRef = Arc::new(TokioEnv::new());
        Self::start_in(env, store, activities, orchestrations, options)
    }

    /// The same in another world than Tokio's: clock, ids and tasks come from `env`.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::{EnvRef, TokioEnv};
    /// use duroxide::storage::redb::RedbProvider;
    /// use duroxide::{ActivityRegistry, OrchestrationRegistry, Runtime, RuntimeOptions};
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let env: EnvRef = Arc::new(TokioEnv::new()); // or a world of one's own
    /// let store = RedbProvider::options().env(Arc::clone(&env)).in_memory()?;
    /// let activities = ActivityRegistry::builder().build();
    /// let orchestrations = OrchestrationRegistry::builder().build();
    /// let options = RuntimeOptions::default();
    /// let runtime = Runtime::start_in(env, Arc::new(store), activities, orchestrations, options);
    /// runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_in(
        env: EnvRef,
        store: Arc<dyn Provider>,
        activities: ActivityRegistry,
        orchestrations: OrchestrationRegistry,
        options: RuntimeOptions,
    ) -> Arc<Self> {
        for problem in activities
            .problems()
            .iter()
            .chain(orchestrations.problems())
        {
            tracing::error!(target: "duroxide::runtime::registry", %problem, "not registered");
        }
        let (options, problems) = options.repaired();
        for problem in problems {
            tracing::error!(
                target: "duroxide::runtime",
                %problem,
                "an option cannot work; its default holds"
            );
        }
        Self::launch(Parts {
            store,
            env,
            activities,
            orchestrations,
            options,
            data: ApplicationData::default(),
        })
    }

    /// Starts what was put together.
    pub(crate) fn launch(parts: Parts) -> Arc<Self> {
        let Parts {
            store,
            env,
            activities,
            orchestrations,
            options,
            data,
        } = parts;
        // 128 random bits: no two workers share an identity unless they are told to.
        let random_name = || format!("{:032x}", env.unique_id());
        let worker_id = options.worker_node_id.clone().unwrap_or_else(random_name);
        tracing::info!(
            target: "duroxide::runtime",
            version = env!("CARGO_PKG_VERSION"),
            service_name = options.observability.service_name,
            service_version = options.observability.service_version,
            semantics = crate::engine::SEMANTICS,
            store = store.describe(),
            worker_id,
            orchestrations = orchestrations.count(),
            activities = activities.count(),
            "started"
        );
        let client = Client::with_env(Arc::clone(&store), Arc::clone(&env));
        let meters = Arc::new(Meters::default());
        let metered = Metered::new(Arc::clone(&store), Arc::clone(&env), Arc::clone(&meters));
        let metered: ProviderRef = Arc::new(metered);
        let sessions = Arc::new(Sessions::new(worker_id, &options));
        let turns = Arc::new(Turns {
            store: Arc::clone(&metered),
            env: Arc::clone(&env),
            registry: orchestrations,
            live: LiveInstances::new(options.live_instances),
            pool: TurnPool::start(options.turn_threads),
            meters: Arc::clone(&meters),
            options: options.clone(),
        });
        let work = Arc::new(Activities {
            store: Arc::clone(&metered),
            env: Arc::clone(&env),
            registry: activities,
            sessions: Arc::clone(&sessions),
            data,
            client,
            meters: Arc::clone(&meters),
            options: options.clone(),
        });
        let stop = Stop::default();
        let mut dispatchers = Vec::new();
        let turn_slots = options.orchestration_concurrency;
        if turn_slots > 0 {
            let source = Arc::clone(&turns);
            let dispatcher = supervise(source, Arc::clone(&env), turn_slots, stop.clone());
            dispatchers.push(spawn(&*env, dispatcher));
        }
        let activity_slots = options.worker_concurrency;
        if activity_slots > 0 {
            let dispatcher = supervise(work, Arc::clone(&env), activity_slots, stop.clone());
            dispatchers.push(spawn(&*env, dispatcher));
        }
        let idle = options.session_idle_timeout;
        let (session_env, session_store) = (Arc::clone(&env), Arc::clone(&metered));
        let kept = Arc::clone(&sessions);
        let renewals = async move { kept.keep(&session_env, &session_store, idle).await };
        let every = options.observability.gauge_poll_interval;
        let gauges = metering::watch(Arc::clone(&env), metered, every);
        let beside = vec![
            spawn(&*env, stop.clone().until_over(renewals)),
            spawn(&*env, stop.clone().until_over(gauges)),
        ];
        Arc::new(Self {
            store,
            env,
            stop,
            turns,
            sessions,
            meters,
            dispatchers: Mutex::new(dispatchers),
            beside: Mutex::new(beside),
        })
    }

    /// What this runtime has counted since its start. Always there, whether a recorder of the
    /// `metrics` facade is installed or not; `Option` is the signature of the dynamic layer.
    ///
    /// ```
    /// use duroxide::Runtime;
    ///
    /// fn line(runtime: &Runtime) -> String {
    ///     let counts = runtime.metrics_snapshot().unwrap_or_default();
    ///     format!("{} done, {} failed", counts.orch_completions, counts.orch_failures)
    /// }
    /// ```
    pub fn metrics_snapshot(&self) -> Option<MetricsSnapshot> {
        Some(self.meters.snapshot())
    }

    /// A client of the same store.
    ///
    /// ```
    /// use duroxide::{ClientError, Runtime};
    ///
    /// async fn how_many(runtime: &Runtime) -> Result<usize, ClientError> {
    ///     Ok(runtime.client().list_all_instances().await?.len())
    /// }
    /// ```
    pub fn client(&self) -> Client {
        Client::with_env(Arc::clone(&self.store), Arc::clone(&self.env))
    }

    /// Ends the runtime: nothing new is fetched; what is under way may go on for `grace` (default
    /// one second), then it is dropped and given back to the store, from where another runtime
    /// goes on. Sessions that it owned can be claimed by others at once, unless it has a name of its
    /// own (`worker_node_id`). When this returns no task of the runtime is alive.
    ///
    /// User code that never yields cannot be stopped in Rust: it is waited for a little longer,
    /// then reported in the log and left behind.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use duroxide::Runtime;
    ///
    /// async fn run_until(asked_to_end: impl Future<Output = ()>, runtime: Arc<Runtime>) {
    ///     asked_to_end.await;
    ///     runtime.shutdown(Some(Duration::from_secs(10))).await; // activities may end until then
    /// }
    /// ```
    pub async fn shutdown(self: Arc<Self>, grace: Option<Duration>) {
        self.stop.fetching.cancel();
        let dispatchers = std::mem::take(&mut *self.dispatchers.lock().await);
        join_all(dispatchers.into_iter().map(TaskHandle::join)).await;
        if planted!(ShutdownLeaks) {
            return;
        }
        self.stop.tasks.close();
        if !self
            .within(grace.unwrap_or(DEFAULT_GRACE), self.stop.tasks.wait())
            .await
        {
            self.stop.working.cancel();
            let given_back = self.within(LAST_GRACE, self.stop.tasks.wait()).await;
            self.stop.giving_back.cancel();
            if !given_back && !self.within(LAST_MOMENT, self.stop.tasks.wait()).await {
                tracing::error!(
                    target: "duroxide::runtime",
                    tasks = self.stop.tasks.len(),
                    "user code that never yields is left behind"
                );
            }
        }
        self.stop.over.cancel();
        let beside = std::mem::take(&mut *self.beside.lock().await);
        join_all(beside.into_iter().map(TaskHandle::join)).await;
        self.within(LAST_GRACE, self.sessions.give_back(&self.store))
            .await;
        self.turns.live.clear();
        let threads = self.turns.pool.close();
        if !self.within(LAST_GRACE, ended(&*self.env, &threads)).await {
            tracing::error!(
                target: "duroxide::runtime",
                "an orchestration that never yields holds a thread, which is left behind"
            );
        }
    }

    async fn within(&self, limit: Duration, future: impl Future<Output = ()>) -> bool {
        let future = std::pin::pin!(future);
        matches!(select(future, self.env.sleep(limit)).await, Either::Left(_))
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.stop.fetching.cancel();
        self.stop.working.cancel();
        self.stop.over.cancel();
    }
}

/// What a runtime is made of.
pub(crate) struct Parts {
    pub(crate) store: ProviderRef,
    pub(crate) env: EnvRef,
    pub(crate) activities: ActivityRegistry,
    pub(crate) orchestrations: OrchestrationRegistry,
    pub(crate) options: RuntimeOptions,
    pub(crate) data: ApplicationData,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Completes when the threads are gone. They have nothing left to do, so this is a matter of
/// microseconds unless user code holds one.
async fn ended(env: &dyn crate::env::Env, threads: &[JoinHandle<()>]) {
    if env.is_simulated() {
        // Real time passes here, and virtual time does not depend on how fast the threads are.
        let mut patience = 1_000_u32;
        while patience > 0 && threads.iter().any(|thread| !thread.is_finished()) {
            #[expect(
                clippy::disallowed_methods,
                reason = "a simulated world has nobody else whom this could hold up"
            )]
            std::thread::sleep(Duration::from_millis(1));
            patience = patience.saturating_sub(1);
        }
    }
    while threads.iter().any(|thread| !thread.is_finished()) {
        env.sleep(Duration::from_millis(1)).await;
    }
}

/// An error with its sources, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
