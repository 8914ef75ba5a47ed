//! What else a hand-written turn asks for: activities for some workers only, children, messages,
//! values.

use crate::history::{
    ErrorDetails, EventId, EventKind, ExecutionId, InstanceId, KvEntry, Message, Parent,
};
use crate::provider::{ChildStart, KvChange, TurnOutcome};

use super::turn::{Turn, failure, first_start};

impl Turn {
    /// Asks for an activity of a session.
    #[must_use]
    pub fn schedule_in(self, session: &str, name: &str) -> Self {
        self.schedule_for(name, Some(session), None)
    }

    /// Asks for an activity that not every worker takes.
    #[must_use]
    pub fn schedule_tagged(self, tag: &str, name: &str) -> Self {
        self.schedule_for(name, None, Some(tag))
    }

    /// Asks for an activity of a session, with a tag, or without.
    #[must_use]
    pub fn schedule_for(mut self, name: &str, session: Option<&str>, tag: Option<&str>) -> Self {
        let kind = EventKind::ActivityScheduled {
            name: name.to_owned(),
            input: String::new(),
            attempt: 1,
            first_attempt: None,
            session_id: session.map(str::to_owned),
            tag: tag.map(str::to_owned),
        };
        let id = self.write(None, kind);
        self.commit.activities.push(id);
        self
    }

    /// Asks for a sub-orchestration `"child"` with this id; the answer to a taken id is a failure.
    #[must_use]
    pub fn child(mut self, id: &str) -> Self {
        let kind = EventKind::SubOrchestrationScheduled {
            name: "child".to_owned(),
            version: None,
            instance: id.to_owned(),
            input: "in".to_owned(),
        };
        let source = self.write(None, kind);
        let execution_id = self.commit.execution_id;
        let mut start = first_start("child", "in");
        start.parent = Some(Parent {
            instance: self.instance.clone(),
            execution_id,
            source,
        });
        self.commit.starts.push(ChildStart {
            instance: InstanceId::new(id).unwrap(),
            start,
            if_taken: Some(taken(execution_id, source)),
        });
        self
    }

    /// Starts an instance that nobody waits for.
    #[must_use]
    pub fn detached(mut self, id: &str) -> Self {
        self.write(
            None,
            EventKind::OrchestrationChained {
                name: "detached".to_owned(),
                version: None,
                instance: id.to_owned(),
                input: "in".to_owned(),
            },
        );
        self.commit.starts.push(ChildStart {
            instance: InstanceId::new(id).unwrap(),
            start: first_start("detached", "in"),
            if_taken: None,
        });
        self
    }

    /// Does not wait for a sub-orchestration any more, and tells it.
    #[must_use]
    pub fn cancel_child(mut self, source: EventId, id: &str) -> Self {
        self.write(
            Some(source),
            EventKind::SubOrchestrationCancelRequested {
                instance: id.to_owned(),
                reason: "dropped_future".to_owned(),
            },
        );
        let parent = Parent {
            instance: self.instance.clone(),
            execution_id: self.commit.execution_id,
            source,
        };
        let reason = "parent".to_owned();
        self.tell(id, Message::CancelChild { parent, reason })
    }

    /// Sends a message to an instance.
    #[must_use]
    pub fn tell(mut self, id: &str, message: Message) -> Self {
        let target = InstanceId::new(id).unwrap();
        self.commit.messages.push((target, message));
        self
    }

    /// Shows a custom status, or takes it back.
    #[must_use]
    pub fn show(mut self, status: Option<&str>) -> Self {
        let status = status.map(str::to_owned);
        let kind = EventKind::CustomStatusUpdated {
            status: status.clone(),
        };
        self.write(None, kind);
        self.commit.custom_status = Some(status);
        self
    }

    /// Keeps a value under a key.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        self.change(EventKind::KeyValueSet {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Removes the value under a key.
    #[must_use]
    pub fn clear(self, key: &str) -> Self {
        let key = key.to_owned();
        self.change(EventKind::KeyValueCleared { key })
    }

    /// Removes all values.
    #[must_use]
    pub fn clear_all(self) -> Self {
        self.change(EventKind::KeyValuesCleared)
    }

    /// Lets the next execution begin with what the instance shows and keeps.
    #[must_use]
    pub fn hand_down(mut self, status: Option<&str>, kv: &[KvEntry]) -> Self {
        if let TurnOutcome::ContinuedAsNew { next } = &mut self.commit.outcome {
            next.custom_status = status.map(str::to_owned);
            next.kv = kv.to_vec();
        }
        self
    }

    /// Pins the execution that this turn begins to a number of the engine's semantics.
    #[must_use]
    pub fn pinned_to(mut self, number: u32) -> Self {
        let first = self.commit.history_delta.first_mut();
        if let Some(EventKind::OrchestrationStarted { semantics, .. }) =
            first.map(|event| &mut event.kind)
        {
            *semantics = number;
        }
        self
    }

    fn change(mut self, kind: EventKind) -> Self {
        self.write(None, kind);
        let change = self.commit.history_delta.last().and_then(KvChange::of);
        self.commit.kv.extend(change);
        self
    }

    /// Whoever waits for the end of the instance hears of it.
    pub(super) fn tell_parent(&mut self, end: Result<String, ErrorDetails>) {
        let Some(parent) = self.parent.clone() else {
            return;
        };
        let message = match end {
            Ok(result) => Message::SubOrchestrationCompleted {
                execution_id: parent.execution_id,
                source: parent.source,
                result,
            },
            Err(details) => Message::SubOrchestrationFailed {
                execution_id: parent.execution_id,
                source: parent.source,
                details,
            },
        };
        self.commit.messages.push((parent.instance, message));
    }
}

/// What a turn gets if the id of its child is taken.
pub(super) fn taken(execution_id: ExecutionId, source: EventId) -> Message {
    Message::SubOrchestrationFailed {
        execution_id,
        source,
        details: failure("the id is taken"),
    }
}

/// A request to end.
pub(super) fn cancel(reason: &str) -> Message {
    Message::CancelRequested {
        reason: reason.to_owned(),
        terminate: false,
    }
}
