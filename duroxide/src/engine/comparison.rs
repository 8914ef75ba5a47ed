//! What the code asks for on replay, held against what is recorded.

use crate::engine::nondeterminism::{Nondeterminism, describe};
use crate::engine::turn_state::TurnState;
use crate::history::{ErrorDetails, Event, EventKind};

impl TurnState {
    /// The next request of the code must be the one that is recorded.
    pub(super) fn check_emitted(&mut self, recorded: &Event) -> Result<(), Nondeterminism> {
        let emission = self.emitted.pop_front();
        match &emission {
            Some(emission) if same_request(&emission.event, recorded) => {
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

    /// An event that the runtime wrote when it ended the execution.
    pub(super) fn take_over(&mut self, event: &Event) -> Result<(), Nondeterminism> {
        let failed_by_code = matches!(
            &event.kind,
            EventKind::OrchestrationFailed {
                details: ErrorDetails::Application { .. }
            }
        );
        if failed_by_code {
            return Err(self.disagreement(event, "no such error"));
        }
        if !self.taken_over {
            self.taken_over = true;
            self.discard_behind(self.settled);
        }
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

/// Whether a replayed request is the recorded one. The time of recording is the message's own.
fn same_request(replayed: &Event, recorded: &Event) -> bool {
    replayed.event_id == recorded.event_id
        && replayed.source_event_id == recorded.source_event_id
        && replayed.kind == recorded.kind
}
