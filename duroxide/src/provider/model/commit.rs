//! Committing a turn: check everything, then write everything.

use std::time::Duration;

use crate::history::Message;
use crate::provider::{
    CommitBase, Committed, InstanceState, ProviderError, TurnCommit, TurnLock, TurnOutcome,
};

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
        let held = instance.lock.take();
        instance.last_turn_id = Some(turn.turn_id);
        for message in &turn.consumed {
            instance.inbox.remove(message);
        }
        if !turn.consumed.is_empty() {
            // The turn got somewhere: what it left was not what stops this instance.
            let left = held.into_iter().flat_map(|held| held.messages);
            for id in left {
                if let Some(message) = instance.inbox.get_mut(&id) {
                    message.attempt = message.attempt.saturating_sub(1);
                }
            }
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
        let covers = |id| {
            self.lock
                .as_ref()
                .is_some_and(|held| held.messages.contains(id))
        };
        if let Some(id) = turn.consumed.iter().find(|id| !covers(id)) {
            return Err(format!("message {} does not belong to the lock", id.0));
        }
        turn.check(CommitBase {
            execution_id: self.execution_id,
            last_event_id: self.last_event_id(),
            ended: self.state.is_terminal(),
        })
    }

    /// Appends the events; the first of an execution pins its version.
    fn append(&mut self, turn: &TurnCommit) {
        let pinned = turn.pinned_version();
        if let Some(version) = pinned
            && pinned != self.version.as_deref()
        {
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
            TurnOutcome::Running => return None,
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
