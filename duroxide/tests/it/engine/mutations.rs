//! A history with one event changed is refused, or it is a history that the code would write
//! itself. The second happens, and is right, where the code does not depend on what was changed:
//! an answer that it ignores or that nothing follows yet, the input, seed, name or version of a
//! start that it does not read, the time of a message, one of two answers that may change places.

use duroxide::engine::{Execution, run_turn};
use duroxide::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId, Message, Start,
};
use duroxide::time::Timestamp;
use proptest::prelude::*;

use crate::support::{Program, at, lines, random};

#[derive(Clone, Copy, Debug)]
pub(super) enum Mutation {
    Drop,
    /// The events behind it, and what refers to them, move up.
    DropClosingTheGap,
    Duplicate,
    DuplicateMakingRoom,
    Swap,
    SwapWithTheirIds,
    Id(u64),
    Source(Option<u64>),
    Text,
    Time(u64),
    Kind(usize),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        Just(Mutation::Drop),
        Just(Mutation::DropClosingTheGap),
        Just(Mutation::Duplicate),
        Just(Mutation::DuplicateMakingRoom),
        Just(Mutation::Swap),
        Just(Mutation::SwapWithTheirIds),
        prop_oneof![0_u64..20, Just(u64::MAX)].prop_map(Mutation::Id),
        prop::option::of(0_u64..20).prop_map(Mutation::Source),
        Just(Mutation::Text),
        prop_oneof![0_u64..3_000, Just(u64::MAX)].prop_map(Mutation::Time),
        (0..KINDS).prop_map(Mutation::Kind),
    ]
}

pub(super) fn mutated(history: &[Event], index: usize, mutation: Mutation) -> Vec<Event> {
    let mut events = history.to_vec();
    let renumbered = |events: &mut Vec<Event>, by: i64| {
        let first = history[index].event_id;
        let moved = |id: EventId| EventId(id.0.saturating_add_signed(by));
        for event in events
            .iter_mut()
            .skip(if by < 0 { index } else { index + 1 })
        {
            event.event_id = moved(event.event_id);
            event.source_event_id = event.source_event_id.map(|source| {
                if source > first {
                    moved(source)
                } else {
                    source
                }
            });
        }
    };
    match mutation {
        Mutation::Drop => {
            events.remove(index);
        }
        Mutation::DropClosingTheGap => {
            events.remove(index);
            renumbered(&mut events, -1);
        }
        Mutation::Duplicate => events.insert(index, history[index].clone()),
        Mutation::DuplicateMakingRoom => {
            events.insert(index, history[index].clone());
            renumbered(&mut events, 1);
        }
        Mutation::Swap => events.swap(index, (index + 1) % history.len()),
        Mutation::SwapWithTheirIds => {
            let other = (index + 1) % history.len();
            events.swap(index, other);
            events[index].event_id = history[index].event_id;
            events[other].event_id = history[other].event_id;
        }
        Mutation::Id(id) => events[index].event_id = EventId(id),
        Mutation::Source(source) => events[index].source_event_id = source.map(EventId),
        Mutation::Text => change_text(&mut events[index].kind),
        Mutation::Time(time) => events[index].timestamp = at(time),
        Mutation::Kind(kind) => events[index].kind = other_kind(kind),
    }
    events
}

