//! A runtime for the annotated functions of this binary, and what its activities may leave behind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use duroxide::env::TokioEnv;
use duroxide::provider::model::ModelProvider;
use duroxide::runtime::UnregisteredBackoffConfig;
use duroxide::{Client, Runtime, RuntimeOptions, TagFilter};

/// What the activities of a test did, in order: application data, one for each runtime.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) struct World {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) client: Client,
    pub(crate) journal: Journal,
}

pub(crate) fn store() -> ModelProvider {
    ModelProvider::new(Arc::new(TokioEnv::new()))
}

impl World {
    /// On an empty store. What nobody has a handler for is poison soon.
    pub(crate) async fn start() -> Self {
        let at_once = Duration::from_millis(1);
        let options = RuntimeOptions {
            unregistered_backoff: UnregisteredBackoffConfig {
                base_delay: at_once,
                max_delay: at_once,
            },
            max_attempts: 3,
            worker_tag_filter: TagFilter::default_and(["gpu", "cpu"]),
            ..RuntimeOptions::default()
        };
        let journal = Journal::default();
        let builder = Runtime::builder().store(store()).data(journal.clone());
        let runtime = builder.options(options).start().await.unwrap();
        let client = runtime.client();
        Self {
            runtime,
            client,
            journal,
        }
    }

    pub(crate) async fn stop(self) {
        self.runtime.shutdown(None).await;
    }
}
