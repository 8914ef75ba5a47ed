//! What must hold between any two transactions; the numbers are those of the reliability contract.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, Message};

use super::kept;
use super::state::{History, Instance, QueuedActivity, State};

/// By instance and execution.
type Elsewhere<'s> = BTreeMap<(&'s InstanceId, ExecutionId), Vec<EventId>>;

impl State {
    /// Remembers the first violation: later ones are its consequences.
    pub(super) fn watch_invariants(&mut self) {
        if self.violation.is_none() {
            self.violation = self.check().err();
        }
    }

    fn check(&self) -> Result<(), String> {
        self.check_locks()?;
        let elsewhere = self.on_the_way_elsewhere();
        for (id, instance) in &self.instances {
            let owed = elsewhere.get(&(id, instance.execution_id));
            let owed = owed.map_or(&[][..], Vec::as_slice);
            let checked = instance.check_executions();
            let checked = checked.and_then(|()| check_obligations(instance, owed));
            let checked = checked.and_then(|()| self.check_parent(instance));
            let checked = checked.and_then(|()| kept::check(instance));
            checked.map_err(|problem| format!("instance `{id}`: {problem}"))?;
        }
        let problem = |activity: &QueuedActivity| self.check_activity(activity);
        self.activities.values().try_for_each(problem)
    }

    /// I10: an activity belongs to an event that is kept, and goes to whom that says.
    fn check_activity(&self, activity: &QueuedActivity) -> Result<(), String> {
        let Some(instance) = self.instances.get(&activity.instance) else {
            return Err(format!("I10: an activity of no instance: {activity:?}"));
        };
        let history = instance.executions.get(&activity.execution_id);
        let stored = history.and_then(|history| history.get(&activity.source));
        match stored.map(|stored| &stored.event.kind) {
            Some(EventKind::ActivityScheduled {
                session_id, tag, ..
            }) if (session_id, tag) == (&activity.session_id, &activity.tag) => Ok(()),
            _ => Err(format!("I10: an activity of no such event: {activity:?}")),
        }
    }