pub(super) fn change_text(kind: &mut EventKind) {
    let later = |time: &mut Timestamp| *time = at(time.as_millis() + 1);
    match kind {
        EventKind::OrchestrationStarted { input: text, .. }
        | EventKind::OrchestrationCompleted { output: text }
        | EventKind::OrchestrationContinuedAsNew { input: text, .. }
        | EventKind::ActivityScheduled { name: text, .. }
        | EventKind::ActivityCompleted { result: text }
        | EventKind::ActivityCancelRequested { reason: text }
        | EventKind::ExternalSubscribed { name: text }
        | EventKind::ExternalEvent { data: text, .. }
        | EventKind::ExternalSubscribedCancelled { reason: text }
        | EventKind::QueueSubscribed { name: text }
        | EventKind::QueueEventDelivered { data: text, .. }
        | EventKind::QueueSubscriptionCancelled { reason: text }
        | EventKind::OrchestrationCancelRequested { reason: text, .. }
        | EventKind::SubOrchestrationScheduled { instance: text, .. }
        | EventKind::SubOrchestrationCompleted { result: text }
        | EventKind::SubOrchestrationCancelRequested { instance: text, .. }
        | EventKind::OrchestrationChained { instance: text, .. }
        | EventKind::KeyValueSet { value: text, .. }
        | EventKind::KeyValueCleared { key: text }
        | EventKind::PatchApplied { id: text } => text.push('~'),
        EventKind::CustomStatusUpdated { status } => {
            *status = match status {
                Some(text) => Some(format!("{text}~")),
                None => Some("~".to_owned()),
            };
        }
        EventKind::KeyValuesCleared => {
            *kind = EventKind::KeyValueCleared {
                key: "~".to_owned(),
            };
        }
        EventKind::OrchestrationFailed { details }
        | EventKind::ActivityFailed { details }
        | EventKind::SubOrchestrationFailed { details } => {
            *details = ErrorDetails::application(AppErrorKind::ActivityFailed, "~");
        }
        EventKind::TimerCreated { fire_at }
        | EventKind::TimerFired { fire_at }
        | EventKind::TimerCancelled { fire_at, .. } => later(fire_at),
        other => panic!("{other:?}"),
    }
}

pub(super) const KINDS: usize = 28;

pub(super) fn other_kind(index: usize) -> EventKind {
    let text = String::new();
    let name = "q0".to_owned();
    let reason = "dropped_future".to_owned();
    let details = ErrorDetails::application(AppErrorKind::OrchestrationFailed, "~");
    let fire_at = at(1_000);
    match index {
        0 => crate::support::started(),
        1 => EventKind::OrchestrationCompleted { output: text },
        2 => EventKind::OrchestrationFailed { details },
        3 => EventKind::OrchestrationContinuedAsNew {
            input: text,
            version: None,
        },
        4 => crate::support::scheduled("a", ""),
        5 => EventKind::ActivityCompleted { result: text },
        6 => EventKind::ActivityFailed { details },
        7 => EventKind::ActivityCancelRequested { reason },
        8 => EventKind::TimerCreated { fire_at },
        9 => EventKind::TimerFired { fire_at },
        10 => EventKind::TimerCancelled { fire_at, reason },
        11 => EventKind::ExternalSubscribed { name },
        12 => EventKind::ExternalEvent { name, data: text },
        13 => EventKind::ExternalSubscribedCancelled { reason },
        14 => EventKind::QueueSubscribed { name },
        15 => EventKind::QueueEventDelivered { name, data: text },
        16 => EventKind::QueueSubscriptionCancelled { reason },
        17 => EventKind::OrchestrationCancelRequested {
            reason,
            terminate: false,
        },
        18 => EventKind::OrchestrationCancelRequested {
            reason,
            terminate: true,
        },
        19 => EventKind::SubOrchestrationScheduled {
            name,
            version: None,
            instance: "instance::sub::2".to_owned(),
            input: text,
        },
        20 => EventKind::SubOrchestrationCompleted { result: text },
        21 => EventKind::SubOrchestrationFailed { details },
        22 => EventKind::SubOrchestrationCancelRequested {
            instance: "instance::sub::2".to_owned(),
            reason,
        },
        23 => EventKind::OrchestrationChained {
            name,
            version: None,
            instance: "d1".to_owned(),
            input: text,
        },
        24 => EventKind::CustomStatusUpdated { status: None },
        25 => EventKind::KeyValueSet {
            key: "k1".to_owned(),
            value: text,
        },
        26 => EventKind::KeyValuesCleared,
        _ => EventKind::PatchApplied {
            id: "p0".to_owned(),
        },
    }
}

/// What the code itself makes of the messages of that history.
fn written_by(program: &Program, history: &[Event]) -> Vec<Event> {
    let Some(EventKind::OrchestrationStarted { version, .. }) = history.first().map(|it| &it.kind)
    else {
        return Vec::new();
    };
    let instance = InstanceId::new("instance").unwrap();
    let code = program.code();
    let mut execution = Execution::new(instance, ExecutionId::FIRST, version.clone(), code);
    let messages = history
        .iter()
        .filter_map(|event| Some((message_of(event)?, event.timestamp)));
    run_turn(&mut execution, messages).history_delta
}

