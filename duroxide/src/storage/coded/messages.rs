//! The payloads of messages, of commits, and of what a status shows.

use crate::history::{EventKind, Message};
use crate::provider::{InstanceState, InstanceStatus, KvChange, TurnCommit, TurnOutcome};
use crate::storage::coded::{Coder, PayloadField};

impl Coder<'_> {
    pub(super) fn message(&self, message: &mut Message) -> Result<(), String> {
        use PayloadField::{Data, Output};
        match message {
            Message::Start(start) => self.start(start),
            Message::ActivityCompleted {
                execution_id,
                source,
                result,
            }
            | Message::SubOrchestrationCompleted {
                execution_id,
                source,
                result,
            } => self.text(result, Output, (Some(*execution_id), Some(*source)), ""),
            Message::ActivityFailed {
                execution_id,
                source,
                details,
            }
            | Message::SubOrchestrationFailed {
                execution_id,
                source,
                details,
            } => self.error(details, (Some(*execution_id), Some(*source))),
            Message::ExternalEvent { name, data } | Message::QueueEvent { queue: name, data } => {
                self.text(data, Data, (None, None), name)
            }
            Message::TimerFired { .. } | Message::CancelRequested { .. } => Ok(()),
        }
    }

    /// What a turn writes for its own instance. What the delta says already is taken from there: a
    /// store may hold one against the other.
    pub(super) fn commit(&self, turn: &mut TurnCommit) -> Result<(), String> {
        for event in &mut turn.history_delta {
            self.event(turn.execution_id, event)?;
        }
        let kinds = || turn.history_delta.iter().map(|event| &event.kind);
        match (&mut turn.outcome, kinds().next_back()) {
            (
                TurnOutcome::Completed { output },
                Some(EventKind::OrchestrationCompleted { output: coded }),
            ) => output.clone_from(coded),
            (
                TurnOutcome::Failed { details },
                Some(EventKind::OrchestrationFailed { details: coded }),
            ) => details.clone_from(coded),
            (
                TurnOutcome::ContinuedAsNew { next },
                Some(EventKind::OrchestrationContinuedAsNew { input, .. }),
            ) => {
                self.start(next)?;
                next.input.clone_from(input);
            }
            // Refused by every store, whatever its payloads.
            _ => {}
        }
        let mut values = kinds().filter_map(|kind| match kind {
            EventKind::KeyValueSet { value, .. } => Some(value),
            _ => None,
        });
        for change in &mut turn.kv {
            if let KvChange::Set(entry) = change {
                match values.next() {
                    Some(coded) => entry.value.clone_from(coded),
                    None => self.entry(entry)?,
                }
            }
        }
        let status = kinds().rev().find_map(|kind| match kind {
            EventKind::CustomStatusUpdated { status } => Some(status.clone()),
            _ => None,
        });
        match (&mut turn.custom_status, status) {
            (Some(told), Some(coded)) => *told = coded,
            (Some(told), None) => self.status(told)?,
            (None, _) => {}
        }
        Ok(())
    }

    pub(super) fn shown(&self, status: &mut InstanceStatus) -> Result<(), String> {
        self.status(&mut status.custom_status)?;
        let at = (Some(status.execution_id), None);
        match &mut status.state {
            InstanceState::Running => Ok(()),
            InstanceState::Completed { output } => self.text(output, PayloadField::Output, at, ""),
            InstanceState::Failed { details } => self.error(details, at),
        }
    }
}
