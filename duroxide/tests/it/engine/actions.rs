//! What new events ask of the world, and that nothing is asked for twice or forgotten.

use duroxide::engine::actions_of;
use duroxide::history::{Action, Event, EventId, EventKind};

use crate::support::{at, event, result, scheduled, started};

fn timer(fire_at: u64) -> EventKind {
    EventKind::TimerCreated {
        fire_at: at(fire_at),
    }
}

fn stop(fire_at: u64) -> EventKind {
    EventKind::TimerCancelled {
        fire_at: at(fire_at),
        reason: String::new(),
    }
}

fn cancel() -> EventKind {
    EventKind::ActivityCancelRequested {
        reason: String::new(),
    }
}

fn start_activity(source: u64) -> Action {
    Action::StartActivity {
        source: EventId(source),
    }
}

#[test]
fn requests_and_cancellations_become_actions_in_their_order() {
    let events = [
        event(5, Some(2), result("x")),
        event(6, Some(3), cancel()),
        event(7, None, scheduled("b", "")),
        event(8, Some(4), stop(40)),
        event(9, None, timer(50)),
    ];
    let expected = [
        Action::CancelActivity { source: EventId(3) },
        start_activity(7),
        Action::CancelTimer {
            source: EventId(4),
            fire_at: at(40),
        },
        Action::CreateTimer {
            source: EventId(9),
            fire_at: at(50),
        },
    ];
    assert_eq!(actions_of(&events), expected);
}

#[test]
fn asked_for_and_cancelled_in_one_turn_is_nothing() {
    let events = [
        event(1, None, started()),
        event(2, None, scheduled("a", "")),
        event(3, None, timer(5)),
        event(4, Some(2), cancel()),
        event(5, Some(3), stop(5)),
        event(6, None, scheduled("a", "")),
    ];
    assert_eq!(actions_of(&events), [start_activity(6)]);
}

#[test]
fn messages_and_ends_ask_for_nothing() {
    let details =
        duroxide::ErrorDetails::application(duroxide::AppErrorKind::OrchestrationFailed, "x");
    let kinds = [
        started(),
        result("x"),
        EventKind::ActivityFailed {
            details: details.clone(),
        },
        EventKind::TimerFired { fire_at: at(1) },
        EventKind::OrchestrationCompleted {
            output: String::new(),
        },
        EventKind::OrchestrationFailed { details },
        EventKind::OrchestrationContinuedAsNew {
            input: String::new(),
            version: None,
        },
    ];
    let events: Vec<Event> = (1..)
        .zip(kinds)
        .map(|(id, kind)| event(id, Some(1), kind))
        .collect();
    assert_eq!(actions_of(&events), []);
    assert_eq!(actions_of(&[]), []);
}

#[test]
fn a_cancellation_without_a_source_does_nothing() {
    assert_eq!(actions_of(&[event(3, None, cancel())]), []);
}