pub(super) fn message_of(event: &Event) -> Option<Message> {
    let execution_id = ExecutionId::FIRST;
    let source = event.source_event_id.unwrap_or_default();
    match event.kind.clone() {
        EventKind::OrchestrationStarted {
            name,
            input,
            seed,
            carried,
            custom_status,
            kv,
            parent,
            ..
        } => Some(Message::Start(Start {
            parent,
            carried,
            custom_status,
            kv,
            ..Start::first(name, input, seed)
        })),
        EventKind::ActivityCompleted { result } => Some(Message::ActivityCompleted {
            execution_id,
            source,
            result,
        }),
        EventKind::ActivityFailed { details } => Some(Message::ActivityFailed {
            execution_id,
            source,
            details,
        }),
        EventKind::TimerFired { fire_at } => Some(Message::TimerFired {
            execution_id,
            source,
            fire_at,
        }),
        EventKind::SubOrchestrationCompleted { result } => {
            Some(Message::SubOrchestrationCompleted {
                execution_id,
                source,
                result,
            })
        }
        EventKind::SubOrchestrationFailed { details } => Some(Message::SubOrchestrationFailed {
            execution_id,
            source,
            details,
        }),
        EventKind::OrchestrationCancelRequested { reason, terminate } => {
            Some(Message::CancelRequested { reason, terminate })
        }
        EventKind::ExternalEvent { name, data } => Some(Message::ExternalEvent { name, data }),
        EventKind::QueueEventDelivered { name: queue, data } => {
            Some(Message::QueueEvent { queue, data })
        }
        _ => None,
    }
}

/// Whether the code, from the messages of the changed history, writes just that one.
pub(super) fn is_what_the_code_writes(
    program: &Program,
    history: &[Event],
    changed: &[Event],
) -> bool {
    // Without the record of a change it is a history of before that change, which is right as well.
    if patches(changed) < patches(history) {
        return true;
    }
    let mut written = written_by(program, changed);
    written.truncate(changed.len());
    without_times(&written) == without_times(changed)
}

fn patches(history: &[Event]) -> usize {
    let kinds = history.iter().map(|event| &event.kind);
    kinds
        .filter(|kind| matches!(kind, EventKind::PatchApplied { .. }))
        .count()
}

/// The kinds, and what refers to what. Times are the messages' own.
fn without_times(history: &[Event]) -> Vec<String> {
    let mut events = history.to_vec();
    for event in &mut events {
        event.timestamp = Timestamp::ZERO;
    }
    events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_changed_event_is_refused_or_makes_no_difference(
        op in random::ops(),
        choices in prop::collection::vec(any::<u8>(), 0..20),
        index in any::<prop::sample::Index>(),
        mutation in mutations(),
    ) {
        let live = random::live(random::program(op), &choices);
        let changed = mutated(&live.history, index.index(live.history.len()), mutation);
        let is_right = || is_what_the_code_writes(&live.program, &live.history, &changed);
        prop_assert!(
            live.program.replay(&changed).is_err() || is_right(), "{:?} of {:#?}", mutation, live.lines()
        );
    }
}

#[test]
fn most_changes_are_refused() {
    // The code reads every answer: there is nothing that makes no difference but times and the
    // unread parts of the start.
    let program = Program::new(|ctx| async move {
        let a = ctx.schedule_activity("a", "").await?;
        ctx.schedule_timer(std::time::Duration::from_millis(5))
            .await;
        ctx.schedule_activity("b", a).await
    });
    let mut live = program.start();
    live.complete(2, "x");
    live.fire(4);
    live.complete(6, "y");
    let mut accepted = Vec::new();
    for index in 0..live.history.len() {
        let all = [
            Mutation::Drop,
            Mutation::DropClosingTheGap,
            Mutation::Duplicate,
            Mutation::DuplicateMakingRoom,
            Mutation::Swap,
            Mutation::SwapWithTheirIds,
            Mutation::Id(99),
            Mutation::Source(Some(99)),
            Mutation::Text,
        ];
        for mutation in all.into_iter().chain((0..KINDS).map(Mutation::Kind)) {
            let changed = mutated(&live.history, index, mutation);
            if changed != live.history && program.replay(&changed).is_ok() {
                accepted.push(format!("{mutation:?} {}", lines(&live.history)[index]));
            }
        }
    }
    assert_eq!(
        accepted,
        [
            // The input is not read.
            "Text 1 start: ",
            // A prefix is a history.
            "Drop 8 done: y",
            "DropClosingTheGap 8 done: y",
        ]
    );
}
