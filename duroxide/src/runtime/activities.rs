//! The loop's work for activities: run the handler, keep the lock, commit the result.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{Either, pending, select};
use tracing::Instrument as _;

use crate::activity::{ActivityContext, ActivityInfo, ApplicationData};
use crate::client::Client;
use crate::env::EnvRef;
use crate::history::{AppErrorKind, ErrorDetails, PoisonMessageType};
use crate::provider::{ActivityFetch, ActivityItem, ActivityRequest, ProviderError, ProviderRef};
use crate::registry::{ActivityFn, ActivityRegistry};
use crate::runtime::RuntimeOptions;
use crate::runtime::backoff::Backoff;
use crate::runtime::dispatcher::WorkSource;
use crate::runtime::keep_alive::{Lost, keep_alive};
use crate::runtime::metering::{Meters, Ran, activity_processed};
use crate::runtime::sessions::Sessions;
use crate::runtime::system_calls;

/// What came of running an activity.
type Outcome = Result<String, ErrorDetails>;

/// Activities as a source of work.
#[derive(Debug)]
pub(super) struct Activities {
    pub(super) store: ProviderRef,
    pub(super) env: EnvRef,
    pub(super) registry: ActivityRegistry,
    pub(super) options: RuntimeOptions,
    pub(super) sessions: Arc<Sessions>,
    pub(super) data: ApplicationData,
    pub(super) client: Client,
    pub(super) meters: Arc<Meters>,
}

/// What is to be done with an activity.
enum Task {
    Run(ActivityFn, ActivityRequest),
    /// The runtime answers it itself.
    Answer(ActivityRequest),
    /// It is poison: the orchestration gets this failure.
    GiveUp(ErrorDetails),
    /// Nobody here has a handler for it: somebody else may.
    PutBack(String),
}

#[async_trait]
impl WorkSource for Activities {
    type Item = ActivityItem;
    const NAME: &'static str = "activities";

    async fn fetch(&self, max: usize) -> Result<Vec<ActivityItem>, ProviderError> {
        let fetch = ActivityFetch {
            sessions: self.sessions.terms(),
            ..ActivityFetch::new(max, self.options.worker_lock_timeout)
                .tags(self.options.worker_tag_filter.clone())
        };
        let items = self.store.fetch_activities(fetch).await?;
        self.sessions.fetched(&items);
        self.meters.activities_fetched(items.len());
        Ok(items)
    }

    async fn process(&self, item: &ActivityItem) {
        let begun = self.env.elapsed();
        match self.task(item) {
            Task::Run(handler, request) => {
                let span = tracing::info_span!(
                    target: "duroxide::activity",
                    "activity",
                    instance_id = %item.instance,
                    execution_id = item.execution_id.0,
                    orchestration_name = item.orchestration,
                    orchestration_version = item.version,
                    activity_name = request.name,
                    activity_id = item.source.0,
                    activity_tag = request.tag,
                    worker_id = self.sessions.owner(),
                );
                self.run(item, &handler, request).instrument(span).await;
            }
            Task::Answer(request) => self.answer(item, &request).await,
            Task::GiveUp(details) => {
                if self.complete(item, Err(details)).await.is_ok() {
                    self.meters.activity_poisoned();
                }
            }
            Task::PutBack(name) => self.put_back(item, &name).await,
        }
        let took = self.env.elapsed().saturating_sub(begun);
        activity_processed(took);
    }

    async fn hand_back(&self, item: &ActivityItem) {
        self.abandon(item, Duration::ZERO, true).await;
    }
}

impl Activities {
    fn task(&self, item: &ActivityItem) -> Task {
        let request = match &item.request {
            Ok(request) => request.clone(),
            Err(error) => return Task::GiveUp(self.unreadable(item, error)),
        };
        if item.attempt > self.options.max_attempts && !planted!(NeverPoison) {
            return Task::GiveUp(self.never_came_back(item, request.name));
        }
        if system_calls::is_known(&request.name) {
            return Task::Answer(request);
        }
        match self.registry.resolve_handler(&request.name) {
            Some((_, handler)) => Task::Run(handler, request),
            None => Task::PutBack(request.name),
        }
    }

    fn unreadable(&self, item: &ActivityItem, error: &str) -> ErrorDetails {
        ErrorDetails::Poison {
            attempt_count: item.attempt,
            max_attempts: self.options.max_attempts,
            message: "the request cannot be read".to_owned(),
            message_type: PoisonMessageType::FailedDeserialization {
                instance: item.instance.to_string(),
                execution_id: item.execution_id.0,
                error: error.to_owned(),
            },
        }
    }

    fn never_came_back(&self, item: &ActivityItem, activity_name: String) -> ErrorDetails {
        ErrorDetails::Poison {
            attempt_count: item.attempt,
            max_attempts: self.options.max_attempts,
            message: format!("the activity `{activity_name}` never came back"),
            message_type: PoisonMessageType::Activity {
                instance: item.instance.to_string(),
                execution_id: item.execution_id.0,
                activity_name,
                activity_id: item.source.0,
            },
        }
    }

