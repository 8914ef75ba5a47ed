//! What can be wrong with a commit whatever the store: the same checks for all of them.

use std::collections::BTreeMap;

use crate::history::{Event, EventId, EventKind, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::{ChildStart, KvChange, TurnCommit, TurnOutcome};

/// Whether this message may come from outside.
///
/// ```
/// use duroxide::history::{Message, Start};
/// use duroxide::provider::check_event;
///
/// let (name, data) = ("approval".to_owned(), "yes".to_owned());
/// assert!(check_event(&Message::ExternalEvent { name, data }).is_ok());
/// assert!(check_event(&Message::Start(Start::first("fulfil_order", "null", 7))).is_err());
/// ```
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

/// Whether an instance may begin with this: with its first execution, and with nothing handed down.
///
/// ```
/// use duroxide::history::{ExecutionId, Start};
/// use duroxide::provider::check_start;
///
/// let first = Start::first("fulfil_order", "null", 7);
/// assert!(check_start(&first).is_ok());
/// let second = Start { execution_id: ExecutionId(2), ..first };
/// assert!(check_start(&second).is_err());
/// ```
///
/// # Errors
///
/// What is wrong, for [`ProviderError::Refused`](crate::provider::ProviderError::Refused).
pub fn check_start(start: &Start) -> Result<(), String> {
    if start.parent.is_some() {
        return Err("only a turn of the parent starts a sub-orchestration".to_owned());
    }
    check_beginning(start)
}

/// Where an instance stands before a commit.
///
/// ```
/// use duroxide::history::{EventId, ExecutionId, InstanceId};
/// use duroxide::provider::{CommitBase, TurnCommit};
///
/// let base = CommitBase {
///     execution_id: ExecutionId::FIRST,
///     last_event_id: EventId(7),
///     ended: false,
/// };
/// let order = InstanceId::new("order-42")?;
/// assert!(TurnCommit::new(1, ExecutionId::FIRST, Vec::new()).check(&order, base).is_ok());
/// assert!(TurnCommit::new(1, ExecutionId(2), Vec::new()).check(&order, base).is_err());
/// # Ok::<(), duroxide::history::InvalidName>(())
/// ```
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
    /// Whether this turn of `instance` follows from `base` and agrees with itself. Locks and what is
    /// consumed are the store's own business.
    ///
    /// ```
    /// use duroxide::history::InstanceId;
    /// use duroxide::provider::{CommitBase, ProviderError, TurnCommit};
    ///
    /// /// What a store asks before it writes anything.
    /// fn admit(turn: &TurnCommit, id: &InstanceId, base: CommitBase) -> Result<(), ProviderError> {
    ///     turn.check(id, base).map_err(ProviderError::Refused)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong, for [`ProviderError::Refused`](crate::provider::ProviderError::Refused).
    pub fn check(&self, instance: &InstanceId, base: CommitBase) -> Result<(), String> {
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
        for child in &self.starts {
            self.check_child(instance, child)
                .map_err(|problem| format!("the start of `{}` {problem}", child.instance))?;
        }
        self.check_messages()?;
        self.check_kept()?;
        match self.forget_before {
            Some(kept) if kept > self.execution_id_after() => Err(format!(
                "execution {kept} has not begun: not all are forgotten"
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// The version that this turn pins its execution to, if it is the first of that.
    ///
    /// ```
    /// use duroxide::provider::TurnCommit;
    ///
    /// /// What a store remembers of an execution with its first turn.
    /// fn pins(turn: &TurnCommit) -> Option<(&str, u32)> {
    ///     turn.pinned_version().zip(turn.pinned_semantics())
    /// }
    /// ```
    pub fn pinned_version(&self) -> Option<&str> {
        match self.history_delta.first().map(|event| &event.kind) {
            Some(EventKind::OrchestrationStarted { version, .. }) => Some(version),
            _ => None,
        }
    }

    /// The semantics that this turn pins its execution to, if it is the first of that.
    ///
    /// An example stands at [`pinned_version`](Self::pinned_version).
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

    /// A child is tied to the event that scheduled it, and so is the answer if there is none. An
    /// instance that nobody waits for is tied to nothing.
    fn check_child(&self, instance: &InstanceId, child: &ChildStart) -> Result<(), String> {
        check_beginning(&child.start)?;
        let id = child.instance.as_str();
        let Some(parent) = &child.start.parent else {
            let starts_it = |event: &Event| matches!(&event.kind, EventKind::OrchestrationChained { instance, .. } if instance == id);
            return match &child.if_taken {
                Some(_) => Err("has an answer, but nobody waits for it".to_owned()),
                None if !self.history_delta.iter().any(starts_it) => {
                    Err("has no event in this turn".to_owned())
                }
                None => Ok(()),
            };
        };
        let scheduled = matches!(
            self.kind_of(parent.source),
            Some(EventKind::SubOrchestrationScheduled { instance, .. }) if instance == id
        );
        if parent.instance != *instance || parent.execution_id != self.execution_id || !scheduled {
            return Err("names a parent that does not schedule it in this turn".to_owned());
        }
        match &child.if_taken {
            Some(Message::SubOrchestrationFailed {
                execution_id,
                source,
                ..
            }) if (*execution_id, *source) == (parent.execution_id, parent.source) => Ok(()),
            Some(_) | None => Err("has no answer for when the id is taken".to_owned()),
        }
    }

    /// One instance tells another that it ended, or sends it an event. All else is between the store
    /// and the instance.
    fn check_messages(&self) -> Result<(), String> {
        for (target, message) in &self.messages {
            match message {
                Message::SubOrchestrationCompleted { .. }
                | Message::SubOrchestrationFailed { .. }
                | Message::CancelRequested { .. }
                | Message::CancelChild { .. }
                | Message::ExternalEvent { .. }
                | Message::QueueEvent { .. } => {}
                Message::Start(_)
                | Message::ActivityCompleted { .. }
                | Message::ActivityFailed { .. }
                | Message::TimerFired { .. } => {
                    return Err(format!("no turn sends such a message to `{target}`"));
                }
            }
        }
        Ok(())
    }

    /// The custom status and the values change as the events say.
    fn check_kept(&self) -> Result<(), String> {
        let events = self.history_delta.iter();
        let status = events.clone().rev().find_map(|event| match &event.kind {
            EventKind::CustomStatusUpdated { status } => Some(status),
            _ => None,
        });
        if status != self.custom_status.as_ref() {
            return Err("the custom status is not what the events say".to_owned());
        }
        let told: Vec<KvChange> = events.filter_map(KvChange::of).collect();
        (KvEffect::of(&told) == KvEffect::of(&self.kv))
            .then_some(())
            .ok_or_else(|| "the values do not change as the events say".to_owned())
    }

    /// The execution that is the current one behind this turn.
    fn execution_id_after(&self) -> ExecutionId {
        match &self.outcome {
            TurnOutcome::ContinuedAsNew { next } => next.execution_id,
            TurnOutcome::Running | TurnOutcome::Completed { .. } | TurnOutcome::Failed { .. } => {
                self.execution_id
            }
        }
    }

    /// What the event with that number says, if it belongs to this turn.
    pub(crate) fn kind_of(&self, id: EventId) -> Option<&EventKind> {
        let first: &Event = self.history_delta.first()?;
        let place = usize::try_from(id.0.checked_sub(first.event_id.0)?).ok()?;
        self.history_delta.get(place).map(|event| &event.kind)
    }
}

/// What changes of values come to, however they are told.
#[derive(Debug, Default, PartialEq, Eq)]
struct KvEffect<'turn> {
    /// Whether what stood there before is gone.
    clears_all: bool,
    /// What stands under a key; `None`: nothing any more.
    keys: BTreeMap<&'turn str, Option<&'turn KvEntry>>,
}

impl<'turn> KvEffect<'turn> {
    fn of(changes: &'turn [KvChange]) -> Self {
        let mut effect = Self::default();
        for change in changes {
            match change {
                KvChange::Set(entry) => {
                    effect.keys.insert(&entry.key, Some(entry));
                }
                KvChange::Clear { key } if effect.clears_all => {
                    effect.keys.remove(key.as_str());
                }
                KvChange::Clear { key } => {
                    effect.keys.insert(key, None);
                }
                KvChange::ClearAll => {
                    effect.clears_all = true;
                    effect.keys.clear();
                }
            }
        }
        effect
    }
}

fn check_beginning(start: &Start) -> Result<(), String> {
    if start.execution_id != ExecutionId::FIRST {
        return Err(format!(
            "begins execution {}, not the first",
            start.execution_id
        ));
    }
    let hands_down =
        !start.carried.is_empty() || start.custom_status.is_some() || !start.kv.is_empty();
    if hands_down {
        return Err("hands something down, but there is no execution before it".to_owned());
    }
    Ok(())
}
