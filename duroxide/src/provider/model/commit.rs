//! Committing a turn: check everything, then write everything.

use std::time::Duration;

use crate::history::{Event, EventId, EventKind, Message};
use crate::provider::{Committed, InstanceState, ProviderError, TurnCommit, TurnLock, TurnOutcome};

use super::state::{Instance, QueuedActivity, State, StoredEvent};

impl State {
    pub(super) fn commit_turn(
        &mut self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        // Before the lock: whoever repeats a commit of unknown outcome has lost it by success.
        let last = self
            .instances
            .get(&lock.instance)
            .and_then(|found| found.last_turn_id);
        if last == Some(turn.turn_id) {
            return Ok(Committed::AlreadyApplied);
        }
        self.locked(lock)?
            .check(&turn)
            .map_err(ProviderError::Refused)?;
        self.apply(lock, turn)
    }

    fn apply(&mut self, lock: &TurnLock, turn: TurnCommit) -> Result<Committed, ProviderError> {
        let instance = self.locked(lock)?;
        instance.lock = None;
        instance.last_turn_id = Some(turn.turn_id);
        for message in &turn.consumed {
            instance.inbox.remove(message);
        }
        instance.append(&turn);
        let queued: Vec<_> = turn
            .activities
            .iter()
            .map(|&source| QueuedActivity {
                instance: lock.instance.clone(),
                execution_id: turn.execution_id,
                source,
                orchestration: instance.orchestration.clone(),
                version: instance.version.clone(),
                attempt: 0,
                visible_from: Duration::ZERO,
                lock: None,
            })
            .collect();
        for timer in &turn.timers {
            instance
                .timers
                .insert((timer.fire_at, turn.execution_id, timer.source));
        }
        // Removed after they were set: what one turn sets and takes back leaves nothing.
        for timer in &turn.cancelled_timers {
            instance
                .timers
                .remove(&(timer.fire_at, turn.execution_id, timer.source));
        }
        let next = instance.conclude(turn.outcome);
        for activity in queued {
            let id = self.next_id();
            self.activities.insert(id, activity);
        }
        self.activities.retain(|_, queued| {
            queued.instance != lock.instance
                || queued.execution_id != turn.execution_id
                || !turn.cancelled_activities.contains(&queued.source)
        });
        if let Some(start) = next {
            self.deliver(&lock.instance, start);
        }
        Ok(Committed::Applied)
    }
}

impl Instance {
    /// Whether the turn follows from what is stored; says why not.
    fn check(&self, turn: &TurnCommit) -> Result<(), String> {
        if turn.execution_id != self.execution_id {
            return Err(format!(
                "execution {} is not the current one",
                turn.execution_id
            ));
        }
        let covers = |id| {
            self.lock
                .as_ref()
                .is_some_and(|held| held.messages.contains(id))
        };
        if let Some(id) = turn.consumed.iter().find(|id| !covers(id)) {
            return Err(format!("message {} does not belong to the lock", id.0));
        }
        if self.state.is_terminal() && !turn.history_delta.is_empty() {
            return Err("the instance has ended".to_owned());
        }
        self.check_events(&turn.history_delta)?;
        self.check_outcome(turn)?;
        let written = |source| {
            turn.history_delta
                .iter()
                .find(move |event| event.event_id == source)
        };
        for &source in &turn.activities {
            let kind = written(source).map(|event| &event.kind);
            if !matches!(kind, Some(EventKind::ActivityScheduled { .. })) {
                return Err(format!("event {source} schedules no activity in this turn"));
            }
        }
        for timer in &turn.timers {
            let kind = written(timer.source).map(|event| &event.kind);
            if !matches!(kind, Some(EventKind::TimerCreated { fire_at }) if *fire_at == timer.fire_at)
            {
                return Err(format!(
                    "event {} creates no such timer in this turn",
                    timer.source
                ));
            }
        }
        Ok(())
    }

    /// Numbers without a gap; a start at the first place only; an end at the last place only.
    fn check_events(&self, delta: &[Event]) -> Result<(), String> {
        let mut last = self.last_event_id();
        for (place, event) in delta.iter().enumerate() {
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
            if event.kind.is_terminal() && place.saturating_add(1) != delta.len() {
                return Err(format!("events follow the terminal event {id}"));
            }
            last = id;
        }
        Ok(())
    }

    /// The outcome says what the last event says.
    fn check_outcome(&self, turn: &TurnCommit) -> Result<(), String> {
        let last = turn.history_delta.last().map(|event| &event.kind);
        let agrees = match &turn.outcome {
            TurnOutcome::Running { pinned_version } => {
                last.is_none_or(|kind| !kind.is_terminal())
                    && pinned_version
                        .as_deref()
                        .is_none_or(|pin| pinned(turn) == Some(pin))
            }
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

    /// Appends the events; the first of an execution pins its version.
    fn append(&mut self, turn: &TurnCommit) {
        if let Some(version) = pinned(turn) {
            self.version = Some(version.to_owned());
            self.change = self.change.saturating_add(1);
        }
        let history = self.executions.entry(turn.execution_id).or_default();
        for event in &turn.history_delta {
            history.insert(
                event.event_id,
                StoredEvent {
                    event: event.clone(),
                    corrupt: false,
                },
            );
        }
    }

    /// Sets where the instance stands now; gives the first message of a next execution.
    fn conclude(&mut self, outcome: TurnOutcome) -> Option<Message> {
        let (state, next) = match outcome {
            TurnOutcome::Running { .. } => return None,
            TurnOutcome::Completed { output } => (InstanceState::Completed { output }, None),
            TurnOutcome::Failed { details } => (InstanceState::Failed { details }, None),
            TurnOutcome::ContinuedAsNew { next } => {
                self.execution_id = next.execution_id;
                self.executions.entry(next.execution_id).or_default();
                self.orchestration.clone_from(&next.name);
                self.version.clone_from(&next.version);
                (InstanceState::Running, Some(Message::Start(next)))
            }
        };
        self.state = state;
        self.change = self.change.saturating_add(1);
        next
    }
}

/// The version that this turn pins its execution to, if it is the first of that execution.
fn pinned(turn: &TurnCommit) -> Option<&str> {
    match turn.history_delta.first().map(|event| &event.kind) {
        Some(EventKind::OrchestrationStarted { version, .. }) => Some(version),
        _ => None,
    }
}