    async fn run(&self, item: &ActivityItem, handler: &ActivityFn, request: ActivityRequest) {
        let begun = self.env.elapsed();
        let context = self.context(item, &request);
        let (pulse, cancellation) = (context.pulse(), context.cancellation_token());
        let handler = ActivityFn::clone(handler);
        let input = request.input.clone();
        // The call itself is user code too, and may panic.
        let body = AssertUnwindSafe(async move { handler.run(context, input).await });
        let mut body = std::pin::pin!(body.catch_unwind());
        let lease = self.options.worker_lock_timeout;
        let renew = || self.store.renew_activity(&item.lock, lease);
        let ran = keep_alive(&*self.env, lease, body.as_mut(), renew, || pulse.beaten()).await;
        let ran = if let Ok(output) = ran {
            let outcome = output.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
            let ran = Ran::of(&outcome);
            self.complete(item, outcome)
                .await
                .map_or(Ran::Cancelled, |()| ran)
        } else {
            // Nobody waits for it: it may clean up for a while.
            cancellation.cancel();
            let grace = self.options.activity_cancellation_grace_period;
            if let Either::Right(_) = select(body, self.env.sleep(grace)).await {
                tracing::warn!(
                    target: "duroxide::runtime::worker",
                    instance_id = %item.instance, activity_name = request.name,
                    activity_id = %item.source, worker_id = self.sessions.owner(),
                    progress = pulse.progress(),
                    "a cancelled activity did not end in its grace period and was dropped"
                );
            }
            Ran::Cancelled
        };
        let took = self.env.elapsed().saturating_sub(begun);
        self.meters.activity(&request, ran, took);
        tracing::debug!(
            target: "duroxide::runtime::worker",
            instance_id = %item.instance, activity_name = request.name,
            activity_id = %item.source, activity_tag = request.tag,
            worker_id = self.sessions.owner(), outcome = ran.word(),
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "an activity is over"
        );
    }

    /// A call that the runtime answers: a wish of the engine, not an activity of anybody.
    async fn answer(&self, item: &ActivityItem, request: &ActivityRequest) {
        let lease = self.options.worker_lock_timeout;
        let work = std::pin::pin!(system_calls::answer(&self.store, &*self.env, request));
        let renew = || self.store.renew_activity(&item.lock, lease);
        let answered = keep_alive(&*self.env, lease, work, renew, pending).await;
        if let Ok(outcome) = answered {
            // A lost lock means that the answer is of no use.
            let _ = self.complete(item, outcome).await;
        }
    }

    fn context(&self, item: &ActivityItem, request: &ActivityRequest) -> ActivityContext {
        let info = ActivityInfo {
            instance_id: item.instance.to_string(),
            execution_id: item.execution_id.0,
            activity_id: item.source.0,
            activity_name: request.name.clone(),
            orchestration_name: item.orchestration.clone(),
            orchestration_version: item.version.clone().unwrap_or_default(),
            attempt: request.attempt,
            first_attempt_id: request.first_attempt.unwrap_or(item.source).0,
            delivery: item.attempt,
            epoch: item.lock.epoch,
            worker_id: self.sessions.owner().to_owned(),
            session_id: request.session_id.clone(),
            tag: request.tag.clone(),
        };
        ActivityContext::new(info, self.data.clone(), self.client.clone())
    }

    /// Commits the result, trying again for as long as the lock lasts.
    async fn complete(&self, item: &ActivityItem, outcome: Outcome) -> Result<(), Lost> {
        let lease = self.options.worker_lock_timeout;
        let work = std::pin::pin!(self.commit(item, outcome));
        let renew = || self.store.renew_activity(&item.lock, lease);
        keep_alive(&*self.env, lease, work, renew, pending).await?
    }

    async fn commit(&self, item: &ActivityItem, outcome: Outcome) -> Result<(), Lost> {
        let mut backoff = Backoff::new();
        let mut outcome = outcome;
        let mut is_unknown = false;
        loop {
            let committed = self
                .store
                .complete_activity(&item.lock, outcome.clone())
                .await;
            match committed {
                Ok(()) => return Ok(()),
                // Most likely it was this one whose answer did not come back.
                Err(ProviderError::LockLost) if is_unknown => return Ok(()),
                Err(ProviderError::LockLost) => return Err(Lost),
                Err(ProviderError::Refused(problem)) if outcome.is_ok() => {
                    // The orchestration must not wait for ever for a result that cannot be kept.
                    outcome = Err(ErrorDetails::application(AppErrorKind::Rejected, problem));
                }
                Err(error) if error.is_retryable() => {
                    is_unknown = true;
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
                    return Err(Lost);
                }
            }
        }
    }

    async fn put_back(&self, item: &ActivityItem, activity_name: &str) {
        let delay = self.options.unregistered_backoff.delay(item.attempt);
        tracing::warn!(
            target: "duroxide::runtime::registry",
            instance_id = %item.instance, activity_name, attempt = item.attempt, ?delay,
            worker_id = self.sessions.owner(),
            "no handler for this activity here; put back"
        );
        self.abandon(item, delay, false).await;
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

fn panicked(panic: &(dyn std::any::Any + Send)) -> ErrorDetails {
    let message = crate::engine::panic_message(panic);
    ErrorDetails::application(AppErrorKind::Panicked, message)
}
