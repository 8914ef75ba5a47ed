//! The loop's work for turns: bring the execution to memory, run the turn, commit it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::pending;
use tracing::Instrument as _;

use crate::engine::{self, Outcome, SEMANTICS, Turn};
use crate::env::EnvRef;
use crate::history::{ErrorDetails, Message, PoisonMessageType};
use crate::provider::{InboxMessage, ProviderError, ProviderRef, TurnCommit, TurnFetch, TurnItem};
use crate::registry::OrchestrationRegistry;
use crate::runtime::committing::Settled;
use crate::runtime::dispatcher::WorkSource;
use crate::runtime::failing::fail_recorded;
use crate::runtime::keep_alive::keep_alive;
use crate::runtime::live::{LiveInstances, Loaded};
use crate::runtime::loading::Obstacle;
use crate::runtime::metering::{Facts, Meters, error_category, turn_processed};
use crate::runtime::turn_pool::TurnPool;
use crate::runtime::{RuntimeOptions, with_causes};

/// How many events are read in one go.
pub(super) const PAGE: usize = 1_000;

/// Turns as a source of work.
#[derive(Debug)]
pub(super) struct Turns {
    pub(super) store: ProviderRef,
    pub(super) env: EnvRef,
    pub(super) registry: OrchestrationRegistry,
    pub(super) options: RuntimeOptions,
    pub(super) live: LiveInstances,
    pub(super) pool: TurnPool,
    pub(super) meters: Arc<Meters>,
}

#[async_trait]
impl WorkSource for Turns {
    type Item = TurnItem;
    const NAME: &'static str = "orchestrations";

    async fn fetch(&self, max: usize) -> Result<Vec<TurnItem>, ProviderError> {
        // Executions under other semantics are left to the nodes that know them.
        let fetch = TurnFetch::new(max, self.options.orchestrator_lock_timeout)
            .semantics(SEMANTICS..=SEMANTICS);
        let items = self.store.fetch_turns(fetch).await?;
        self.meters.turns_fetched(items.len());
        Ok(items)
    }

    async fn process(&self, item: &TurnItem) {
        let begun = self.env.elapsed();
        let span = tracing::debug_span!(
            target: "duroxide::runtime",
            "turn",
            instance_id = %item.lock.instance,
            execution_id = item.execution_id.0,
            orchestration_name = item.orchestration,
            orchestration_version = item.version,
        );
        let work = std::pin::pin!(self.turn(item).instrument(span));
        let renew = || {
            self.store
                .renew_turn(&item.lock, self.options.orchestrator_lock_timeout)
        };
        let lease = self.options.orchestrator_lock_timeout;
        let worked = keep_alive(&*self.env, lease, work, renew, pending).await;
        if worked.is_err() {
            // Whoever took it over goes on from the last commit.
            tracing::warn!(
                target: "duroxide::runtime",
                instance_id = %item.lock.instance,
                "the lock of a turn was lost; the turn never happened"
            );
        }
        let took = self.env.elapsed().saturating_sub(begun);
        turn_processed(took);
    }

    async fn hand_back(&self, item: &TurnItem) {
        self.abandon(item, Duration::ZERO, true).await;
    }
}

impl Turns {
    async fn turn(&self, item: &TurnItem) {
        if item.ended {
            let consumed = item.messages.iter().map(|message| message.id).collect();
            let commit = self.commit_of(item, consumed, Turn::default(), None);
            if let Settled::Refused(error) = self.settle(item, commit, None).await {
                self.storage_trouble(item, &error).await;
            }
            return;
        }
        let prepared = match self.refusal(item) {
            Some(details) => Err(Obstacle::Fatal(details)),
            None => self.prepare(item).await,
        };
        let done = match prepared {
            Ok(loaded) => self.run(item, loaded).await,
            Err(obstacle) => Err(obstacle),
        };
        if let Err(obstacle) = done {
            self.stopped(item, obstacle).await;
        }
    }

