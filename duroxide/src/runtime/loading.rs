//! Brings an execution to where its last event left it: from memory, or from its history.

use semver::Version;

use crate::engine::{Execution, Nondeterminism};
use crate::history::{ErrorDetails, EventId, InstanceId, PoisonMessageType};
use crate::provider::{ProviderError, TurnItem};
use crate::registry;
use crate::runtime::orchestrations::{PAGE, Turns, attempt_of};
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
    pub(super) async fn prepare(&self, item: &TurnItem) -> Result<Execution, Obstacle> {
        let instance = &item.lock.instance;
        if let Some(live) = self
            .live
            .take(instance, item.execution_id, item.last_turn_id)
        {
            return Ok(live);
        }
        let execution = self.unstarted(item)?;
        if item.last_event_id == EventId::NONE {
            return Ok(execution);
        }
        self.replay(item, execution).await
    }

    fn unstarted(&self, item: &TurnItem) -> Result<Execution, Obstacle> {
        let name = &item.orchestration;
        let resolved = match &item.version {
            Some(text) => Version::parse(text).ok().and_then(|version| {
                let handler = self.registry.resolve_handler_exact(name, &version)?;
                Some((version, handler))
            }),
            None => self.registry.resolve_handler(name),
        };
        let Some((version, handler)) = resolved else {
            return Err(Obstacle::Unregistered {
                name: name.clone(),
                version: item.version.clone(),
            });
        };
        Ok(Execution::new(
            item.lock.instance.clone(),
            item.execution_id,
            version.to_string(),
            registry::code(&handler),
        ))
    }

    async fn replay(&self, item: &TurnItem, execution: Execution) -> Result<Execution, Obstacle> {
        let mut execution = execution;
        let mut after = EventId::NONE;
        while after < item.last_event_id {
            let instance = &item.lock.instance;
            let page = match self
                .store
                .read(instance, item.execution_id, after, PAGE)
                .await
            {
                Ok(page) => page,
                Err(error) => return Err(unreadable(item, error)),
            };
            let Some(last) = page.events.last() else {
                return Err(Obstacle::Fatal(history_too_short(item, after)));
            };
            after = last.event_id;
            let replayed = self.on_thread(move || {
                let outcome = execution.replay(&page.events);
                (execution, outcome)
            });
            execution = match replayed.await {
                Ok((execution, Ok(()))) => execution,
                Ok((_, Err(nondeterminism))) => {
                    return Err(Obstacle::Fatal(reported(
                        &item.lock.instance,
                        nondeterminism,
                    )));
                }
                Err(obstacle) => return Err(obstacle),
            };
        }
        Ok(execution)
    }

    /// Runs user code where it may do no harm: outside of Tokio, and not for ever.
    pub(super) async fn on_thread<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Obstacle> {
        let limit = self.options.turn_timeout;
        self.pool
            .run(&*self.env, limit, job)
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
    tracing::error!(
        target: "duroxide::runtime",
        instance_id = %instance, %nondeterminism,
        "the code does not fit the history"
    );
    nondeterminism.into_details()
}
