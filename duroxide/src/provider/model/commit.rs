//! Committing a turn: check everything, then write everything.

use std::time::Duration;

use crate::history::{EventKind, InstanceId, Message};
use crate::provider::{
    ChildStart, CommitBase, Committed, InstanceState, ProviderError, TurnCommit, TurnLock,
    TurnOutcome,
};

use super::state::{Instance, Moment, QueuedActivity, State, StoredEvent};

impl State {
    pub(super) fn commit_turn(
        &mut self,
        moment: &Moment<'_>,
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
            .check(&lock.instance, &turn)
            .map_err(ProviderError::Refused)?;
        self.apply(moment, lock, turn)
    }

    fn apply(
        &mut self,
        moment: &Moment<'_>,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        let id = &lock.instance;
        let instance = self.locked(lock)?;
        instance.last_turn_id = Some(turn.turn_id);
        instance.consume(&turn);
        instance.append(&turn);
        instance.set_timers(&turn);
        let queued = instance.activities_of(id, &turn);
        instance.show(moment, &turn);
        for activity in queued {
            let number = self.next_id();
            self.activities.insert(number, activity);
        }
        // Removed after they were queued: what one turn queues and takes back leaves nothing.
        self.activities.retain(|_, queued| {
            queued.instance != *id
                || queued.execution_id != turn.execution_id
                || !turn.cancelled_activities.contains(&queued.source)
        });
        for child in turn.starts {
            self.start_child(moment, id, child);
        }
        // Behind the starts: a turn may send something to an instance that it starts.
        for (target, message) in turn.messages {
            self.deliver(&target, message);
        }
        let next = self
            .instances
            .get_mut(id)
            .and_then(|instance| instance.conclude(moment, turn.outcome));
        if let Some(start) = next {
            self.deliver(id, start);
        }
        if let Some(kept) = turn.forget_before {
            self.forget(id, |execution_id, _| execution_id < kept);
        }
        Ok(Committed::Applied)
    }

    /// Starts an instance, or says that its id is taken.
    fn start_child(&mut self, moment: &Moment<'_>, starter: &InstanceId, child: ChildStart) {
        if !self.instances.contains_key(&child.instance) {
            self.create(moment, &child.instance, child.start);
        } else if let Some(answer) = child.if_taken {
            self.deliver(starter, answer);
        }
    }
}

impl Instance {
    /// Whether the turn follows from what is stored; says why not.
    fn check(&self, id: &InstanceId, turn: &TurnCommit) -> Result<(), String> {
        let covers = |id| {
            self.lock
                .as_ref()
                .is_some_and(|held| held.messages.contains(id))
        };
        if let Some(id) = turn.consumed.iter().find(|id| !covers(id)) {
            return Err(format!("message {} does not belong to the lock", id.0));
        }
        turn.check(
            id,
            CommitBase {
                execution_id: self.execution_id,
                last_event_id: self.last_event_id(),
                ended: self.state.is_terminal(),
            },
        )
    }

    /// Gives the lock back and deletes what is done with.
    fn consume(&mut self, turn: &TurnCommit) {
        let held = self.lock.take();
        for message in &turn.consumed {
            self.inbox.remove(message);
        }
        if turn.consumed.is_empty() {
            return;
        }
        // The turn got somewhere: what it left was not what stops this instance.
        for id in held.into_iter().flat_map(|held| held.messages) {
            if let Some(message) = self.inbox.get_mut(&id) {
                message.attempt = message.attempt.saturating_sub(1);
            }
        }
    }

    /// Appends the events; the first of an execution pins its version and semantics.
    fn append(&mut self, turn: &TurnCommit) {
        if let Some(version) = turn.pinned_version() {
            self.version = Some(version.to_owned());
            self.semantics = turn.pinned_semantics();
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

    /// Cancelled after they were set: what one turn sets and takes back leaves nothing.
    fn set_timers(&mut self, turn: &TurnCommit) {
        for timer in &turn.timers {
            self.timers
                .insert((timer.fire_at, turn.execution_id, timer.source));
        }
        for timer in &turn.cancelled_timers {
            self.timers
                .remove(&(timer.fire_at, turn.execution_id, timer.source));
        }
    }

    /// What the turn queues, with what the queue has to know of it.
    fn activities_of(&self, id: &InstanceId, turn: &TurnCommit) -> Vec<QueuedActivity> {
        let mut queued = Vec::new();
        for &source in &turn.activities {
            if let Some(EventKind::ActivityScheduled {
                session_id, tag, ..
            }) = turn.kind_of(source)
            {
                queued.push(QueuedActivity {
                    instance: id.clone(),
                    execution_id: turn.execution_id,
                    source,
                    orchestration: self.orchestration.clone(),
                    version: self.version.clone(),
                    session_id: session_id.clone(),
                    tag: tag.clone(),
                    attempt: 0,
                    visible_from: Duration::ZERO,
                    lock: None,
                    owner: None,
                });
            }
        }
        queued
    }

    /// Changes what the instance shows and keeps.
    fn show(&mut self, moment: &Moment<'_>, turn: &TurnCommit) {
        if let Some(status) = &turn.custom_status {
            self.custom_status.clone_from(status);
            self.custom_status_version = self.custom_status_version.saturating_add(1);
            self.updated_at = moment.now;
            self.change = self.change.saturating_add(1);
        }
        if !turn.kv.is_empty() {
            self.change = self.change.saturating_add(1);
        }
        for change in &turn.kv {
            change.apply(&mut self.kv);
        }
    }

    /// Sets where the instance stands now; gives the first message of a next execution.
    fn conclude(&mut self, moment: &Moment<'_>, outcome: TurnOutcome) -> Option<Message> {
        let (state, next) = match outcome {
            TurnOutcome::Running => return None,
            TurnOutcome::Completed { output } => (InstanceState::Completed { output }, None),
            TurnOutcome::Failed { details } => (InstanceState::Failed { details }, None),
            TurnOutcome::ContinuedAsNew { next } => {
                self.execution_id = next.execution_id;
                self.executions.entry(next.execution_id).or_default();
                self.orchestration.clone_from(&next.name);
                self.version.clone_from(&next.version);
                self.semantics = None;
                (InstanceState::Running, Some(Message::Start(next)))
            }
        };
        self.state = state;
        self.updated_at = moment.now;
        self.change = self.change.saturating_add(1);
        next
    }
}
