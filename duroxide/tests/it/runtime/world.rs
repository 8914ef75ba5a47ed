//! A store and a runtime for one test program.

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::{Env as _, TokioEnv};
use duroxide::history::{InstanceId, Message};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{Provider, ProviderRef};
use duroxide::runtime::Runtime;
use duroxide::storage::redb::RedbProvider;
use duroxide::{
    ActivityContext, ActivityRegistry, Client, ErrorDetails, Event, OrchestrationContext,
    OrchestrationRegistry, OrchestrationStatus, RuntimeOptions,
};

/// How long a test waits for what should happen at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The handlers of a test program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) activities: ActivityRegistry,
    pub(crate) orchestrations: OrchestrationRegistry,
}

/// A program running on one store.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) store: ProviderRef,
    pub(crate) options: RuntimeOptions,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) client: Client,
}

/// An empty store of each kind.
pub(crate) fn stores() -> Vec<ProviderRef> {
    let model = ModelProvider::new(Arc::new(TokioEnv::new()));
    let memory = RedbProvider::in_memory().unwrap();
    // The file is open, so its folder may go: nobody else has to find it.
    let folder = tempfile::TempDir::new().unwrap();
    let file = RedbProvider::open(folder.path().join("test.redb")).unwrap();
    vec![shared(model), shared(memory), shared(file)]
}

/// Options with live instances and without.
pub(crate) fn live_on_and_off() -> [RuntimeOptions; 2] {
    let on = RuntimeOptions::default();
    let off = RuntimeOptions {
        live_instances: 0,
        ..on.clone()
    };
    [on, off]
}

/// Runs `check` on every store, with live instances on and off.
pub(crate) async fn everywhere(program: Program, check: impl AsyncFn(&World)) {
    for options in live_on_and_off() {
        for store in stores() {
            let world = World::start(store, &program, options.clone()).await;
            check(&world).await;
            world.stop().await;
        }
    }
}

impl World {
    pub(crate) async fn start(
        store: ProviderRef,
        program: &Program,
        options: RuntimeOptions,
    ) -> Self {
        let runtime = Runtime::start_with_options(
            Arc::clone(&store),
            program.activities.clone(),
            program.orchestrations.clone(),
            options.clone(),
        )
        .await;
        let client = runtime.client();
        Self {
            store,
            options,
            runtime,
            client,
        }
    }

    pub(crate) async fn stop(self) {
        self.runtime.shutdown(None).await;
    }

    /// The same store under another program: what a deployment does.
    pub(crate) async fn redeploy(self, program: &Program) -> Self {
        let Self {
            store,
            options,
            runtime,
            ..
        } = self;
        runtime.shutdown(Some(Duration::ZERO)).await;
        Self::start(store, program, options).await
    }

    /// Starts an instance and waits for its end.
    pub(crate) async fn run(
        &self,
        id: &str,
        orchestration: &str,
        input: &str,
    ) -> OrchestrationStatus {
        self.client
            .start_orchestration(id, orchestration, input)
            .await
            .unwrap();
        self.end(id).await
    }

    pub(crate) async fn end(&self, id: &str) -> OrchestrationStatus {
        self.client
            .wait_for_orchestration(id, PATIENCE)
            .await
            .unwrap()
    }

    /// The output of an instance that ends well.
    pub(crate) async fn output(&self, id: &str, orchestration: &str, input: &str) -> String {
        completed(self.run(id, orchestration, input).await)
    }

    /// Asks an instance to end.
    pub(crate) async fn cancel(&self, id: &str, reason: &str) {
        let instance = InstanceId::new(id).unwrap();
        let message = Message::CancelRequested {
            reason: reason.to_owned(),
            terminate: false,
        };
        let number = TokioEnv::new().unique_id();
        self.store
            .enqueue(&instance, number, message)
            .await
            .unwrap();
    }

    pub(crate) async fn status(&self, id: &str) -> OrchestrationStatus {
        self.client.get_orchestration_status(id).await.unwrap()
    }

    /// Waits until the instance exists.
    pub(crate) async fn exists(&self, id: &str) {
        eventually(async || self.status(id).await != OrchestrationStatus::NotFound).await;
    }

    /// Waits until the first execution has so many events.
    pub(crate) async fn reach(&self, id: &str, events: usize) {
        eventually(async || self.history(id, 1).await.len() >= events).await;
    }

    pub(crate) async fn history(&self, id: &str, execution: u64) -> Vec<Event> {
        self.client
            .read_execution_history(id, execution)
            .await
            .unwrap()
    }
}

pub(crate) fn completed(status: OrchestrationStatus) -> String {
    match status {
        OrchestrationStatus::Completed { output, .. } => output,
        other => panic!("unexpected: {other:?}"),
    }
}

pub(crate) fn failed(status: OrchestrationStatus) -> ErrorDetails {
    match status {
        OrchestrationStatus::Failed { details, .. } => details,
        other => panic!("unexpected: {other:?}"),
    }
}

/// A program of one orchestration called `main` and the activity `echo`.
pub(crate) fn program<F, Fut>(main: F) -> Program
where
    F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    Program {
        activities: echo(),
        orchestrations: OrchestrationRegistry::builder()
            .register("main", main)
            .build(),
    }
}

pub(crate) fn echo() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("echo", |_: ActivityContext, text: String| async move {
            Ok(text)
        })
        .build()
}

/// Waits until `condition` holds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    // A loop of its own: it runs in activities, so it has to be `Send`.
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it never became true");
}

/// Waits until `condition` holds, which takes a while to ask.
pub(crate) async fn eventually(condition: impl AsyncFn() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it never became true");
}

/// A store under another name, for tests that wrap one.
pub(crate) fn shared(store: impl Provider) -> ProviderRef {
    Arc::new(store)
}
