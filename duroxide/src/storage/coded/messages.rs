//! The payloads of messages, of commits, and of what a status shows.

use crate::history::{EventKind, ExecutionId, Message};
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
            Message::TimerFired { .. }
            | Message::CancelRequested { .. }
            | Message::CancelChild { .. } => Ok(()),
        }
    }

    /// What a turn writes for its own instance. What it says twice is coded once, so that a store can
    /// hold one against the other; where the two differ, both are coded, and differ still.
    pub(super) fn commit(&self, turn: &mut TurnCommit) -> Result<(), String> {
        let plain: Vec<EventKind> = turn
            .history_delta
            .iter()
            .map(|it| it.kind.clone())
            .collect();
        for event in &mut turn.history_delta {
            self.event(turn.execution_id, event)?;
        }
        let coded = turn.history_delta.iter().map(|event| &event.kind);
        let pairs: Vec<(&EventKind, &EventKind)> = plain.iter().zip(coded).collect();
        self.outcome(turn.execution_id, &mut turn.outcome, pairs.last().copied())?;
        let mut values = pairs.iter().filter_map(|pair| match pair {
            (
                EventKind::KeyValueSet { value: plain, .. },
                EventKind::KeyValueSet { value: coded, .. },
            ) => Some((plain, coded)),
            _ => None,
        });
        let set = turn.kv.iter_mut().filter_map(|change| match change {
            KvChange::Set(entry) => Some(entry),
            KvChange::Clear { .. } | KvChange::ClearAll => None,
        });
        for entry in set {
            match values.next() {
                Some((plain, coded)) if *plain == entry.value => entry.value.clone_from(coded),
                _ => self.entry(entry)?,
            }
        }
        let status = pairs.iter().rev().find_map(|pair| match pair {
            (
                EventKind::CustomStatusUpdated { status: plain },
                EventKind::CustomStatusUpdated { status: coded },
            ) => Some((plain, coded)),
            _ => None,
        });
        match (&mut turn.custom_status, status) {
            (Some(told), Some((plain, coded))) if told == plain => told.clone_from(coded),
            (Some(told), _) => self.status(told)?,
            (None, _) => {}
        }
        Ok(())
    }

    fn outcome(
        &self,
        execution: ExecutionId,
        outcome: &mut TurnOutcome,
        last: Option<(&EventKind, &EventKind)>,
    ) -> Result<(), String> {
        let at = (Some(execution), None);
        match (outcome, last) {
            (TurnOutcome::Running, _) => Ok(()),
            (
                TurnOutcome::Completed { output },
                Some((
                    EventKind::OrchestrationCompleted { output: plain },
                    EventKind::OrchestrationCompleted { output: coded },
                )),
            ) if output == plain => {
                output.clone_from(coded);
                Ok(())
            }
            (
                TurnOutcome::Failed { details },
                Some((
                    EventKind::OrchestrationFailed { details: plain },
                    EventKind::OrchestrationFailed { details: coded },
                )),
            ) if details == plain => {
                details.clone_from(coded);
                Ok(())
            }
            (
                TurnOutcome::ContinuedAsNew { next },
                Some((
                    EventKind::OrchestrationContinuedAsNew { input: plain, .. },
                    EventKind::OrchestrationContinuedAsNew { input: coded, .. },
                )),
            ) if next.input == *plain => {
                self.start(next)?;
                next.input.clone_from(coded);
                Ok(())
            }
            (TurnOutcome::Completed { output }, _) => {
                self.text(output, PayloadField::Output, at, "")
            }
            (TurnOutcome::Failed { details }, _) => self.error(details, at),
            (TurnOutcome::ContinuedAsNew { next }, _) => self.start(next),
        }
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
