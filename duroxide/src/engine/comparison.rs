//! What the code asks for on replay, held against what is recorded.

use crate::engine::nondeterminism::{Nondeterminism, describe};
use crate::engine::operations;
use crate::engine::turn_state::TurnState;
use crate::history::{ErrorDetails, Event, EventId, EventKind};

impl TurnState {
    /// The next request of the code must be the one that is recorded.
    pub(super) fn check_emitted(&mut self, recorded: &Event) -> Result<(), Nondeterminism> {
        match self.emitted.front() {
            Some(emission) if same_request(&emission.event, recorded) => {
                self.emitted.pop_front();
                self.settle(recorded);
                Ok(())
            }
            Some(emission) => Err(Nondeterminism {
                event_id: recorded.event_id,
                recorded: describe(recorded),
                replayed: describe(&emission.event),
                at: emission.at.or(self.last_call),
            }),
            None => Err(Nondeterminism {
                event_id: recorded.event_id,
                recorded: describe(recorded),
                replayed: "nothing: the code waits or has ended before it".to_owned(),
                at: self.last_call,
            }),
        }
    }

    /// All that the code asked for is recorded. `recorded` is what stands there instead.
    pub(super) fn expect_nothing_emitted(
        &self,
        recorded: Option<&Event>,
    ) -> Result<(), Nondeterminism> {
        let Some(emission) = self.emitted.front() else {
            return Ok(());
        };
        Err(Nondeterminism {
            event_id: emission.event.event_id,
            recorded: recorded.map_or_else(|| "the end of the history".to_owned(), describe),
            replayed: describe(&emission.event),
            at: emission.at.or(self.last_call),
        })
    }

    /// Whether with this event the runtime ended the execution, and not its code: such an end
    /// begins with the cancellation of what was open.
    pub(super) fn is_taken_over_by(&self, event: &Event) -> bool {
        let begins_the_end = match &event.kind {
            EventKind::ActivityCancelRequested { reason }
            | EventKind::TimerCancelled { reason, .. }
            | EventKind::ExternalSubscribedCancelled { reason }
            | EventKind::SubOrchestrationCancelRequested { reason, .. }
            | EventKind::QueueSubscriptionCancelled { reason } => reason == operations::FAILED,
            other => ends_from_outside(other),
        };
        let goes_on = self.settled != EventId::NONE && !self.ended;
        goes_on && (begins_the_end || self.taken_over.is_some())
    }

    /// An event that the runtime wrote when it ended the execution: what the code asked for behind
    /// the message before it was never recorded. If it was not the runtime after all, `mismatch`
    /// is what is wrong.
    pub(super) fn take_over(
        &mut self,
        event: &Event,
        mismatch: Nondeterminism,
    ) -> Result<(), Nondeterminism> {
        if self.taken_over.is_none() {
            self.rewind();
        }
        let mismatch = self.taken_over.get_or_insert(mismatch).clone();
        let cancelled = event.source_event_id.filter(|&source| {
            let request = self.unanswered(source);
            request.is_some_and(|it| it.cancellation(operations::FAILED) == event.kind)
        });
        let is_end = event.source_event_id.is_none() && ends_from_outside(&event.kind);
        if event.event_id != self.last.next() || !(is_end || cancelled.is_some()) {
            return Err(mismatch);
        }
        cancelled.map(|source| self.open.remove(&source));
        self.clock(event.timestamp);
        self.note(event.event_id, None);
        self.settle(event);
        Ok(())
    }

    /// The recorded event does not fit the state of the code.
    pub(super) fn disagreement(&self, recorded: &Event, replayed: &str) -> Nondeterminism {
        Nondeterminism {
            event_id: recorded.event_id,
            recorded: describe(recorded),
            replayed: replayed.to_owned(),
            at: self.last_call,
        }
    }

    pub(super) fn waits_for_something_foreign(&self) -> Nondeterminism {
        self.foreign(
            "the code waits, but not for a durable operation: something outside of the history \
             drives it; await what comes from the context, or move it into an activity [DX0001]",
        )
    }

    pub(super) fn woken_from_outside(&self) -> Nondeterminism {
        self.foreign(
            "the code was woken by something outside of the history (a timer, a channel, a task); \
             await what comes from the context, or move it into an activity [DX0001]",
        )
    }

    fn foreign(&self, replayed: &str) -> Nondeterminism {
        Nondeterminism {
            event_id: self.last,
            recorded: "only durable operations drive an orchestration".to_owned(),
            replayed: replayed.to_owned(),
            at: self.last_call,
        }
    }
}

/// Whether this is a failure that code cannot cause by itself.
fn ends_from_outside(kind: &EventKind) -> bool {
    match kind {
        EventKind::OrchestrationFailed { details } => {
            !matches!(details, ErrorDetails::Application { .. })
        }
        _ => false,
    }
}

/// Whether a replayed request is the recorded one. The time of recording is the message's own.
fn same_request(replayed: &Event, recorded: &Event) -> bool {
    replayed.event_id == recorded.event_id
        && replayed.source_event_id == recorded.source_event_id
        && replayed.kind == recorded.kind
}
