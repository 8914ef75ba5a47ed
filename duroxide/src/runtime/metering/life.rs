//! What is remembered of an execution for what is counted at its end. Follows from its history, so
//! a replay knows it too.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::{Event, EventId, EventKind};
use crate::time::Timestamp;

/// An execution so far.
#[derive(Clone, Debug, Default)]
pub(in crate::runtime) struct Life {
    /// When it began.
    pub(super) began: Option<Timestamp>,
    /// How many messages it took in.
    pub(super) messages: u64,
    /// The sub-orchestrations that it waits for, and since when.
    open: BTreeMap<EventId, (String, Timestamp)>,
}

/// The end of a call of a sub-orchestration.
#[derive(Debug)]
pub(super) struct ChildEnd {
    pub(super) orchestration: String,
    pub(super) outcome: &'static str,
    pub(super) duration: Duration,
}

impl Life {
    /// Takes in events whose facts are counted already.
    pub(in crate::runtime) fn recall(&mut self, events: &[Event]) {
        for event in events {
            self.take_in(event);
        }
    }

    /// Takes in the next event; gives the call that it ends.
    pub(super) fn take_in(&mut self, event: &Event) -> Option<ChildEnd> {
        self.began.get_or_insert(event.timestamp);
        self.messages = self
            .messages
            .saturating_add(u64::from(event.kind.is_from_message()));
        let outcome = match &event.kind {
            EventKind::SubOrchestrationScheduled { name, .. } => {
                let call = (name.clone(), event.timestamp);
                self.open.insert(event.event_id, call);
                return None;
            }
            EventKind::SubOrchestrationCompleted { .. } => "success",
            EventKind::SubOrchestrationFailed { .. } => "failed",
            EventKind::SubOrchestrationCancelRequested { .. } => "cancelled",
            _ => return None,
        };
        let (orchestration, since) = self.open.remove(&event.source_event_id?)?;
        Some(ChildEnd {
            orchestration,
            outcome,
            duration: event.timestamp.since(since),
        })
    }
}
