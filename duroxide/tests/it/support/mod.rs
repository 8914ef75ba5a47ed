//! What tests share. Most of it drives the engine by hand: history, code, decision; no runtime, no
//! clock, no sleeping.

pub(crate) mod dice;
mod lines;
mod live;
mod program;
pub(crate) mod random;

pub(crate) use lines::{line, lines};
pub(crate) use live::Live;
pub(crate) use program::Program;

use std::path::{Path, PathBuf};

use duroxide::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, Message, Start,
};
use duroxide::time::Timestamp;

pub(crate) use dice::is_long;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The seed of every instance that says nothing else.
pub(crate) const SEED: u128 = 42;

pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn start(input: &str) -> Message {
    Message::Start(Start::first("test", input.to_owned(), SEED))
}

pub(crate) fn completed(source: u64, result: impl Into<String>) -> Message {
    Message::ActivityCompleted {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        result: result.into(),
    }
}

pub(crate) fn failed(source: u64, message: impl Into<String>) -> Message {
    Message::ActivityFailed {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        details: ErrorDetails::application(AppErrorKind::ActivityFailed, message),
    }
}

pub(crate) fn fired(source: u64, fire_at: u64) -> Message {
    Message::TimerFired {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        fire_at: at(fire_at),
    }
}

pub(crate) fn raised(name: &str, data: &str) -> Message {
    Message::ExternalEvent {
        name: name.to_owned(),
        data: data.to_owned(),
    }
}

pub(crate) fn queued(queue: &str, data: &str) -> Message {
    Message::QueueEvent {
        queue: queue.to_owned(),
        data: data.to_owned(),
    }
}

/// Somebody asks the instance to end.
pub(crate) fn cancel(reason: &str) -> Message {
    Message::CancelRequested {
        reason: reason.to_owned(),
        terminate: false,
    }
}

/// Somebody ends the instance.
pub(crate) fn terminate(reason: &str) -> Message {
    Message::CancelRequested {
        reason: reason.to_owned(),
        terminate: true,
    }
}

pub(crate) fn child_completed(source: u64, result: impl Into<String>) -> Message {
    Message::SubOrchestrationCompleted {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        result: result.into(),
    }
}

pub(crate) fn child_failed(source: u64, details: ErrorDetails) -> Message {
    Message::SubOrchestrationFailed {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        details,
    }
}

/// A recorded event, written at the time 0.
pub(crate) fn event(id: u64, source: Option<u64>, kind: EventKind) -> Event {
    Event::new(EventId(id), source.map(EventId), Timestamp::ZERO, kind)
}

pub(crate) fn started() -> EventKind {
    EventKind::OrchestrationStarted {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        input: String::new(),
        seed: SEED,
        semantics: 1,
        parent: None,
        carried: Vec::new(),
        custom_status: None,
        kv: Vec::new(),
    }
}

pub(crate) fn scheduled(name: &str, input: &str) -> EventKind {
    EventKind::ActivityScheduled {
        name: name.to_owned(),
        input: input.to_owned(),
        attempt: 1,
        first_attempt: None,
        session_id: None,
        tag: None,
    }
}

pub(crate) fn result(result: &str) -> EventKind {
    EventKind::ActivityCompleted {
        result: result.to_owned(),
    }
}

/// Where each message begins, and the end: a history is written in these pieces.
pub(crate) fn message_boundaries(history: &[Event]) -> Vec<usize> {
    let begins = (0..history.len()).filter(|&index| history[index].kind.is_from_message());
    begins.chain([history.len()]).collect()
}