    /// I10, I31: whoever waits for the end of an instance exists.
    fn check_parent(&self, instance: &Instance) -> Result<(), String> {
        match instance.parent() {
            Some(parent) if !self.instances.contains_key(&parent.instance) => Err(format!(
                "I10: its parent `{}` does not exist",
                parent.instance
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// I22: no two locks share an epoch or token, and none is from the future.
    fn check_locks(&self) -> Result<(), String> {
        let turns = self
            .instances
            .values()
            .filter_map(|found| Some(found.lock.as_ref()?.lease));
        let leases = turns.chain(self.activities.values().filter_map(|queued| queued.lock));
        let newest = u64::from(self.incarnation) << 32 | u64::from(self.grants);
        let (mut epochs, mut tokens) = (BTreeSet::new(), BTreeSet::new());
        for lease in leases {
            if lease.epoch > newest || !epochs.insert(lease.epoch) || !tokens.insert(lease.token) {
                return Err(format!("I22: a lock that was never granted: {lease:?}"));
            }
        }
        Ok(())
    }

    /// What executions wait for and is not in their own instance: queued activities, and children that
    /// have not ended. Gathered once: looking for it instance by instance is quadratic.
    fn on_the_way_elsewhere(&self) -> Elsewhere<'_> {
        let mut found = Elsewhere::new();
        let mut owe = |instance, execution_id, source| {
            let sources = found.entry((instance, execution_id)).or_default();
            sources.push(source);
        };
        for activity in self.activities.values() {
            owe(&activity.instance, activity.execution_id, activity.source);
        }
        for child in self.instances.values() {
            if let Some(parent) = child.parent()
                && !child.state.is_terminal()
            {
                owe(&parent.instance, parent.execution_id, parent.source);
            }
        }
        found
    }
}

/// I9, I10, I13, I29, I31: what the running execution waits for is on its way exactly once: queued,
/// due one day, a child that has not ended, or an answer in the inbox.
fn check_obligations(instance: &Instance, elsewhere: &[EventId]) -> Result<(), String> {
    if instance.state.is_terminal() {
        return Ok(());
    }
    let current = instance.execution_id;
    let mut on_the_way: BTreeMap<EventId, u32> = BTreeMap::new();
    let mut starts = 0_u32;
    let mut owe = |source| {
        let found = on_the_way.entry(source).or_default();
        *found = found.saturating_add(1);
    };
    elsewhere.iter().copied().for_each(&mut owe);
    for &(_, execution_id, source) in &instance.timers {
        if execution_id == current {
            owe(source);
        }
    }
    for stored in instance.inbox.values() {
        match meaning(&stored.message) {
            Meaning::Answer(execution_id, source) if execution_id == current => owe(source),
            Meaning::Start(execution_id) if execution_id == current => {
                starts = starts.saturating_add(1);
            }
            Meaning::Answer(..) | Meaning::Start(_) | Meaning::Event => {}
        }
    }
    let history = instance
        .executions
        .get(&current)
        .ok_or("I8: no current execution")?;
    if starts != u32::from(history.is_empty()) {
        return Err(format!("I9: {starts} starts for {} events", history.len()));
    }
    for (source, wanted) in wanted(history) {
        let found = on_the_way.remove(&source).unwrap_or(0);
        let kept = match wanted {
            Wanted::Open => found == 1,
            Wanted::Cancelled => found <= 1,
            Wanted::Answered => found == 0,
        };
        if !kept {
            return Err(format!(
                "I9: event {source} is {wanted:?}, {found} on the way"
            ));
        }
    }
    match on_the_way.first_key_value() {
        Some((source, _)) => Err(format!("I10: nothing in history asked for {source}")),
        None => Ok(()),
    }
}

/// What a message is to the execution that it names.
enum Meaning {
    Start(ExecutionId),
    /// To the event that asked for it.
    Answer(ExecutionId, EventId),
    /// From outside: nobody asked, and it names no execution.
    Event,
}

fn meaning(message: &Message) -> Meaning {
    match message {
        Message::Start(start) => Meaning::Start(start.execution_id),
        Message::ActivityCompleted {
            execution_id,
            source,
            ..
        }
        | Message::ActivityFailed {
            execution_id,
            source,
            ..
        }
        | Message::TimerFired {
            execution_id,
            source,
            ..
        }
        | Message::SubOrchestrationCompleted {
            execution_id,
            source,
            ..
        }
        | Message::SubOrchestrationFailed {
            execution_id,
            source,
            ..
        } => Meaning::Answer(*execution_id, *source),
        Message::ExternalEvent { .. }
        | Message::QueueEvent { .. }
        | Message::CancelRequested { .. }
        | Message::CancelChild { .. } => Meaning::Event,
    }
}

/// How a scheduled event stands.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Open,
    Cancelled,
    Answered,
}

fn wanted(history: &History) -> BTreeMap<EventId, Wanted> {
    let mut wanted = BTreeMap::new();
    for stored in history.values() {
        let event = &stored.event;
        let source = event.source_event_id.unwrap_or_default();
        match &event.kind {
            EventKind::ActivityScheduled { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::SubOrchestrationScheduled { .. } => {
                wanted.insert(event.event_id, Wanted::Open);
            }
            EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::SubOrchestrationCancelRequested { .. } => {
                wanted.insert(source, Wanted::Cancelled);
            }
            EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::TimerFired { .. }
            | EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. } => {
                wanted.insert(source, Wanted::Answered);
            }
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::OrchestrationChained { .. }
            | EventKind::CustomStatusUpdated { .. }
            | EventKind::KeyValueSet { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::ExternalSubscribedCancelled { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueEventDelivered { .. }
            | EventKind::QueueSubscriptionCancelled { .. } => {}
        }
    }
    wanted
}

impl Instance {
    /// I8: an execution has a successor exactly if it continued as new; none is missing but those that
    /// were forgotten.
    fn check_executions(&self) -> Result<(), String> {
        let known = u64::try_from(self.executions.len()).unwrap_or(u64::MAX);
        let last = self.executions.last_key_value().map(|(&last, _)| last);
        let all = known.saturating_add(self.forgotten);
        if last != Some(self.execution_id) || all != self.execution_id.0 {
            return Err(format!(
                "I8: {all} executions, the last is {last:?}, the current one {}",
                self.execution_id
            ));
        }
        for (&id, history) in &self.executions {
            check_history(history).map_err(|problem| format!("execution {id}: {problem}"))?;
            let last = history
                .last_key_value()
                .map(|(_, stored)| &stored.event.kind);
            let continued = matches!(last, Some(EventKind::OrchestrationContinuedAsNew { .. }));
            let ended = last.is_some_and(EventKind::is_terminal) && !continued;
            if continued != (id != self.execution_id) || ended != (self.ended_with(id)) {
                return Err(format!(
                    "I8: execution {id} ends unlike what the instance says"
                ));
            }
        }
        Ok(())
    }

    fn ended_with(&self, id: ExecutionId) -> bool {
        self.state.is_terminal() && id == self.execution_id
    }
}

/// What an open event asked for.
#[derive(PartialEq, Eq)]
enum Asked {
    Activity,
    Timer,
    Child,
}

/// I8, I11: events are dense, begin with a start, end at most once, and answer what is open.
fn check_history(history: &History) -> Result<(), String> {
    let mut expected = EventId::FIRST;
    let mut open: BTreeMap<EventId, Asked> = BTreeMap::new();
    let mut ended = false;
    for (&id, stored) in history {
        let kind = &stored.event.kind;
        let begins = matches!(kind, EventKind::OrchestrationStarted { .. });
        if id != expected || stored.event.event_id != id || begins != (id == EventId::FIRST) {
            return Err(format!("I8: event {id} where {expected} is due"));
        }
        if ended {
            return Err(format!("I8: event {id} follows the end"));
        }
        expected = id.next();
        ended = kind.is_terminal();
        let source = stored.event.source_event_id.unwrap_or_default();
        let answered = match kind {
            EventKind::ActivityScheduled { .. } => open.insert(id, Asked::Activity).is_none(),
            EventKind::TimerCreated { .. } => open.insert(id, Asked::Timer).is_none(),
            EventKind::SubOrchestrationScheduled { .. } => open.insert(id, Asked::Child).is_none(),
            EventKind::ActivityCompleted { .. } | EventKind::ActivityFailed { .. } => {
                open.remove(&source) == Some(Asked::Activity)
            }
            EventKind::TimerFired { .. } => open.remove(&source) == Some(Asked::Timer),
            EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. } => {
                open.remove(&source) == Some(Asked::Child)
            }
            EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::SubOrchestrationCancelRequested { .. }
            | EventKind::OrchestrationChained { .. }
            | EventKind::CustomStatusUpdated { .. }
            | EventKind::KeyValueSet { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalEvent { .. }
            | EventKind::ExternalSubscribedCancelled { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueEventDelivered { .. }
            | EventKind::QueueSubscriptionCancelled { .. } => true,
        };
        if !answered {
            return Err(format!("I11: event {id} answers nothing that is open"));
        }
    }
    Ok(())
}
