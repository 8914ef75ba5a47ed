//! What follows from what is stored, whatever the store: one place, so that all tell the same.

use std::collections::BTreeMap;

use crate::history::{
    ErrorDetails, Event, EventId, EventKind, InstanceId, KvEntry, Message, Parent,
};
use crate::provider::KvChange;

/// What somebody who waits for the end of a sub-orchestration gets when it is deleted before that,
/// and whose inbox it goes to.
///
/// ```
/// use duroxide::history::{EventId, ExecutionId, InstanceId, Message, Parent};
/// use duroxide::provider::deletion_notice;
///
/// let parent = Parent {
///     instance: InstanceId::new("order-42")?,
///     execution_id: ExecutionId::FIRST,
///     source: EventId(3),
/// };
/// let (to, notice) = deletion_notice(&InstanceId::new("invoice-42")?, &parent);
/// assert_eq!(to, parent.instance);
/// assert!(matches!(notice, Message::SubOrchestrationFailed { source: EventId(3), .. }));
/// # Ok::<(), duroxide::history::InvalidName>(())
/// ```
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
///
/// ```
/// use duroxide::history::{Event, EventId, EventKind};
/// use duroxide::provider::unread_messages;
/// use duroxide::time::Timestamp;
///
/// let (name, data) = ("cart".to_owned(), "apples".to_owned());
/// let kind = EventKind::QueueEventDelivered { name, data };
/// let arrived = Event::new(EventId(2), None, Timestamp::ZERO, kind);
/// assert_eq!(unread_messages([&arrived]), 1); // nobody has asked for it
/// ```
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
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use duroxide::history::{Event, KvEntry};
    /// use duroxide::provider::KvChange;
    ///
    /// /// The values that a history leaves.
    /// fn values(history: &[Event]) -> BTreeMap<String, KvEntry> {
    ///     let mut values = BTreeMap::new();
    ///     for change in history.iter().filter_map(KvChange::of) {
    ///         change.apply(&mut values);
    ///     }
    ///     values
    /// }
    /// # assert!(values(&[]).is_empty());
    /// ```
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
    ///
    /// Examples stand at [`KvChange`] and [`of`](Self::of).
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
