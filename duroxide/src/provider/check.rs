//! What can be wrong with a commit whatever the store: the same checks for all of them.

use crate::history::{Event, EventId, EventKind, ExecutionId, Message};
use crate::provider::{ChildStart, TurnCommit, TurnOutcome};

/// Whether this message may come from outside.
///
/// # Errors
///
/// What is wrong, for [`ProviderError::Refused`](crate::provider::ProviderError::Refused).
pub fn check_event(message: &Message) -> Result<(), String> {
    if message.is_event() {
        return Ok(());
    }
    Err("only events come from outside; the store makes all other messages itself".to_owned())
}

/// Where an instance stands before a commit.
#[derive(Clone, Copy, Debug)]
pub struct CommitBase {
    /// Its current execution.
    pub execution_id: ExecutionId,
    /// The last event of that.
    pub last_event_id: EventId,
    /// Whether it has ended.
    pub ended: bool,
}

impl TurnCommit {
    /// Whether this turn follows from `base` and agrees with itself. Locks and messages are the
    /// store's own business.
    ///
    /// # Errors
    ///
    /// What is wrong, for [`ProviderError::Refused`](crate::provider::ProviderError::Refused).
    pub fn check(&self, base: CommitBase) -> Result<(), String> {
        if self.execution_id != base.execution_id {
            return Err(format!(
                "execution {} is not the current one, {}",
                self.execution_id, base.execution_id
            ));
        }
        if base.ended && !self.history_delta.is_empty() {
            return Err("the instance has ended".to_owned());
        }
        self.check_events(base.last_event_id)?;
        self.check_outcome()?;
        for &source in &self.activities {
            if !matches!(
                self.kind_of(source),
                Some(EventKind::ActivityScheduled { .. })
            ) {
                return Err(format!("event {source} schedules no activity in this turn"));
            }
        }
        for timer in &self.timers {
            let kind = self.kind_of(timer.source);
            if !matches!(kind, Some(EventKind::TimerCreated { fire_at }) if *fire_at == timer.fire_at)
            {
                return Err(format!(
                    "event {} creates no such timer in this turn",
                    timer.source
                ));
            }
        }
        let not_first = |child: &&ChildStart| child.start.execution_id != ExecutionId::FIRST;
        if let Some(child) = self.starts.iter().find(not_first) {
            let id = &child.instance;
            return Err(format!("`{id}` does not begin with its first execution"));
        }
        Ok(())
    }

    /// The version that this turn pins its execution to, if it is the first of that.
    pub fn pinned_version(&self) -> Option<&str> {
        match self.history_delta.first().map(|event| &event.kind) {
            Some(EventKind::OrchestrationStarted { version, .. }) => Some(version),
            _ => None,
        }
    }

    /// The semantics that this turn pins its execution to, if it is the first of that.
    pub fn pinned_semantics(&self) -> Option<u32> {
        match self.history_delta.first().map(|event| &event.kind) {
            Some(EventKind::OrchestrationStarted { semantics, .. }) => Some(*semantics),
            _ => None,
        }
    }

    /// Numbers without a gap; a start at the first place only; an end at the last place only.
    fn check_events(&self, last: EventId) -> Result<(), String> {
        let mut last = last;
        for (place, event) in self.history_delta.iter().enumerate() {
            let id = event.event_id;
            if id != last.next() {
                return Err(format!("event {id} does not follow event {last}"));
            }
            let begins = matches!(event.kind, EventKind::OrchestrationStarted { .. });
            if begins != (id == EventId::FIRST) {
                return Err(format!(
                    "event {id}: a start is the first event, and no other is"
                ));
            }
            if event.kind.is_terminal() && place.saturating_add(1) != self.history_delta.len() {
                return Err(format!("events follow the terminal event {id}"));
            }
            last = id;
        }
        Ok(())
    }

    /// The outcome says what the last event says.
    fn check_outcome(&self) -> Result<(), String> {
        let last = self.history_delta.last().map(|event| &event.kind);
        let agrees = match &self.outcome {
            TurnOutcome::Running => last.is_none_or(|kind| !kind.is_terminal()),
            TurnOutcome::Completed { output: told } => {
                matches!(last, Some(EventKind::OrchestrationCompleted { output }) if output == told)
            }
            TurnOutcome::Failed { details: told } => {
                matches!(last, Some(EventKind::OrchestrationFailed { details }) if details == told)
            }
            TurnOutcome::ContinuedAsNew { next } => {
                matches!(last, Some(EventKind::OrchestrationContinuedAsNew { input, .. })
                    if *input == next.input)
                    && next.execution_id == self.execution_id.next()
            }
        };
        agrees
            .then_some(())
            .ok_or_else(|| "the outcome is not what the events say".to_owned())
    }

    /// What the event with that number says, if it belongs to this turn.
    fn kind_of(&self, id: EventId) -> Option<&EventKind> {
        let first: &Event = self.history_delta.first()?;
        let place = usize::try_from(id.0.checked_sub(first.event_id.0)?).ok()?;
        self.history_delta.get(place).map(|event| &event.kind)
    }
}
