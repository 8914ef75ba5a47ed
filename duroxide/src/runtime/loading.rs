//! Brings an execution to where its last event left it: from memory, or from its history.

use semver::Version;

use crate::engine::{Execution, Nondeterminism};
use crate::history::{ErrorDetails, Event, EventId, InstanceId, PoisonMessageType};
use crate::provider::{ProviderError, TurnItem};
use crate::registry;
use crate::runtime::live::Loaded;
use crate::runtime::metering::Life;
use crate::runtime::orchestrations::{PAGE, Turns, attempt_of, in_short};
use crate::runtime::turn_pool::Lost;

/// Why an execution did not get to its turn.
pub(super) enum Obstacle {
    /// Nobody here has a handler for it: somebody else may.
    Unregistered {
        name: String,
        version: Option<String>,
    },
    /// The instance cannot go on, for this reason.
    Fatal(ErrorDetails),
    /// The store failed.
    Storage(ProviderError),
}

impl Turns {
    /// The execution, where its last event left it.
    pub(super) async fn prepare(&self, item: &TurnItem) -> Result<Loaded, Obstacle> {
        let instance = &item.lock.instance;
        if let Some(live) = self
            .live
            .take(instance, item.execution_id, item.last_turn_id)
        {
            return Ok(live);
        }
        let loaded = Loaded {
            execution: self.unstarted(item)?,
            life: Life::default(),
        };
        self.replay(item, loaded).await
    }

    /// Replays what is recorded and what a turn has just made of it: the same code has to do the same.
    pub(super) async fn run_again(&self, item: &TurnItem, delta: &[Event]) -> Result<(), Obstacle> {
        let fresh = Loaded {
            execution: self.unstarted(item)?,
            life: Life::default(),
        };
        let mut execution = self.replay(item, fresh).await?.execution;
        let delta = delta.to_vec();
        let replayed = self.on_thread(move || {
            let outcome = execution.replay(&delta);
            outcome.and_then(|()| execution.check_at_rest())
        });
        replayed
            .await?
            .map_err(|difference| Obstacle::Fatal(difference.into_details()))
    }

    fn unstarted(&self, item: &TurnItem) -> Result<Execution, Obstacle> {
        let name = &item.orchestration;
        let resolved = match &item.version {
            Some(text) if !planted!(LatestVersion) => {
                Version::parse(text).ok().and_then(|version| {
                    let handler = self.registry.resolve_handler_exact(name, &version)?;
                    Some((version, handler))
                })
            }
            Some(_) | None => self.registry.resolve_handler(name),
        };
        let Some((version, handler)) = resolved else {
            return Err(Obstacle::Unregistered {
                name: name.clone(),
                version: item.version.clone(),
            });
        };
        let (instance, version) = (item.lock.instance.clone(), version.to_string());
        let code = registry::code(&handler);
        let execution = Execution::new(instance, item.execution_id, version, code);
        Ok(execution.with_limits(self.options.limits.clone()))
    }

    async fn replay(&self, item: &TurnItem, loaded: Loaded) -> Result<Loaded, Obstacle> {
        let mut loaded = loaded;
        let mut read = EventId::NONE;
        while read < item.last_event_id {
            let page = self.page(item, read).await?;
            read = page.last().map_or(read, |event| event.event_id);
            let is_last = read >= item.last_event_id;
            loaded = self.replay_page(item, loaded, page, is_last).await?;
        }
        Ok(loaded)
    }

    async fn page(&self, item: &TurnItem, after: EventId) -> Result<Vec<Event>, Obstacle> {
        let page = self
            .store
            .read(&item.lock.instance, item.execution_id, after, PAGE)
            .await
            .map_err(|error| unreadable(item, error))?;
        if page.events.is_empty() {
            return Err(Obstacle::Fatal(history_too_short(item, after)));
        }
        Ok(page.events)
    }

    async fn replay_page(
        &self,
        item: &TurnItem,
        loaded: Loaded,
        page: Vec<Event>,
        is_last: bool,
    ) -> Result<Loaded, Obstacle> {
        let Loaded {
            mut execution,
            mut life,
        } = loaded;
        life.recall(&page);
        let replayed = self.on_thread(move || {
            let outcome = execution.replay_page(page, is_last);
            (execution, outcome)
        });
        let (execution, outcome) = replayed.await?;
        outcome.map_err(|nondeterminism| {
            Obstacle::Fatal(reported(&item.lock.instance, nondeterminism))
        })?;
        Ok(Loaded { execution, life })
    }

    /// Runs user code where it may do no harm: outside of Tokio, and not for ever.
    pub(super) async fn on_thread<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Obstacle> {
        let limit = self.options.turn_timeout;
        let span = tracing::Span::current();
        self.pool
            .run(&*self.env, limit, move || span.in_scope(job))
            .await
            .map_err(|lost| match lost {
                Lost::Closed => Obstacle::Storage(ProviderError::Closed),
                Lost::Stuck => Obstacle::Fatal(ErrorDetails::Infrastructure {
                    operation: "turn".to_owned(),
                    message: format!(
                        "the orchestration did not come back within {limit:?}: it computes for too \
                     long or waits for something outside; its author must move that into an \
                     activity"
                    ),
                    retryable: false,
                }),
            })
    }
}

fn unreadable(item: &TurnItem, error: ProviderError) -> Obstacle {
    match error {
        ProviderError::Corrupt { .. } => Obstacle::Fatal(ErrorDetails::Poison {
            attempt_count: attempt_of(item),
            max_attempts: 0,
            message: "the history cannot be read".to_owned(),
            message_type: PoisonMessageType::FailedDeserialization {
                instance: item.lock.instance.to_string(),
                execution_id: item.execution_id.0,
                error: error.to_string(),
            },
        }),
        other => Obstacle::Storage(other),
    }
}

fn history_too_short(item: &TurnItem, after: EventId) -> ErrorDetails {
    ErrorDetails::Infrastructure {
        operation: "read".to_owned(),
        message: format!(
            "the history ends at event {after}; the store announced {}",
            item.last_event_id
        ),
        retryable: false,
    }
}

fn reported(instance: &InstanceId, nondeterminism: Nondeterminism) -> ErrorDetails {
    let details = nondeterminism.into_details();
    tracing::error!(
        target: "duroxide::runtime",
        instance_id = %instance, error = in_short(&details),
        "the code does not fit the history"
    );
    details
}
