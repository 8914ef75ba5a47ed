//! The commit that ends an instance whose code cannot be asked.

use crate::engine::{Outcome, Recorded, Turn, actions_of};
use crate::history::{ErrorDetails, EventId, InstanceId, Message, Start};
use crate::provider::{ProviderError, TurnCommit, TurnItem};
use crate::runtime::metering::{Facts, Life};
use crate::runtime::orchestrations::{PAGE, Turns};
use crate::runtime::with_causes;

/// All messages of the item are consumed, what is open is cancelled, and the failure is the last
/// event. A history that cannot be read keeps its open operations: their messages reach an ended
/// instance and are consumed there. Its children are cancelled as far as the store knows them.
pub(super) async fn fail_recorded(
    turns: &Turns,
    item: &TurnItem,
    details: ErrorDetails,
) -> Result<(TurnCommit, Facts), ProviderError> {
    let now = turns.env.now();
    let mut recorded = Recorded::new(item.lock.instance.clone(), item.execution_id);
    let mut life = Life::default();
    let is_whole = scan(turns, item, &mut recorded, &mut life).await?;
    let mut delta = Vec::new();
    if recorded.is_unstarted() {
        let start = item
            .messages
            .iter()
            .find_map(|message| match &message.message {
                Ok(Message::Start(start)) => Some(start.clone()),
                _ => None,
            });
        let start = match start {
            Some(start) => start,
            None => start_without_message(turns, item).await?,
        };
        let version = start.version.clone().unwrap_or_else(|| "0.0.0".to_owned());
        delta.push(recorded.begin(&start, &version, now));
    }
    delta.extend(recorded.fail(details.clone(), now));
    let turn = Turn {
        consumed: item.messages.len(),
        actions: actions_of(&delta),
        history_delta: delta,
        outcome: Outcome::Failed(details),
    };
    let consumed = item.messages.iter().map(|message| message.id).collect();
    let mut commit = turns.commit_of(item, consumed, turn, None);
    if !is_whole {
        let cancel = Message::CancelRequested {
            reason: "parent failed".to_owned(),
            terminate: false,
        };
        let children = running_children(turns, item).await?;
        let told = children.into_iter().map(|child| (child, cancel.clone()));
        commit.messages.extend(told);
    }
    let facts = Facts::of(item, &commit, &mut life);
    Ok((commit, facts))
}

/// The start when it is what cannot be read: what the store knows of the instance besides, so that
/// its history says the same. The input is lost.
async fn start_without_message(turns: &Turns, item: &TurnItem) -> Result<Start, ProviderError> {
    let id = &item.lock.instance;
    let status = readable(item, turns.store.status(id).await)?.flatten();
    let kv = readable(item, turns.store.kv_entries(id).await)?;
    Ok(Start {
        execution_id: item.execution_id,
        version: item.version.clone(),
        parent: item.parent.clone(),
        custom_status: status.and_then(|status| status.custom_status),
        kv: kv.unwrap_or_default(),
        ..Start::first(item.orchestration.clone(), String::new(), 0)
    })
}

/// The children that the store has of this instance and that have not ended: nobody will wait for
/// them. A store without the management verbs knows none.
async fn running_children(
    turns: &Turns,
    item: &TurnItem,
) -> Result<Vec<InstanceId>, ProviderError> {
    let Some(admin) = turns.store.admin() else {
        return Ok(Vec::new());
    };
    let children = admin.children(&item.lock.instance).await;
    let mut running = Vec::new();
    for child in readable(item, children)?.unwrap_or_default() {
        let status = readable(item, turns.store.status(&child).await)?.flatten();
        if status.is_some_and(|status| !status.state.is_terminal()) {
            running.push(child);
        }
    }
    Ok(running)
}

/// What was read, if it can be read at all: what cannot must not keep the instance from its end.
fn readable<T>(
    item: &TurnItem,
    read: Result<T, ProviderError>,
) -> Result<Option<T>, ProviderError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_retryable() => Err(error),
        Err(error) => {
            tracing::error!(
                target: "duroxide::runtime",
                instance_id = %item.lock.instance, error = %with_causes(&error),
                "what the store has of an instance that fails cannot be read; it ends without that"
            );
            Ok(None)
        }
    }
}

/// Takes in what is recorded. False: not all of it can be read.
async fn scan(
    turns: &Turns,
    item: &TurnItem,
    recorded: &mut Recorded,
    life: &mut Life,
) -> Result<bool, ProviderError> {
    let mut after = EventId::NONE;
    while after < item.last_event_id {
        let page = turns
            .store
            .read(&item.lock.instance, item.execution_id, after, PAGE)
            .await;
        match page {
            Ok(page) if !page.events.is_empty() => {
                recorded.scan(&page.events);
                life.recall(&page.events);
                after = page.events.last().map_or(after, |event| event.event_id);
            }
            Ok(_) | Err(ProviderError::Corrupt { .. }) => {
                recorded.skip_to(item.last_event_id);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
