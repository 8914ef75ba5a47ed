//! All that a store shows, as lines that can be compared with those of another.

use duroxide::history::{EventId, InstanceId, Message};
use duroxide::provider::conformance::ALL;
use duroxide::provider::{InstanceQuery, InstanceStatus, Provider, ProviderError, TurnItem};

/// One line for each thing, in an order that does not depend on the store.
pub(crate) async fn view(store: &dyn Provider) -> Result<Vec<String>, ProviderError> {
    let admin = store.admin().expect("this store has an admin");
    let mut lines = Vec::new();
    for status in admin
        .list_instances(&InstanceQuery::default(), None, ALL)
        .await?
    {
        let id = status.instance.clone();
        lines.push(shown(status));
        for execution in admin.executions(&id).await? {
            let number = execution.execution_id;
            lines.push(format!("{id} {execution:?}"));
            let page = store.read(&id, number, EventId::NONE, ALL).await?;
            let events = page.events.iter();
            lines.extend(events.map(|event| format!("{id} {number} {event:?}")));
        }
        lines.push(format!("{id} keeps {:?}", store.kv_entries(&id).await?));
        lines.push(format!("{id} has {:?}", admin.children(&id).await?));
        let mut stats = admin.stats(&id).await?.unwrap_or_default();
        // Whether a timer that is due counts as a message is the store's business.
        stats.queue_pending_count = 0;
        lines.push(format!("{id} {stats:?}"));
    }
    lines.push(format!("{:?}", admin.totals().await?));
    let depths = admin.queue_depths().await?;
    let messages = depths.orchestrator_queue + depths.timer_queue;
    lines.push(format!(
        "{messages} messages, {} activities",
        depths.worker_queue
    ));
    Ok(lines)
}

/// A status without the number that only grows.
pub(crate) fn shown(mut status: InstanceStatus) -> String {
    status.change = 0;
    format!("{status:?}")
}

/// What one store shows and the other does not.
pub(crate) fn difference(store: &[String], model: &[String]) -> Option<String> {
    if store == model {
        return None;
    }
    let only = |these: &[String], those: &[String]| {
        let lines = these.iter().filter(|line| !those.contains(line));
        lines.take(4).cloned().collect::<Vec<_>>().join("\n    ")
    };
    Some(format!(
        "the store has\n    {}\n  where the model has\n    {}",
        only(store, model),
        only(model, store)
    ))
}

/// The messages of a turn: events in their order, answers in any.
pub(crate) fn messages(item: &TurnItem) -> (Vec<String>, Vec<String>) {
    let (events, mut others): (Vec<_>, Vec<_>) = item
        .messages
        .iter()
        .map(|message| message.message.clone())
        .partition(|message| message.as_ref().is_ok_and(Message::is_event));
    let lines = |messages: &[Result<Message, String>]| {
        messages
            .iter()
            .map(|message| format!("{message:?}"))
            .collect()
    };
    others.sort_by_key(|message| format!("{message:?}"));
    (lines(&events), lines(&others))
}

/// What both stores must say of an item.
pub(crate) fn item(item: &TurnItem) -> String {
    format!(
        "{} {} after {}, {} {:?} {:?} ended {}: {:?}",
        item.lock.instance,
        item.execution_id,
        item.last_event_id,
        item.orchestration,
        item.version,
        item.parent,
        item.ended,
        messages(item)
    )
}

pub(crate) fn instance(id: &str) -> InstanceId {
    InstanceId::new(id).unwrap()
}
