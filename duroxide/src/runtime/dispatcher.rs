//! The one loop: fetch, process, back off, drain. Serves turns and activities alike.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::env::{EnvRef, TaskEnd, spawn};
use crate::provider::ProviderError;
use crate::runtime::backoff::Backoff;

/// Work of one kind: where it comes from and what is done with it.
#[async_trait]
pub(super) trait WorkSource: Send + Sync + 'static {
    /// One locked piece of work.
    type Item: Send + 'static;

    /// What log lines call it.
    const NAME: &'static str;

    /// Parks until there is work.
    async fn fetch(&self, max: usize) -> Result<Vec<Self::Item>, ProviderError>;

    /// Does one piece, and gives back its lock in one way or another.
    async fn process(&self, item: &Self::Item);

    /// Gives back the lock of a piece whose processing was stopped, at once: others must not wait
    /// for the rest of its lease.
    async fn hand_back(&self, item: &Self::Item);
}

/// What stops a dispatcher.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    /// Nothing is fetched any more.
    pub(super) fetching: CancellationToken,
    /// What is under way is dropped.
    pub(super) working: CancellationToken,
    /// What is under way.
    pub(super) tasks: TaskTracker,
    /// What goes on beside the work ends.
    pub(super) over: CancellationToken,
    /// Giving back is given up.
    pub(super) giving_back: CancellationToken,
}

impl Stop {
    /// `task`, until all is over.
    pub(super) async fn until_over(self, task: impl Future<Output = ()> + Send) {
        // `None`: it was over before the task was.
        let _ = self.over.run_until_cancelled(task).await;
    }
}

/// Runs the loop until `stop`, and again if it should panic.
pub(super) async fn supervise<S: WorkSource>(
    source: Arc<S>,
    env: EnvRef,
    concurrency: usize,
    stop: Stop,
) {
    let mut backoff = Backoff::new();
    while !stop.fetching.is_cancelled() {
        let body = run(
            Arc::clone(&source),
            Arc::clone(&env),
            concurrency,
            stop.clone(),
        );
        if spawn(&*env, body).join().await == TaskEnd::Panicked {
            tracing::error!(
                target: "duroxide::runtime",
                dispatcher = S::NAME,
                "a dispatcher panicked and is started again; this is a bug in duroxide"
            );
            backoff.pause(&*env).await;
        }
    }
}

async fn run<S: WorkSource>(source: Arc<S>, env: EnvRef, concurrency: usize, stop: Stop) {
    let slots = Arc::new(Semaphore::new(concurrency));
    let mut backoff = Backoff::new();
    loop {
        let Some(Ok(slot)) = stop
            .fetching
            .run_until_cancelled(Arc::clone(&slots).acquire_owned())
            .await
        else {
            return;
        };
        let max = slots.available_permits().saturating_add(1);
        // A fetch that is dropped while it parks has locked nothing.
        let Some(fetched) = stop.fetching.run_until_cancelled(source.fetch(max)).await else {
            return;
        };
        let items = match fetched {
            Ok(items) => items,
            Err(ProviderError::Closed) => return stop.fetching.cancelled().await,
            Err(error) => {
                tracing::warn!(
                    target: "duroxide::runtime",
                    dispatcher = S::NAME,
                    error = %crate::runtime::with_causes(&error),
                    "fetching failed; trying again"
                );
                backoff.pause(&*env).await;
                continue;
            }
        };
        backoff.reset();
        let mut first = Some(slot);
        for item in items {
            // This loop is the only one that takes slots, so those counted above are there.
            let slot = first
                .take()
                .or_else(|| Arc::clone(&slots).try_acquire_owned().ok());
            let source = Arc::clone(&source);
            let (working, giving_back) = (stop.working.clone(), stop.giving_back.clone());
            env.spawn(Box::pin(stop.tasks.track_future(async move {
                if working
                    .run_until_cancelled(source.process(&item))
                    .await
                    .is_none()
                {
                    // A store that does not answer holds nobody up: the lock expires by itself.
                    let given_back = source.hand_back(&item);
                    let _ = giving_back.run_until_cancelled(given_back).await;
                }
                drop(slot);
            })));
        }
    }
}
