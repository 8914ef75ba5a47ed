//! From a turn to its commit, and from the commit to the disk.

use crate::engine::{Outcome, Turn};
use crate::history::{Action, Start};
use crate::provider::{
    Committed, MessageId, ProviderError, Timer, TurnCommit, TurnItem, TurnOutcome,
};
use crate::runtime::backoff::Backoff;
use crate::runtime::orchestrations::Turns;

/// What came of a commit.
pub(super) enum Settled {
    /// The turn is durable, and the execution in memory stands where it left it.
    Applied,
    /// The instance belongs to somebody else, or the turn was durable before: what is in memory
    /// counts for nothing.
    Unknown,
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
            match action {
                Action::StartActivity { source } => commit.activities.push(source),
                Action::CancelActivity { source } => commit.cancelled_activities.push(source),
                Action::CreateTimer { source, fire_at } => {
                    commit.timers.push(Timer { fire_at, source });
                }
                Action::CancelTimer { source, fire_at } => {
                    commit.cancelled_timers.push(Timer { fire_at, source });
                }
                Action::StartChild { .. }
                | Action::CancelChild { .. }
                | Action::StartDetached { .. } => {}
            }
        }
        commit
    }

    /// Commits, trying again for as long as the lock lasts.
    pub(super) async fn settle(&self, item: &TurnItem, commit: TurnCommit) -> Settled {
        let mut backoff = Backoff::new();
        loop {
            match self.store.commit_turn(&item.lock, commit.clone()).await {
                Ok(Committed::Applied) => return Settled::Applied,
                Ok(Committed::AlreadyApplied) | Err(ProviderError::LockLost) => {
                    return Settled::Unknown;
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(
                        target: "duroxide::runtime",
                        instance_id = %item.lock.instance,
                        error = %crate::runtime::with_causes(&error),
                        "committing a turn failed; trying again"
                    );
                    backoff.pause(&*self.env).await;
                }
                Err(error) => return Settled::Refused(error),
            }
        }
    }
}
