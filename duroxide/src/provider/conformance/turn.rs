//! A turn, written by hand as an orchestration would.

use crate::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId, Message,
    Parent, Start,
};
use crate::provider::{MessageId, Timer, TurnCommit, TurnItem, TurnOutcome};
use crate::time::Timestamp;

/// The version that hand-written turns pin when none was asked for.
///
/// ```
/// use duroxide::provider::TurnItem;
/// use duroxide::provider::conformance::{PINNED, Turn};
///
/// /// What a first turn pins if the start asked for no version.
/// fn check(first: &TurnItem) {
///     assert_eq!(Turn::of(first).commit.pinned_version(), Some(PINNED));
/// }
/// ```
pub const PINNED: &str = "1.2.3";

/// What a hand-written turn asks for.
pub(super) type Script = fn(Turn) -> Turn;

/// A turn under construction. It consumes the messages of its item and writes them down; what it
/// asks for follows. The commit is public, so that a rule can spoil it.
///
/// ```
/// use duroxide::provider::conformance::{Driver, ProviderFactory};
///
/// /// A rule: an activity is there with the turn that asks for it.
/// async fn an_activity_appears(stores: &dyn ProviderFactory) {
///     let driver = Driver::new(stores).await;
///     driver.begin("order", |turn| turn.schedule("ship", "42").set("address", "7 Elm Street")).await;
///     let depths = driver.admin().expect("management verbs").queue_depths().await;
///     assert!(depths.is_ok_and(|depths| depths.worker_queue == 1));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Turn {
    /// What will be committed.
    pub commit: TurnCommit,
    pub(super) instance: InstanceId,
    pub(super) parent: Option<Parent>,
    last: EventId,
}

impl Turn {
    /// A turn that consumes everything it was given.
    pub fn of(item: &TurnItem) -> Self {
        let mut turn = Self::idle(item);
        for message in &item.messages {
            turn.commit.consumed.push(message.id);
            match &message.message {
                Ok(message) if !item.ended => turn.write_down(message, item.execution_id),
                Ok(_) | Err(_) => {}
            }
        }
        turn
    }

    /// A turn that consumes nothing and writes nothing yet.
    pub fn idle(item: &TurnItem) -> Self {
        Self {
            commit: TurnCommit::new(item.lock.token ^ 1, item.execution_id, Vec::new()),
            instance: item.lock.instance.clone(),
            parent: item.parent.clone(),
            last: item.last_event_id,
        }
    }

    /// A turn that consumes only messages for which `wanted` holds.
    pub fn consuming(item: &TurnItem, wanted: impl Fn(MessageId) -> bool) -> Self {
        let mut part = item.clone();
        part.messages.retain(|message| wanted(message.id));
        Self::of(&part)
    }

    /// Asks for an activity.
    #[must_use]
    pub fn schedule(self, name: &str, input: &str) -> Self {
        self.schedule_attempt(name, input, 1, None)
    }

    /// Asks for an activity, perhaps not for the first time.
    #[must_use]
    pub fn schedule_attempt(
        mut self,
        name: &str,
        input: &str,
        attempt: u32,
        first_attempt: Option<EventId>,
    ) -> Self {
        let kind = EventKind::ActivityScheduled {
            name: name.to_owned(),
            input: input.to_owned(),
            attempt,
            first_attempt,
            session_id: None,
            tag: None,
        };
        let id = self.write(None, kind);
        self.commit.activities.push(id);
        self
    }

    /// Does not wait for an activity any more.
    #[must_use]
    pub fn cancel_activity(mut self, source: EventId) -> Self {
        let reason = "dropped_future".to_owned();
        self.write(Some(source), EventKind::ActivityCancelRequested { reason });
        self.commit.cancelled_activities.push(source);
        self
    }

    /// Asks for a timer.
    #[must_use]
    pub fn timer(mut self, fire_at: Timestamp) -> Self {
        let source = self.write(None, EventKind::TimerCreated { fire_at });
        self.commit.timers.push(Timer { fire_at, source });
        self
    }

    /// Does not wait for a timer any more.
    #[must_use]
    pub fn cancel_timer(mut self, timer: Timer) -> Self {
        let reason = "dropped_future".to_owned();
        self.write(
            Some(timer.source),
            EventKind::TimerCancelled {
                fire_at: timer.fire_at,
                reason,
            },
        );
        self.commit.cancelled_timers.push(timer);
        self
    }

