//! The loop's work for activities: run the handler, keep the lock, commit the result.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use tokio_util::sync::CancellationToken;

use crate::activity::{ActivityContext, ActivityInfo};
use crate::env::EnvRef;
use crate::history::{AppErrorKind, ErrorDetails, PoisonMessageType};
use crate::provider::{ActivityFetch, ActivityItem, ActivityRequest, ProviderError, ProviderRef};
use crate::registry::{ActivityFn, ActivityRegistry};
use crate::runtime::RuntimeOptions;
use crate::runtime::backoff::Backoff;
use crate::runtime::dispatcher::WorkSource;
use crate::runtime::keep_alive::keep_alive;

/// What came of running an activity.
type Outcome = Result<String, ErrorDetails>;

/// Activities as a source of work.
#[derive(Debug)]
pub(super) struct Activities {
    pub(super) store: ProviderRef,
    pub(super) env: EnvRef,
    pub(super) registry: ActivityRegistry,
    pub(super) options: RuntimeOptions,
}

#[async_trait]
impl WorkSource for Activities {
    type Item = ActivityItem;
    const NAME: &'static str = "activities";

    async fn fetch(&self, max: usize) -> Result<Vec<ActivityItem>, ProviderError> {
        self.store
            .fetch_activities(ActivityFetch::new(max, self.options.worker_lock_timeout))
            .await
    }

    async fn process(&self, item: &ActivityItem) {
        match self.handler(item) {
            Ok((handler, request)) => self.run(item, &handler, request).await,
            Err(Some(details)) => self.complete(item, Err(details)).await,
            Err(None) => {
                let delay = self.options.unregistered_backoff.delay(item.attempt);
                let name = item
                    .request
                    .as_ref()
                    .map_or("", |request| request.name.as_str());
                tracing::warn!(
                    target: "duroxide::runtime::registry",
                    instance_id = %item.instance, activity_name = name,
                    attempt = item.attempt, ?delay,
                    "no handler for this activity here; put back"
                );
                self.abandon(item, delay, false).await;
            }
        }
    }

    async fn hand_back(&self, item: &ActivityItem) {
        self.abandon(item, Duration::ZERO, true).await;
    }
}

impl Activities {
    /// What to run; or the failure that the orchestration gets; or nothing, if somebody else may
    /// have a handler.
    fn handler(
        &self,
        item: &ActivityItem,
    ) -> Result<(ActivityFn, ActivityRequest), Option<ErrorDetails>> {
        let request = item.request.clone().map_err(|error| {
            Some(ErrorDetails::Poison {
                attempt_count: item.attempt,
                max_attempts: self.options.max_attempts,
                message: "the request cannot be read".to_owned(),
                message_type: PoisonMessageType::FailedDeserialization {
                    instance: item.instance.to_string(),
                    execution_id: item.execution_id.0,
                    error,
                },
            })
        })?;
        if item.attempt > self.options.max_attempts {
            return Err(Some(ErrorDetails::Poison {
                attempt_count: item.attempt,
                max_attempts: self.options.max_attempts,
                message: format!("the activity `{}` never came back", request.name),
                message_type: PoisonMessageType::Activity {
                    instance: item.instance.to_string(),
                    execution_id: item.execution_id.0,
                    activity_name: request.name,
                    activity_id: item.source.0,
                },
            }));
        }
        match self.registry.resolve_handler(&request.name) {
            Some((_, handler)) => Ok((handler, request)),
            None => Err(None),
        }
    }

    async fn run(&self, item: &ActivityItem, handler: &ActivityFn, request: ActivityRequest) {
        let cancellation = CancellationToken::new();
        let context = ActivityContext::new(info(item, &request), cancellation.clone());
        let handler = ActivityFn::clone(handler);
        // The call itself is user code too, and may panic.
        let body = AssertUnwindSafe(async move { handler(context, request.input).await });
        let mut body = std::pin::pin!(body.catch_unwind());
        let lease = self.options.worker_lock_timeout;
        let renew = || self.store.renew_activity(&item.lock, lease);
        let ran = keep_alive(&*self.env, lease, body.as_mut(), renew).await;
        let Ok(output) = ran else {
            // Nobody waits for it: it may clean up for a while.
            cancellation.cancel();
            let grace = self
                .env
                .sleep(self.options.activity_cancellation_grace_period);
            if let Either::Right(_) = select(body, grace).await {
                tracing::warn!(
                    target: "duroxide::runtime::worker",
                    instance_id = %item.instance, activity_id = %item.source,
                    "a cancelled activity did not end in its grace period and was dropped"
                );
            }
            return;
        };
        let outcome = output.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        self.complete(item, outcome).await;
    }

    /// Commits the result, trying again for as long as the lock lasts.
    async fn complete(&self, item: &ActivityItem, outcome: Outcome) {
        let lease = self.options.worker_lock_timeout;
        let work = std::pin::pin!(self.commit(item, outcome));
        let renew = || self.store.renew_activity(&item.lock, lease);
        // A lost lock means that the result is of no use.
        let _ = keep_alive(&*self.env, lease, work, renew).await;
    }

    async fn commit(&self, item: &ActivityItem, outcome: Outcome) {
        let mut backoff = Backoff::new();
        let mut outcome = outcome;
        loop {
            match self
                .store
                .complete_activity(&item.lock, outcome.clone())
                .await
            {
                Ok(()) | Err(ProviderError::LockLost) => return,
                Err(ProviderError::Refused(problem)) if outcome.is_ok() => {
                    // The orchestration must not wait for ever for a result that cannot be kept.
                    outcome = Err(ErrorDetails::application(AppErrorKind::Rejected, problem));
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(
                        target: "duroxide::runtime::worker",
                        instance_id = %item.instance, activity_id = %item.source,
                        error = %crate::runtime::with_causes(&error),
                        "committing the result of an activity failed; trying again"
                    );
                    backoff.pause(&*self.env).await;
                }
                Err(error) => {
                    tracing::error!(
                        target: "duroxide::runtime::worker",
                        instance_id = %item.instance, activity_id = %item.source,
                        error = %crate::runtime::with_causes(&error),
                        "the result of an activity cannot be kept; it runs again when its lock expires"
                    );
                    return;
                }
            }
        }
    }

    async fn abandon(&self, item: &ActivityItem, delay: Duration, forget_attempt: bool) {
        if let Err(error) = self
            .store
            .abandon_activity(&item.lock, delay, forget_attempt)
            .await
        {
            // The lock expires by itself.
            tracing::debug!(target: "duroxide::runtime", %error, "giving back an activity failed");
        }
    }
}

fn info(item: &ActivityItem, request: &ActivityRequest) -> ActivityInfo {
    ActivityInfo {
        instance_id: item.instance.to_string(),
        execution_id: item.execution_id.0,
        activity_id: item.source.0,
        activity_name: request.name.clone(),
        orchestration_name: item.orchestration.clone(),
        orchestration_version: item.version.clone().unwrap_or_default(),
        attempt: request.attempt,
        first_attempt_id: request.first_attempt.unwrap_or(item.source).0,
        delivery: item.attempt,
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> ErrorDetails {
    let message = crate::engine::panic_message(panic);
    ErrorDetails::application(AppErrorKind::Panicked, message)
}
