//! What follows from what is stored, whatever the store: one place, so that all tell the same.

use std::collections::BTreeMap;

use crate::history::{
    ErrorDetails, Event, EventId, EventKind, InstanceId, KvEntry, Message, Parent,
};
use crate::provider::KvChange;

/// What somebody who waits for the end of a sub-orchestration gets when it is deleted before that,
/// and whose inbox it goes to.
pub fn deletion_notice(child: &InstanceId, parent: &Parent) -> (InstanceId, Message) {
    let details = ErrorDetails::Infrastructure {
        operation: "run a sub-orchestration".to_owned(),
        message: format!("`{child}` was deleted before it ended"),
        retryable: false,
    };
    let notice = Message::SubOrchestrationFailed {
        execution_id: parent.execution_id,
        source: parent.source,
        details,
    };
    (parent.instance.clone(), notice)
}

/// How many queue messages of an execution nobody has asked for, by its events.
///
/// A request that was given up gives its message back.
pub fn unread_messages<'e>(events: impl IntoIterator<Item = &'e Event>) -> u64 {
    let mut arrived: BTreeMap<&str, u64> = BTreeMap::new();
    let mut requests: BTreeMap<EventId, &str> = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::OrchestrationStarted { carried, .. } => {
                for (queue, _) in carried {
                    let known = arrived.entry(queue).or_default();
                    *known = known.saturating_add(1);
                }
            }
            EventKind::QueueEventDelivered { name, .. } => {
                let known = arrived.entry(name).or_default();
                *known = known.saturating_add(1);
            }
            EventKind::QueueSubscribed { name } => {
                requests.insert(event.event_id, name);
            }
            EventKind::QueueSubscriptionCancelled { .. } => {
                requests.remove(&event.source_event_id.unwrap_or_default());
            }
            _ => {}
        }
    }
    for queue in requests.into_values() {
        if let Some(unread) = arrived.get_mut(queue) {
            *unread = unread.saturating_sub(1);
        }
    }
    arrived.into_values().sum()
}

impl KvChange {
    /// What that event changes; `None` if it changes no value.
    pub fn of(event: &Event) -> Option<Self> {
        match &event.kind {
            EventKind::KeyValueSet { key, value } => Some(Self::Set(KvEntry {
                key: key.clone(),
                value: value.clone(),
                updated_at: event.timestamp,
            })),
            EventKind::KeyValueCleared { key } => Some(Self::Clear { key: key.clone() }),
            EventKind::KeyValuesCleared => Some(Self::ClearAll),
            _ => None,
        }
    }

    /// Changes these values.
    pub fn apply(&self, values: &mut BTreeMap<String, KvEntry>) {
        match self {
            Self::Set(entry) => {
                values.insert(entry.key.clone(), entry.clone());
            }
            Self::Clear { key } => {
                values.remove(key);
            }
            Self::ClearAll => values.clear(),
        }
    }
}
