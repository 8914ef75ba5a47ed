//! Calls that change a store, as values: they are made to a store and to the model.

use std::time::Duration;

use duroxide::history::{InstanceId, Message};
use duroxide::provider::conformance::{LONG, failure, first_start};
use duroxide::provider::{
    ActivityLock, MessageId, Provider, ProviderError, StartOutcome, TurnCommit, TurnLock,
};

use super::view::shown;

/// One call. What differs between the stores (locks, ids of messages) is there twice.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Start(InstanceId, String),
    Enqueue(InstanceId, u128, Message),
    Commit {
        lock: Both<TurnLock>,
        turn: Box<TurnCommit>,
        consumed: Both<Vec<MessageId>>,
    },
    AbandonTurn(Both<TurnLock>, Duration, bool),
    RenewTurn(Both<TurnLock>),
    Complete {
        lock: Both<ActivityLock>,
        result: Result<String, String>,
    },
    AbandonActivity(Both<ActivityLock>, Duration, bool),
    RenewActivity(Both<ActivityLock>),
    Delete(Vec<InstanceId>, bool),
    Prune(InstanceId, Option<u32>),
}

/// The same thing in the store and in the model.
#[derive(Clone, Debug)]
pub(crate) struct Both<T> {
    pub(crate) store: T,
    pub(crate) model: T,
}

impl<T> Both<T> {
    fn of(&self, side: Side) -> &T {
        match side {
            Side::Store => &self.store,
            Side::Model => &self.model,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Store,
    Model,
}

impl Call {
    /// Makes the call; gives what both sides must answer alike.
    pub(crate) async fn make(
        &self,
        to: &dyn Provider,
        side: Side,
    ) -> Result<String, ProviderError> {
        match self {
            Self::Start(id, input) => {
                let outcome = to.start(id, first_start("orders", input)).await?;
                Ok(match outcome {
                    StartOutcome::Created => "created".to_owned(),
                    StartOutcome::Exists {
                        status,
                        same_request,
                    } => format!("exists, same {same_request}: {}", shown(*status)),
                })
            }
            Self::Enqueue(id, number, message) => {
                let sent = to.enqueue(id, *number, message.clone()).await?;
                Ok(format!("{sent:?}"))
            }
            Self::Commit {
                lock,
                turn,
                consumed,
            } => {
                let mut turn = TurnCommit::clone(turn);
                turn.consumed.clone_from(consumed.of(side));
                let committed = to.commit_turn(lock.of(side), turn).await?;
                Ok(format!("{committed:?}"))
            }
            Self::AbandonTurn(lock, delay, forget) => {
                to.abandon_turn(lock.of(side), *delay, *forget).await?;
                Ok("given back".to_owned())
            }
            Self::RenewTurn(lock) => {
                to.renew_turn(lock.of(side), LONG).await?;
                Ok("renewed".to_owned())
            }
            Self::Complete { lock, result, .. } => {
                let result = result.clone().map_err(|why| failure(&why));
                to.complete_activity(lock.of(side), result).await?;
                Ok("completed".to_owned())
            }
            Self::AbandonActivity(lock, delay, forget) => {
                to.abandon_activity(lock.of(side), *delay, *forget).await?;
                Ok("given back".to_owned())
            }
            Self::RenewActivity(lock) => {
                to.renew_activity(lock.of(side), LONG).await?;
                Ok("renewed".to_owned())
            }
            Self::Delete(ids, force) => {
                let deleted = to.admin().unwrap().delete(ids, *force).await?;
                Ok(format!("{deleted:?}"))
            }
            Self::Prune(id, keep) => {
                let pruned = to.admin().unwrap().prune(id, *keep, None).await?;
                Ok(format!("{pruned:?}"))
            }
        }
    }
}

/// The answer in words; errors by their kind alone.
pub(crate) fn answer(result: &Result<String, ProviderError>) -> String {
    match result {
        Ok(words) => words.clone(),
        Err(ProviderError::LockLost) => "the lock is lost".to_owned(),
        Err(ProviderError::InstanceNotFound) => "no such instance".to_owned(),
        Err(ProviderError::Refused(_)) => "refused".to_owned(),
        Err(other) => format!("error: {other:?}"),
    }
}

/// Whether nobody knows what came of a call.
pub(crate) fn is_unknown(result: &Result<String, ProviderError>) -> bool {
    matches!(
        result,
        Err(ProviderError::Unavailable { .. } | ProviderError::Closed)
    )
}