    async fn stopped(&self, item: &TurnItem, obstacle: Obstacle) {
        match obstacle {
            Obstacle::Fatal(details) => self.fail(item, details).await,
            Obstacle::Unregistered { name, .. } if planted!(UnregisteredFails) => {
                let details = ErrorDetails::Infrastructure {
                    operation: "turn".to_owned(),
                    message: format!("no handler for `{name}`"),
                    retryable: false,
                };
                self.fail(item, details).await;
            }
            Obstacle::Unregistered { name, version } => {
                let attempt = attempt_of(item);
                let delay = if planted!(NoBackoff) {
                    Duration::ZERO
                } else {
                    self.options.unregistered_backoff.delay(attempt)
                };
                tracing::warn!(
                    target: "duroxide::runtime::registry",
                    instance_id = %item.lock.instance, orchestration_name = name,
                    orchestration_version = version, attempt, ?delay,
                    "no handler for this orchestration here; put back"
                );
                self.abandon(item, delay, false).await;
            }
            Obstacle::Storage(error) => self.storage_trouble(item, &error).await,
        }
    }

    /// Messages that must not reach the code: undecodable, or delivered too often.
    fn refusal(&self, item: &TurnItem) -> Option<ErrorDetails> {
        let instance = item.lock.instance.to_string();
        let execution_id = item.execution_id.0;
        let undecodable = item.messages.iter().find_map(|message| {
            message
                .message
                .as_ref()
                .err()
                .map(|error| (message.attempt, error.clone()))
        });
        let max_attempts = self.options.max_attempts;
        if let Some((attempt_count, error)) = undecodable.filter(|_| !planted!(Unread)) {
            return Some(ErrorDetails::Poison {
                attempt_count,
                max_attempts,
                message: "a message cannot be read".to_owned(),
                message_type: PoisonMessageType::FailedDeserialization {
                    instance,
                    execution_id,
                    error,
                },
            });
        }
        let attempt_count = attempt_of(item);
        (attempt_count > max_attempts).then(|| ErrorDetails::Poison {
            attempt_count,
            max_attempts,
            message: "a message never got through".to_owned(),
            message_type: PoisonMessageType::Orchestration {
                instance,
                execution_id,
            },
        })
    }

    async fn run(&self, item: &TurnItem, loaded: Loaded) -> Result<(), Obstacle> {
        let Loaded {
            mut execution,
            mut life,
        } = loaded;
        let messages: Vec<(Message, _)> = {
            let decoded = item
                .messages
                .iter()
                .filter_map(|inbox| inbox.message.clone().ok());
            decoded.map(|message| (message, self.env.now())).collect()
        };
        let ran = self.on_thread(move || {
            let turn = engine::run_turn(&mut execution, messages);
            (execution, turn)
        });
        let (execution, turn) = ran.await?;
        if turn.consumed == 0 {
            // Events without the start that comes before them: they belong behind it.
            self.abandon(item, Duration::from_millis(100), true).await;
            return Ok(());
        }
        if self.options.replay_twice {
            self.run_again(item, &turn.history_delta).await?;
        }
        if let Outcome::Failed(details @ ErrorDetails::Configuration { .. }) = &turn.outcome {
            tracing::error!(
                target: "duroxide::runtime",
                instance_id = %item.lock.instance, error = in_short(details),
                "the code does not fit the history; the instance fails, and its status says where"
            );
        }
        let limits = &self.options.limits;
        if limits.warns_of(&turn.history_delta) {
            tracing::warn!(
                target: "duroxide::runtime",
                instance_id = %item.lock.instance, execution_id = item.execution_id.0,
                orchestration_name = item.orchestration, events = limits.warn_events,
                allowed = limits.history_events,
                "the history of an execution grows long; let its author continue as new"
            );
        }
        let consumed = item
            .messages
            .iter()
            .take(turn.consumed)
            .map(|message| message.id)
            .collect();
        let ended = turn.outcome != Outcome::Pending;
        let next = match &turn.outcome {
            Outcome::ContinuedAsNew { input, version } => {
                Some(execution.next_start(input.clone(), version.clone()))
            }
            _ => None,
        };
        let commit = self.commit_of(item, consumed, turn, next);
        let facts = Facts::of(item, &commit, &mut life);
        let instance = &item.lock.instance;
        if !ended {
            // Before the commit: the next turn may come before this task hears of it.
            let turn_id = commit.turn_id;
            self.live.put(
                instance.clone(),
                item.execution_id,
                turn_id,
                Loaded { execution, life },
            );
        }
        match self.settle(item, commit, Some(facts)).await {
            Settled::Applied => {}
            Settled::Lost => self.live.remove(instance),
            Settled::Refused(error) => {
                self.live.remove(instance);
                self.refused(item, &error).await;
            }
        }
        Ok(())
    }

