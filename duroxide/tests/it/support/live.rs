//! A live execution, its history, and what it asked of the world.

use duroxide::engine::{Execution, Outcome, Turn, run_turn};
use duroxide::history::{Action, ErrorDetails, Event, EventKind, ExecutionId, Message, Start};

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
        // Behind the end nothing is consumed, and nothing is said of it.
        if self.outcome == Outcome::Pending {
            self.outcome = turn.outcome.clone();
        }
        turn
    }

    pub(crate) fn complete(&mut self, source: u64, result: &str) -> Turn {
        self.send(completed(source, result))
    }

    pub(crate) fn refuse(&mut self, source: u64, message: &str) -> Turn {
        self.send(failed(source, message))
    }

    /// The activity that was asked for last.
    pub(crate) fn last_call(&self) -> u64 {
        let is_call = |event: &&Event| matches!(event.kind, EventKind::ActivityScheduled { .. });
        self.history.iter().rfind(is_call).unwrap().event_id.0
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

    /// The start of what follows, and the execution that it begins.
    pub(crate) fn successor(&self) -> (Start, Execution) {
        let Outcome::ContinuedAsNew { input, version } = self.outcome.clone() else {
            panic!("{:?}", self.outcome);
        };
        let next = self.execution.next_start(input, version);
        let execution = self.program.execution_of("instance", next.execution_id);
        (next, execution)
    }

    /// The history of the execution that follows, after its start.
    pub(crate) fn successor_lines(&self) -> Vec<String> {
        let (start, mut execution) = self.successor();
        let turn = run_turn(&mut execution, [(Message::Start(start), at(9_000))]);
        lines(&turn.history_delta)
    }

    /// What the turns asked of the world since the last look, in short lines.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        let actions = std::mem::take(&mut self.actions);
        actions.iter().map(action_line).collect()
    }

    /// Why the execution failed.
    pub(crate) fn failure(&self) -> ErrorDetails {
        match &self.outcome {
            Outcome::Failed(details) => details.clone(),
            other => panic!("{other:?}: {:#?}", self.lines()),
        }
    }

    /// Code that would have written another history is found out by this one.
    pub(crate) fn refuse_code(&self, changed: &Program) {
        let refused = changed.replay(&self.history);
        assert!(refused.is_err(), "{:#?}", self.lines());
    }

    /// Cut and replayed in every way, the same messages make the same history.
    pub(crate) fn check(&self) {
        self.program.check(&self.messages, &self.history);
    }
}

fn action_line(action: &Action) -> String {
    match action {
        Action::StartActivity { source } => format!("start {source}"),
        Action::CancelActivity { source } => format!("cancel {source}"),
        Action::CreateTimer { source, .. } => format!("timer {source}"),
        Action::CancelTimer { source, .. } => format!("stop {source}"),
        Action::StartChild { source } => format!("child {source}"),
        Action::CancelChild {
            source,
            instance,
            reason,
        } => format!("cancel child {source} {instance}: {reason}"),
        Action::StartDetached { source } => format!("detach {source}"),
    }
}
