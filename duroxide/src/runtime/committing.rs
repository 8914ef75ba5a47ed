//! From a turn to its commit, and from the commit to the disk.

use crate::engine::{Outcome, Turn};
use crate::history::{
    Action, AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId,
    Message, Parent, Start,
};
use crate::provider::{
    ChildStart, Committed, KvChange, MessageId, ProviderError, Timer, TurnCommit, TurnItem,
    TurnOutcome,
};
use crate::runtime::backoff::Backoff;
use crate::runtime::orchestrations::Turns;

/// What came of a commit.
pub(super) enum Settled {
    /// The turn is durable, and the execution in memory stands where it left it.
    Applied,
    /// The instance belongs to somebody else: what is in memory counts for nothing.
    Lost,
    /// The store will never take this commit.
    Refused(ProviderError),
}

impl Turns {
    pub(super) fn commit_of(
        &self,
        item: &TurnItem,
        consumed: Vec<MessageId>,
        turn: Turn,
        next: Option<Start>,
    ) -> TurnCommit {
        let mut commit = TurnCommit {
            history_delta: turn.history_delta,
            outcome: match (turn.outcome, next) {
                (Outcome::Completed(output), _) => TurnOutcome::Completed { output },
                (Outcome::Failed(details), _) => TurnOutcome::Failed { details },
                (Outcome::ContinuedAsNew { .. }, Some(next)) => {
                    TurnOutcome::ContinuedAsNew { next }
                }
                (Outcome::Pending | Outcome::ContinuedAsNew { .. }, _) => TurnOutcome::Running,
            },
            ..TurnCommit::new(self.env.unique_id(), item.execution_id, consumed)
        };
        for action in turn.actions {
            self.add(&mut commit, item, action);
        }
        for event in &commit.history_delta {
            match &event.kind {
                EventKind::CustomStatusUpdated { status } => {
                    commit.custom_status = Some(status.clone());
                }
                _ => commit.kv.extend(KvChange::of(event)),
            }
        }
        let told = item.parent.as_ref().zip(answer_of(&commit.outcome));
        let told = told.filter(|(_, answer)| answer.is_ok() || !planted!(ParentNotTold));
        commit.messages.extend(told.map(|(parent, answer)| {
            let message = message_for(parent.execution_id, parent.source, answer);
            (parent.instance.clone(), message)
        }));
        commit.forget_before = self.forgotten(&commit);
        commit
    }

    fn add(&self, commit: &mut TurnCommit, item: &TurnItem, action: Action) {
        match action {
            Action::StartActivity { source } => commit.activities.push(source),
            Action::CancelActivity { .. } if planted!(CallLeftQueued) => {}
            Action::CancelChild { .. } if planted!(ChildLeftRunning) => {}
            Action::CancelActivity { source } => commit.cancelled_activities.push(source),
            Action::CreateTimer { source, fire_at } => {
                commit.timers.push(Timer { fire_at, source });
            }
            Action::CancelTimer { source, fire_at } => {
                commit.cancelled_timers.push(Timer { fire_at, source });
            }
            Action::StartChild { source } | Action::StartDetached { source } => {
                let seed = self.env.unique_id();
                let start = start_of(item, &commit.history_delta, source, seed);
                commit.starts.extend(start);
            }
            Action::CancelChild {
                source,
                instance,
                reason,
            } => {
                // Whoever has the id for another reason is not meant, and sees that by the call.
                let parent = Parent {
                    instance: item.lock.instance.clone(),
                    execution_id: item.execution_id,
                    source,
                };
                let cancel = Message::CancelChild { parent, reason };
                let child = InstanceId::new(instance).ok();
                commit.messages.extend(child.map(|child| (child, cancel)));
            }
        }
    }

    /// The first execution that is kept, if this one makes room.
    fn forgotten(&self, commit: &TurnCommit) -> Option<ExecutionId> {
        let TurnOutcome::ContinuedAsNew { next } = &commit.outcome else {
            return None;
        };
        let kept = u64::from(self.options.keep_executions?.max(1));
        let oldest = next.execution_id.0.saturating_sub(kept).saturating_add(1);
        (oldest > ExecutionId::FIRST.0).then_some(ExecutionId(oldest))
    }

    /// Commits, trying again for as long as the lock lasts.
    pub(super) async fn write(&self, item: &TurnItem, commit: TurnCommit) -> Settled {
        let commit = &commit;
        let written = self
            .patiently(item, || self.store.commit_turn(&item.lock, commit.clone()))
            .await;
        match written {
            // Written before: by this very call, whose answer did not come back.
            Ok(Committed::Applied | Committed::AlreadyApplied) => Settled::Applied,
            Err(ProviderError::LockLost) => Settled::Lost,
            Err(error) => Settled::Refused(error),
        }
    }

    /// Makes a call of the store until it is answered; whoever drops this says for how long.
    async fn patiently<T, F>(
        &self,
        item: &TurnItem,
        call: impl Fn() -> F,
    ) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let mut backoff = Backoff::new();
        loop {
            match call().await {
                Err(error) if error.is_retryable() && !planted!(UnavailableFails) => {
                    tracing::warn!(
                        target: "duroxide::runtime",
                        instance_id = %item.lock.instance,
                        error = %crate::runtime::with_causes(&error),
                        "committing a turn failed; trying again"
                    );
                    backoff.pause(&*self.env).await;
                }
                answer => return answer,
            }
        }
    }
}

/// What the starter of an instance is told of its end.
fn answer_of(outcome: &TurnOutcome) -> Option<Result<String, ErrorDetails>> {
    match outcome {
        TurnOutcome::Completed { output } => Some(Ok(output.clone())),
        TurnOutcome::Failed { details } => Some(Err(details.clone())),
        TurnOutcome::Running | TurnOutcome::ContinuedAsNew { .. } => None,
    }
}

fn message_for(
    execution_id: ExecutionId,
    source: EventId,
    answer: Result<String, ErrorDetails>,
) -> Message {
    match answer {
        Ok(result) => Message::SubOrchestrationCompleted {
            execution_id,
            source,
            result,
        },
        Err(details) => Message::SubOrchestrationFailed {
            execution_id,
            source,
            details,
        },
    }
}

/// The instance that an event of this turn starts.
fn start_of(item: &TurnItem, delta: &[Event], source: EventId, seed: u128) -> Option<ChildStart> {
    let event = delta.iter().find(|event| event.event_id == source)?;
    match &event.kind {
        EventKind::SubOrchestrationScheduled {
            name,
            version,
            instance,
            input,
        } => {
            let details = ErrorDetails::application(
                AppErrorKind::OrchestrationFailed,
                format!("sub-orchestration instance id `{instance}` already exists"),
            );
            let parent = Parent {
                instance: item.lock.instance.clone(),
                execution_id: item.execution_id,
                source,
            };
            Some(ChildStart {
                instance: InstanceId::new(instance).ok()?,
                start: Start {
                    version: version.clone(),
                    parent: Some(parent),
                    ..Start::first(name, input, seed)
                },
                if_taken: Some(message_for(item.execution_id, source, Err(details))),
            })
        }
        EventKind::OrchestrationChained {
            name,
            version,
            instance,
            input,
        } => Some(ChildStart {
            instance: InstanceId::new(instance).ok()?,
            start: Start {
                version: version.clone(),
                ..Start::first(name, input, seed)
            },
            if_taken: None,
        }),
        _ => None,
    }
}
