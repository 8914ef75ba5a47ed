//! A live execution, its history, and what it asked of the world.

use duroxide::engine::{Execution, Outcome, Turn, run_turn};
use duroxide::history::{Action, Event, EventKind, ExecutionId, Message};

use super::program::{Program, Timed};
use super::{at, completed, failed, fired, lines};

pub(crate) struct Live {
    pub(crate) program: Program,
    pub(crate) execution: Execution,
    pub(crate) history: Vec<Event>,
    pub(crate) messages: Vec<Timed>,
    pub(crate) actions: Vec<Action>,
    pub(crate) outcome: Outcome,
}

impl Live {
    /// An execution without an event.
    pub(crate) fn new(program: Program) -> Self {
        let execution = program.execution_of("instance", ExecutionId::FIRST);
        Self {
            program,
            execution,
            history: Vec::new(),
            messages: Vec::new(),
            actions: Vec::new(),
            outcome: Outcome::Pending,
        }
    }

    /// One message in a turn of its own: the first at 1,000 ms, each other 10 ms later.
    pub(crate) fn send(&mut self, message: Message) -> Turn {
        self.send_all([message])
    }

    /// One batch in one turn.
    pub(crate) fn send_all(&mut self, messages: impl IntoIterator<Item = Message>) -> Turn {
        self.send_all_at(1_000 + 10 * self.messages.len() as u64, messages)
    }

    /// One message in a turn of its own, at that moment.
    pub(crate) fn send_at(&mut self, millis: u64, message: Message) -> Turn {
        self.send_all_at(millis, [message])
    }

    fn send_all_at(&mut self, millis: u64, messages: impl IntoIterator<Item = Message>) -> Turn {
        let now = at(millis);
        let batch: Vec<Timed> = messages.into_iter().map(|message| (message, now)).collect();
        self.messages.extend(batch.iter().cloned());
        let turn = run_turn(&mut self.execution, batch);
        self.history.extend(turn.history_delta.iter().cloned());
        self.actions.extend(turn.actions.iter().cloned());
        self.outcome = turn.outcome.clone();
        turn
    }

    pub(crate) fn complete(&mut self, source: u64, result: &str) -> Turn {
        self.send(completed(source, result))
    }

    pub(crate) fn refuse(&mut self, source: u64, message: &str) -> Turn {
        self.send(failed(source, message))
    }

    /// The timer is due when it was asked to be.
    pub(crate) fn fire(&mut self, source: u64) -> Turn {
        let created = self.history.iter().find(|event| event.event_id.0 == source);
        let Some(EventKind::TimerCreated { fire_at }) = created.map(|event| &event.kind) else {
            panic!("event {source} is no timer");
        };
        self.send(fired(source, fire_at.as_millis()))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.history)
    }

    /// The lines from that event on.
    pub(crate) fn lines_from(&self, event_id: usize) -> Vec<String> {
        self.lines().split_off(event_id - 1)
    }

    /// Cut and replayed in every way, the same messages make the same history.
    pub(crate) fn check(&self) {
        self.program.check(&self.messages, &self.history);
    }
}