    /// Ends the instance well.
    #[must_use]
    pub fn complete(mut self, output: &str) -> Self {
        let output = output.to_owned();
        self.write(
            None,
            EventKind::OrchestrationCompleted {
                output: output.clone(),
            },
        );
        self.tell_parent(Ok(output.clone()));
        self.commit.outcome = TurnOutcome::Completed { output };
        self
    }

    /// Ends the instance badly.
    #[must_use]
    pub fn fail(mut self, why: &str) -> Self {
        let details = failure(why);
        self.write(
            None,
            EventKind::OrchestrationFailed {
                details: details.clone(),
            },
        );
        self.tell_parent(Err(details.clone()));
        self.commit.outcome = TurnOutcome::Failed { details };
        self
    }

    /// Hands over to the next execution. What the instance shows and keeps is handed down by
    /// [`hand_down`](Self::hand_down).
    #[must_use]
    pub fn continue_as_new(mut self, input: &str) -> Self {
        let next = Start {
            execution_id: self.commit.execution_id.next(),
            parent: self.parent.clone(),
            ..first_start("successor", input)
        };
        self.write(
            None,
            EventKind::OrchestrationContinuedAsNew {
                input: input.to_owned(),
                version: next.version.clone(),
            },
        );
        self.commit.outcome = TurnOutcome::ContinuedAsNew { next };
        self
    }

    /// Changes the commit.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut TurnCommit)) -> Self {
        change(&mut self.commit);
        self
    }

    /// Writes an event behind the last one.
    pub fn write(&mut self, source: Option<EventId>, kind: EventKind) -> EventId {
        self.last = self.last.next();
        let at = Timestamp::from_millis(1_000_000 + self.last.0);
        let event = Event::new(self.last, source, at, kind);
        self.commit.history_delta.push(event);
        self.last
    }

    /// What an orchestration does with a message: those for other executions are dropped.
    fn write_down(&mut self, message: &Message, current: ExecutionId) {
        let (execution_id, source, kind) = match message.clone() {
            Message::Start(start) => {
                let version = start.version.unwrap_or_else(|| PINNED.to_owned());
                self.commit.outcome = TurnOutcome::Running;
                let kind = EventKind::OrchestrationStarted {
                    name: start.name,
                    version,
                    input: start.input,
                    seed: start.seed,
                    semantics: 1,
                    parent: start.parent,
                    carried: start.carried,
                    custom_status: start.custom_status,
                    kv: start.kv,
                };
                (start.execution_id, None, kind)
            }
            Message::ActivityCompleted {
                execution_id,
                source,
                result,
            } => {
                let kind = EventKind::ActivityCompleted { result };
                (execution_id, Some(source), kind)
            }
            Message::ActivityFailed {
                execution_id,
                source,
                details,
            } => {
                let kind = EventKind::ActivityFailed { details };
                (execution_id, Some(source), kind)
            }
            Message::TimerFired {
                execution_id,
                source,
                fire_at,
            } => {
                let kind = EventKind::TimerFired { fire_at };
                (execution_id, Some(source), kind)
            }
            Message::SubOrchestrationCompleted {
                execution_id,
                source,
                result,
            } => {
                let kind = EventKind::SubOrchestrationCompleted { result };
                (execution_id, Some(source), kind)
            }
            Message::SubOrchestrationFailed {
                execution_id,
                source,
                details,
            } => {
                let kind = EventKind::SubOrchestrationFailed { details };
                (execution_id, Some(source), kind)
            }
            Message::CancelRequested { reason, terminate } => {
                let kind = EventKind::OrchestrationCancelRequested { reason, terminate };
                (current, None, kind)
            }
            Message::CancelChild { reason, .. } => {
                let terminate = false;
                let kind = EventKind::OrchestrationCancelRequested { reason, terminate };
                (current, None, kind)
            }
            Message::ExternalEvent { name, data } => {
                (current, None, EventKind::ExternalEvent { name, data })
            }
            Message::QueueEvent { queue: name, data } => {
                (current, None, EventKind::QueueEventDelivered { name, data })
            }
        };
        if execution_id == current {
            self.write(source, kind);
        }
    }
}

/// The start of an instance, without a version.
///
/// ```
/// use duroxide::provider::check_start;
/// use duroxide::provider::conformance::first_start;
///
/// assert!(check_start(&first_start("orders", "in")).is_ok());
/// ```
pub fn first_start(name: &str, input: &str) -> Start {
    Start::first(name, input, u128::MAX - 7)
}

/// A failure of user code.
///
/// ```
/// use duroxide::provider::conformance::failure;
///
/// assert!(failure("sold out").display_message().contains("sold out"));
/// ```
pub fn failure(why: &str) -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::ActivityFailed, why)
}