    /// The store will never take this turn: the instance fails with the store's words.
    async fn refused(&self, item: &TurnItem, error: &ProviderError) {
        let operation = "commit_turn".to_owned();
        let message = with_causes(error);
        self.fail(
            item,
            ErrorDetails::Infrastructure {
                operation,
                message,
                retryable: false,
            },
        )
        .await;
    }

    async fn fail(&self, item: &TurnItem, details: ErrorDetails) {
        tracing::error!(
            target: "duroxide::runtime",
            instance_id = %item.lock.instance, error = in_short(&details),
            "the instance cannot go on and fails; its status says why"
        );
        let is_poison = matches!(details, ErrorDetails::Poison { .. });
        let settled = match fail_recorded(self, item, details).await {
            Ok((commit, facts)) => self.settle(item, commit, Some(facts)).await,
            Err(error) => Settled::Refused(error),
        };
        match settled {
            Settled::Applied if is_poison => self.meters.poisoned(),
            Settled::Applied | Settled::Lost => {}
            Settled::Refused(error) => self.storage_trouble(item, &error).await,
        }
    }

    /// Commits, and counts what is durable then.
    async fn settle(&self, item: &TurnItem, commit: TurnCommit, facts: Option<Facts>) -> Settled {
        let settled = self.write(item, commit).await;
        if let (Settled::Applied, Some(facts)) = (&settled, facts) {
            if let Some((outcome, duration)) = facts.end() {
                tracing::debug!(
                    target: "duroxide::runtime::execution",
                    instance_id = %item.lock.instance, execution_id = item.execution_id.0,
                    orchestration_name = item.orchestration,
                    orchestration_version = item.version, outcome,
                    duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                    "an execution has ended"
                );
            }
            self.meters.turn(facts);
        }
        settled
    }

    async fn storage_trouble(&self, item: &TurnItem, error: &ProviderError) {
        tracing::error!(
            target: "duroxide::runtime",
            instance_id = %item.lock.instance,
            error = %with_causes(error),
            "the store failed; the turn is tried again later"
        );
        // Trouble of the store is no fault of the message.
        self.abandon(item, Duration::from_millis(100), true).await;
    }

    async fn abandon(&self, item: &TurnItem, delay: Duration, forget_attempt: bool) {
        if let Err(error) = self
            .store
            .abandon_turn(&item.lock, delay, forget_attempt)
            .await
        {
            // The lock expires by itself.
            tracing::debug!(target: "duroxide::runtime", %error, "giving back a turn failed");
        }
    }
}

/// A failure for the log: without what users wrote.
pub(super) fn in_short(details: &ErrorDetails) -> String {
    match details {
        ErrorDetails::Infrastructure {
            operation, message, ..
        } => format!("infrastructure:{operation}: {message}"),
        ErrorDetails::Poison { message, .. } => format!("poison: {message}"),
        ErrorDetails::Configuration { .. } | ErrorDetails::Application { .. } => {
            error_category(details).to_owned()
        }
    }
}

/// The highest count of deliveries of a batch.
pub(super) fn attempt_of(item: &TurnItem) -> u32 {
    item.messages
        .iter()
        .map(|message: &InboxMessage| message.attempt)
        .max()
        .unwrap_or(1)
}
