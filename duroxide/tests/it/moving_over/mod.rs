//! Programs as users of the published crate write them: only the line with the store is another one.

mod basics;
mod cancelling;
mod children;
mod events;
mod failures;
mod looking_after;
mod paths;
mod races;
mod state;
mod storeless;
mod versions;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use duroxide::providers::Provider;
use duroxide::providers::redb::RedbProvider;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::runtime::{self, OrchestrationStatus, RuntimeOptions};
use duroxide::{Client, Event, OrchestrationRegistry};

const PATIENCE: Duration = Duration::from_secs(30);

/// The line that a user changes.
fn new_store() -> Arc<dyn Provider> {
    Arc::new(RedbProvider::in_memory().unwrap())
}

struct App {
    runtime: Arc<runtime::Runtime>,
    client: Client,
}

async fn start(activities: ActivityRegistry, orchestrations: OrchestrationRegistry) -> App {
    start_with(activities, orchestrations, RuntimeOptions::default()).await
}

async fn start_with(
    activities: ActivityRegistry,
    orchestrations: OrchestrationRegistry,
    options: RuntimeOptions,
) -> App {
    let store = new_store();
    start_on(store, activities, orchestrations, options).await
}

async fn start_on(
    store: Arc<dyn Provider>,
    activities: ActivityRegistry,
    orchestrations: OrchestrationRegistry,
    options: RuntimeOptions,
) -> App {
    let runtime =
        runtime::Runtime::start_with_options(store.clone(), activities, orchestrations, options)
            .await;
    let client = Client::new(store);
    App { runtime, client }
}

impl App {
    /// Starts an instance and gives what it returns; its failure is the `Err`.
    async fn run(&self, id: &str, name: &str, input: &str) -> Result<String, String> {
        self.client
            .start_orchestration(id, name, input)
            .await
            .unwrap();
        self.end(id).await
    }

    async fn end(&self, id: &str) -> Result<String, String> {
        match self
            .client
            .wait_for_orchestration(id, PATIENCE)
            .await
            .unwrap()
        {
            OrchestrationStatus::Completed { output, .. } => Ok(output),
            OrchestrationStatus::Failed { details, .. } => Err(details.display_message()),
            OrchestrationStatus::Running { .. } | OrchestrationStatus::NotFound => {
                panic!("it has not ended")
            }
        }
    }

    async fn history(&self, id: &str) -> Vec<Event> {
        self.client.read_execution_history(id, 1).await.unwrap()
    }

    async fn stop(self) {
        self.runtime.shutdown(None).await;
    }
}

fn no_activities() -> ActivityRegistry {
    ActivityRegistry::builder().build()
}
