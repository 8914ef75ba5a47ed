//! Messages to events: what is stale or a duplicate is dropped, what was never asked for is refused.

use crate::engine::nondeterminism::Nondeterminism;
use crate::engine::operations::{Request, RequestKind};
use crate::engine::turn_state::TurnState;
use crate::engine::{Resolution, SEMANTICS};
use crate::history::{ErrorDetails, Event, EventId, EventKind, Message, Start};
use crate::time::Timestamp;

/// What an accepted message means to the code.
pub(super) enum Arrival {
    /// It begins, with this input.
    Start(String),
    /// This operation has its answer.
    Answer(EventId, Resolution),
    /// The instance is asked to end.
    Cancel {
        /// The words of whoever asked.
        reason: String,
        /// Whether it ends at once.
        terminate: bool,
    },
    /// Something from outside, for whoever waits for it.
    Event,
}

/// An accepted message: its event, and what it means to the code.
type Accepted = (Event, Arrival);

impl TurnState {
    /// The first event; `None` if the message is no start of this execution. Before it nothing was
    /// asked, so nothing else can be answered.
    pub(super) fn accept_start(
        &mut self,
        message: Message,
        version: &str,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Nondeterminism> {
        match message {
            Message::Start(start) if start.execution_id == self.execution_id => {
                self.accepted(None, started(start, version), now)
            }
            Message::Start(_)
            | Message::ActivityCompleted { .. }
            | Message::ActivityFailed { .. }
            | Message::TimerFired { .. }
            | Message::SubOrchestrationCompleted { .. }
            | Message::SubOrchestrationFailed { .. }
            // Not consumed before the start: see `Execution::takes`.
            | Message::CancelRequested { .. }
            | Message::CancelChild { .. }
            | Message::ExternalEvent { .. }
            | Message::QueueEvent { .. } => Ok(None),
        }
    }

    /// The event for a new message; `None` if it is stale or a duplicate.
    pub(super) fn accept(
        &mut self,
        message: Message,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Nondeterminism> {
        let (execution_id, source, kind) = match message {
            Message::Start(_) => return Ok(None),
            Message::ActivityCompleted {
                execution_id,
                source,
                result,
            } => (
                execution_id,
                source,
                EventKind::ActivityCompleted { result },
            ),
            Message::ActivityFailed {
                execution_id,
                source,
                details,
            } => (execution_id, source, EventKind::ActivityFailed { details }),
            Message::TimerFired {
                execution_id,
                source,
                fire_at,
            } => (execution_id, source, EventKind::TimerFired { fire_at }),
            Message::SubOrchestrationCompleted {
                execution_id,
                source,
                result,
            } => (
                execution_id,
                source,
                EventKind::SubOrchestrationCompleted { result },
            ),
            Message::SubOrchestrationFailed {
                execution_id,
                source,
                details,
            } => (
                execution_id,
                source,
                EventKind::SubOrchestrationFailed { details },
            ),
            Message::CancelRequested { reason, terminate } => {
                return self.accept_cancel(reason, terminate, now);
            }
            Message::CancelChild { parent, .. } if self.parent.as_ref() != Some(&parent) => {
                return Ok(None);
            }
            Message::CancelChild { reason, .. } => return self.accept_cancel(reason, false, now),
            // Of nobody's asking and for whichever execution there is: never stale.
            Message::ExternalEvent { name, data } => {
                return self.accepted(None, EventKind::ExternalEvent { name, data }, now);
            }
            Message::QueueEvent { queue: name, data } => {
                return self.accepted(None, EventKind::QueueEventDelivered { name, data }, now);
            }
        };
        if execution_id != self.execution_id
            || (self.is_settled(source, &kind) && !planted!(DuplicateAnswers))
        {
            return Ok(None);
        }
        self.accepted(Some(source), kind, now)
    }

    fn accept_cancel(
        &mut self,
        reason: String,
        terminate: bool,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Nondeterminism> {
        if !self.heeds_cancel(terminate) {
            return Ok(None);
        }
        let kind = EventKind::OrchestrationCancelRequested { reason, terminate };
        self.accepted(None, kind, now)
    }

    fn accepted(
        &mut self,
        source: Option<EventId>,
        kind: EventKind,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Nondeterminism> {
        let now = self.clock(now);
        let event = Event::new(self.last_event_id().next(), source, now, kind);
        let arrival = self.recorded(&event)?;
        Ok(Some((event, arrival)))
    }

    /// What a recorded message event means to the code.
    pub(super) fn recorded(&self, event: &Event) -> Result<Arrival, Nondeterminism> {
        if event.event_id != self.last_event_id().next() {
            return Err(self.disagreement(event, "an event with another number"));
        }
        if self.ended || self.taken_over.is_some() {
            return Err(self.disagreement(event, "nothing: the execution has ended"));
        }
        if let EventKind::OrchestrationStarted { input, .. } = &event.kind {
            return if event.event_id == EventId::FIRST && event.source_event_id.is_none() {
                Ok(Arrival::Start(input.clone()))
            } else {
                Err(self.disagreement(event, "it has begun already"))
            };
        }
        if let EventKind::ExternalEvent { .. } | EventKind::QueueEventDelivered { .. } = &event.kind
        {
            return if event.event_id != EventId::FIRST && event.source_event_id.is_none() {
                Ok(Arrival::Event)
            } else {
                Err(self.disagreement(event, "an event has no source and follows the start"))
            };
        }
        if let EventKind::OrchestrationCancelRequested { reason, terminate } = &event.kind {
            return if !self.heeds_cancel(*terminate) {
                Err(self.disagreement(event, "it was asked to end before"))
            } else if event.event_id != EventId::FIRST && event.source_event_id.is_none() {
                Ok(Arrival::Cancel {
                    reason: reason.clone(),
                    terminate: *terminate,
                })
            } else {
                Err(self.disagreement(
                    event,
                    "a request to end has no source and follows the start",
                ))
            };
        }
        let source = event.source_event_id.unwrap_or_default();
        let request = self.unanswered(source);
        match (Answer::of(&event.kind), request) {
            (Some(answer), Some(request)) if answer.fits(&request) => {
                Ok(Arrival::Answer(source, answer.to_resolution()))
            }
            (_, Some(Request::Activity)) => Err(self.disagreement(event, "an activity is open")),
            (_, Some(Request::Timer { fire_at })) => {
                let replayed = format!("a timer due at {fire_at} is open");
                Err(self.disagreement(event, &replayed))
            }
            (_, Some(Request::ExternalEvent)) => {
                Err(self.disagreement(event, "a wait for an event is open"))
            }
            (_, Some(Request::QueueEvent)) => {
                Err(self.disagreement(event, "a request for a message of a queue is open"))
            }
            (_, Some(Request::SubOrchestration { instance })) => {
                let replayed = format!("the sub-orchestration `{instance}` is open");
                Err(self.disagreement(event, &replayed))
            }
            (_, None) => Err(self.disagreement(event, "no such request is open")),
        }
    }

    /// Whether a question was answered or taken back before. What was never asked is not settled.
    fn is_settled(&self, source: EventId, event: &EventKind) -> bool {
        let asked_for = Answer::of(event).map(Answer::kind);
        self.unanswered(source).is_none() && asked_for.is_some() && self.asked(source) == asked_for
    }
}

/// The first event of an execution with that version.
pub(super) fn started(start: Start, version: &str) -> EventKind {
    EventKind::OrchestrationStarted {
        name: start.name,
        version: version.to_owned(),
        input: start.input,
        seed: start.seed,
        semantics: SEMANTICS,
        parent: start.parent,
        carried: start.carried,
        custom_status: start.custom_status,
        kv: start.kv,
    }
}

/// What an event answers; payloads are copied once, when the code gets them.
#[derive(Clone, Copy)]
enum Answer<'event> {
    Activity(Result<&'event str, &'event ErrorDetails>),
    Timer { fire_at: Timestamp },
    SubOrchestration(Result<&'event str, &'event ErrorDetails>),
}

impl<'event> Answer<'event> {
    /// `None` if the event answers nothing.
    fn of(event: &'event EventKind) -> Option<Self> {
        match event {
            EventKind::ActivityCompleted { result } => Some(Self::Activity(Ok(result))),
            EventKind::ActivityFailed { details } => Some(Self::Activity(Err(details))),
            EventKind::TimerFired { fire_at } => Some(Self::Timer { fire_at: *fire_at }),
            EventKind::SubOrchestrationCompleted { result } => {
                Some(Self::SubOrchestration(Ok(result)))
            }
            EventKind::SubOrchestrationFailed { details } => {
                Some(Self::SubOrchestration(Err(details)))
            }
            EventKind::OrchestrationStarted { .. }
            | EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityScheduled { .. }
            | EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::SubOrchestrationScheduled { .. }
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
            | EventKind::QueueSubscriptionCancelled { .. } => None,
        }
    }

    fn kind(self) -> RequestKind {
        match self {
            Self::Activity(_) => RequestKind::Activity,
            Self::Timer { .. } => RequestKind::Timer,
            Self::SubOrchestration(_) => RequestKind::SubOrchestration,
        }
    }

    fn fits(self, request: &Request) -> bool {
        match (self, request) {
            (Self::Timer { fire_at }, Request::Timer { fire_at: asked }) => fire_at == *asked,
            (answer, request) => answer.kind() == request.kind(),
        }
    }

    fn to_resolution(self) -> Resolution {
        match self {
            Self::Activity(Ok(result)) => Resolution::Activity(Ok(result.to_owned())),
            Self::Activity(Err(details)) => Resolution::Activity(Err(details.clone())),
            Self::Timer { .. } => Resolution::Timer,
            Self::SubOrchestration(Ok(result)) => {
                Resolution::SubOrchestration(Ok(result.to_owned()))
            }
            Self::SubOrchestration(Err(details)) => {
                Resolution::SubOrchestration(Err(details.clone()))
            }
        }
    }
}
