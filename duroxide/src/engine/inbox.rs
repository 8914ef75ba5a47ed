//! Messages to events: what is stale or a duplicate is dropped, what was never asked for is refused.

use crate::engine::Resolution;
use crate::engine::nondeterminism::Nondeterminism;
use crate::engine::operations::{Request, RequestKind};
use crate::engine::turn_state::TurnState;
use crate::history::{Event, EventId, EventKind, Message, Start};
use crate::time::Timestamp;

/// What an accepted message means to the code.
pub(super) enum Arrival {
    /// It begins, with this input.
    Start(String),
    /// This operation has its answer.
    Answer(EventId, Resolution),
}

impl TurnState {
    /// The event for a new message; `None` if it is stale or a duplicate. `unstarted` is the
    /// version to pin, as long as there is no first event: then nothing was asked, and nothing but
    /// the start can be answered.
    pub(super) fn accept(
        &mut self,
        message: &Message,
        unstarted: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<(Event, Arrival)>, Nondeterminism> {
        let (execution_id, source, kind) = match message {
            Message::Start(start) => match unstarted {
                Some(version) => (start.execution_id, None, started(start, version)),
                None => return Ok(None),
            },
            _ if unstarted.is_some() => return Ok(None),
            Message::ActivityCompleted {
                execution_id,
                source,
                result,
            } => {
                let kind = EventKind::ActivityCompleted {
                    result: result.clone(),
                };
                (*execution_id, Some(*source), kind)
            }
            Message::ActivityFailed {
                execution_id,
                source,
                details,
            } => {
                let kind = EventKind::ActivityFailed {
                    details: details.clone(),
                };
                (*execution_id, Some(*source), kind)
            }
            Message::TimerFired {
                execution_id,
                source,
                fire_at,
            } => (
                *execution_id,
                Some(*source),
                EventKind::TimerFired { fire_at: *fire_at },
            ),
        };
        if execution_id != self.execution_id || self.is_settled(source, &kind) {
            return Ok(None);
        }
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
        let source = event.source_event_id.unwrap_or_default();
        match answer(&event.kind) {
            Some((kind, resolution))
                if self.unanswered(source).map(Request::kind) == Some(kind) =>
            {
                Ok(Arrival::Answer(source, resolution))
            }
            _ => Err(self.disagreement(event, "no such request is open")),
        }
    }

    /// Whether a question was answered or taken back before. What was never asked is not settled.
    fn is_settled(&self, source: Option<EventId>, event: &EventKind) -> bool {
        let (Some(source), Some((kind, _))) = (source, answer(event)) else {
            return false;
        };
        self.unanswered(source).is_none() && self.asked(source) == Some(kind)
    }
}

fn started(start: &Start, version: &str) -> EventKind {
    EventKind::OrchestrationStarted {
        name: start.name.clone(),
        version: version.to_owned(),
        input: start.input.clone(),
        seed: start.seed,
    }
}

/// Which kind of question an event answers, and with what; `None` if it answers none.
fn answer(event: &EventKind) -> Option<(RequestKind, Resolution)> {
    match event {
        EventKind::ActivityCompleted { result } => Some((
            RequestKind::Activity,
            Resolution::Activity(Ok(result.clone())),
        )),
        EventKind::ActivityFailed { details } => Some((
            RequestKind::Activity,
            Resolution::Activity(Err(details.clone())),
        )),
        EventKind::TimerFired { .. } => Some((RequestKind::Timer, Resolution::Timer)),
        EventKind::OrchestrationStarted { .. }
        | EventKind::OrchestrationCompleted { .. }
        | EventKind::OrchestrationFailed { .. }
        | EventKind::OrchestrationContinuedAsNew { .. }
        | EventKind::ActivityScheduled { .. }
        | EventKind::ActivityCancelRequested { .. }
        | EventKind::TimerCreated { .. }
        | EventKind::TimerCancelled { .. } => None,
    }
}
