//! What fails an instance is itself a history: whole, with everything open cancelled once, and it
//! replays.

use std::sync::Arc;
use std::time::Duration;

use duroxide::engine::{Outcome, Recorded, run_turn};
use duroxide::history::{
    AppErrorKind, ConfigErrorKind, ErrorDetails, Event, EventKind, ExecutionId, InstanceId,
};
use duroxide::registry::FnDetailed;
use duroxide::{OrchestrationContext, join2, join3};
use futures::future::BoxFuture;
use proptest::prelude::*;

use crate::support::{Program, at, completed, event, lines, message_boundaries, random};

fn is_nondeterminism(outcome: &Outcome) -> bool {
    let kind = ConfigErrorKind::Nondeterminism;
    matches!(outcome, Outcome::Failed(ErrorDetails::Configuration { kind: it, .. }) if *it == kind)
}

/// Two calls and a timer at once.
fn three() -> Program {
    Program::new(|ctx| async move {
        let timer = ctx.schedule_timer(Duration::from_secs(1));
        let (a, b) = (
            ctx.schedule_activity("a", ""),
            ctx.schedule_activity("b", ""),
        );
        join3(a, b, timer).await.0
    })
}

/// The history goes on with this code, cold; it must end.
fn continued_with(program: &Program, history: &[Event]) -> (Vec<Event>, Outcome) {
    let mut execution = program.replay(history).unwrap();
    let turn = run_turn(&mut execution, [(completed(3, "x"), at(2_000))]);
    assert_eq!(turn.consumed, 1);
    assert!(execution.is_ended());
    let mut all = history.to_vec();
    all.extend(turn.history_delta);
    (all, turn.outcome)
}

#[test]
fn an_answer_to_no_question_fails_the_instance_and_cancels_what_is_open_once() {
    for message in [
        completed(9, "unknown"),
        completed(2, "a timer"),
        crate::support::fired(3, 5),
    ] {
        let mut live = three().start();
        live.complete(3, "x");
        let turn = live.send(message);
        assert!(is_nondeterminism(&live.outcome));
        assert_eq!(turn.actions.len(), 2, "{:?}", turn.actions);
        let lines = live.lines_from(6);
        assert_eq!(lines[0], "6 stop 2: orchestration_terminal_failed");
        assert_eq!(lines[1], "7 cancel 4: orchestration_terminal_failed");
        assert!(
            lines[2].starts_with("8 failed: nondeterministic: event"),
            "{lines:?}"
        );
        live.check();
    }
}

#[test]
fn code_that_asks_for_more_than_its_history_fails_and_asks_for_nothing() {
    let history = three().start().history;
    let asks_for_more = Program::new(|ctx| async move {
        let timer = ctx.schedule_timer(Duration::from_secs(1));
        let (a, b) = (
            ctx.schedule_activity("a", ""),
            ctx.schedule_activity("b", ""),
        );
        drop(timer);
        join3(a, b, ctx.schedule_activity("more", "")).await.0
    });
    let (failed, outcome) = continued_with(&asks_for_more, &history);
    assert!(is_nondeterminism(&outcome));
    assert_eq!(
        lines(&failed)[4..7],
        [
            "5 stop 2: orchestration_terminal_failed",
            "6 cancel 3: orchestration_terminal_failed",
            "7 cancel 4: orchestration_terminal_failed",
        ]
    );
    // It replays with the code that wrote the most of it, and with the code that failed it.
    assert!(three().replay(&failed).unwrap().is_ended());
    assert!(asks_for_more.replay(&failed).unwrap().is_ended());
}

#[test]
fn code_that_ends_before_its_history_fails_instead_of_standing_still() {
    let history = three().start().history;
    let ends_early = Program::new(|ctx| async move {
        let _timer = ctx.schedule_timer(Duration::from_secs(1));
        let _a = ctx.schedule_activity("a", "");
        std::mem::forget(ctx.schedule_activity("b", ""));
        Ok("early".to_owned())
    });
    assert!(!ends_early.replay(&history).unwrap().is_ended());
    let (failed, outcome) = continued_with(&ends_early, &history);
    assert!(is_nondeterminism(&outcome));
    assert_eq!(failed.len(), 8, "{:?}", lines(&failed));
    assert!(three().replay(&failed).unwrap().is_ended());
    assert!(ends_early.replay(&failed).unwrap().is_ended());
}

#[test]
fn the_event_of_the_message_that_revealed_it_stays() {
    let program = Program::new(|ctx| async move {
        let open = ctx.schedule_timer(Duration::from_secs(1));
        ctx.schedule_activity("a", "").await?;
        let _lost = ctx.schedule_activity("lost", "");
        drop(open);
        std::future::pending::<()>().await;
        Ok(String::new())
    });
    let mut live = program.start();
    let turn = live.complete(3, "x");
    assert!(is_nondeterminism(&live.outcome));
    let lines = live.lines_from(4);
    assert_eq!(
        lines[..2],
        [
            "4 completed 3: x",
            "5 stop 2: orchestration_terminal_failed"
        ]
    );
    assert!(lines[2].contains("6 failed: nondeterministic"));
    assert_eq!(
        format!("{:?}", turn.actions),
        "[CancelTimer { source: EventId(2), fire_at: Timestamp(2000) }]"
    );
    live.check();
}

#[test]
fn an_instance_that_fails_on_its_start_has_a_first_event() {
    let program = Program::new(|_ctx| async move {
        std::future::pending::<()>().await;
        Ok(String::new())
    });
    let live = program.start();
    assert!(is_nondeterminism(&live.outcome));
    assert_eq!(live.history.len(), 2);
    assert_eq!(live.lines()[0], "1 start: ");
    live.check();
}

#[test]
fn the_runtime_ends_an_execution_whose_code_is_never_asked() {
    let mut live = three().start();
    live.complete(3, "x");
    let details = ErrorDetails::Infrastructure {
        operation: "commit".to_owned(),
        message: "no".to_owned(),
        retryable: false,
    };
    let instance = InstanceId::new("instance").unwrap();
    let mut recorded = Recorded::new(instance, ExecutionId::FIRST);
    recorded.scan(&live.history);
    let ending = recorded.fail(details.clone(), at(5_000));
    assert_eq!(
        live.execution.fail(details.clone(), at(5_000)),
        ending,
        "live or not"
    );
    assert_eq!(live.execution.fail(details, at(5_000)), [], "once");
    live.history.extend(ending);
    assert_eq!(live.history.len(), 8);
    assert!(three().replay(&live.history).unwrap().is_ended());
}

#[test]
fn an_end_from_outside_is_checked_too() {
    let mut live = three().start();
    live.send(completed(99, ""));
    let end = live.history.clone();
    assert_eq!(end.len(), 8);
    let cancel = |source| EventKind::ActivityCancelRequested {
        reason: format!("orchestration_terminal_failed{source}").replace(char::is_numeric, ""),
    };
    let failure = end[7].kind.clone();
    for (what, behind) in [
        (
            "cancelled twice",
            vec![(Some(3), cancel(3)), (Some(3), cancel(3))],
        ),
        ("never asked", vec![(Some(1), cancel(1))]),
        ("another kind", vec![(Some(2), cancel(2))]),
        (
            "a request",
            vec![
                (Some(3), cancel(3)),
                (None, crate::support::scheduled("a", "")),
            ],
        ),
        (
            "an answer",
            vec![(Some(3), cancel(3)), (Some(4), crate::support::result("x"))],
        ),
        ("a failure of an event", vec![(Some(3), failure.clone())]),
        (
            "two failures",
            vec![(None, failure.clone()), (None, failure.clone())],
        ),
        (
            "cancelled behind the end",
            vec![(None, failure.clone()), (Some(3), cancel(3))],
        ),
    ] {
        let mut history = end[..4].to_vec();
        for (source, kind) in behind {
            history.push(event(history.len() as u64 + 1, source, kind));
        }
        assert!(three().replay(&history).is_err(), "{what}");
    }
}

#[test]
fn a_completed_history_is_not_failed_once_more() {
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let mut live = program.start();
    live.complete(2, "x");
    let kind = ErrorDetails::Configuration {
        kind: ConfigErrorKind::Nondeterminism,
        resource: String::new(),
        message: None,
    };
    live.history.push(event(
        5,
        None,
        EventKind::OrchestrationFailed { details: kind },
    ));
    assert_eq!(program.refusal(&live.history).event_id.0, 5);
}

#[test]
fn a_failure_of_another_kind_that_the_code_returns_replays() {
    // A handler may hand on what an activity died of, whoever must act.
    let code = |ctx: OrchestrationContext, _input: String| -> BoxFuture<'static, _> {
        Box::pin(async move {
            std::mem::forget(ctx.schedule_activity("forgotten", ""));
            let _ = join2(ctx.schedule_activity("a", ""), std::future::ready(())).await;
            Err(ErrorDetails::Infrastructure {
                operation: "disk".to_owned(),
                message: "full".to_owned(),
                retryable: true,
            })
        })
    };
    let mut live = Program::of(Arc::new(FnDetailed(code))).start();
    live.refuse(3, "x");
    assert_eq!(
        live.lines().last().unwrap(),
        "6 failed: infrastructure:disk: full"
    );
    live.check();
}

#[test]
fn the_failure_names_the_event_and_both_sides() {
    let mut live = three().start();
    live.send(completed(99, ""));
    let Outcome::Failed(ErrorDetails::Configuration {
        resource, message, ..
    }) = &live.outcome
    else {
        panic!("{:?}", live.outcome);
    };
    assert_eq!(resource, "event 5");
    let message = message.as_deref().unwrap();
    assert!(
        message.contains("recorded: the completion of the activity 99"),
        "{message}"
    );
    assert!(
        message.contains("replayed: no such request is open"),
        "{message}"
    );
    assert!(message.contains("failed_histories.rs:"), "{message}");
}

#[test]
fn an_application_failure_is_never_taken_for_one_from_outside() {
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let mut history = program.start().history;
    let details = ErrorDetails::application(AppErrorKind::OrchestrationFailed, "made up");
    history.push(event(3, None, EventKind::OrchestrationFailed { details }));
    assert_eq!(program.refusal(&history).event_id.0, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Who has which message of a queue follows from the history alone: what is open for a reader
    /// without the code is what is open for the code.
    #[test]
    fn wherever_an_instance_is_failed_from_outside_its_code_replays_that(
        op in random::ops(),
        choices in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let live = random::live(random::program(op), &choices);
        for boundary in message_boundaries(&live.history) {
            let known = &live.history[..boundary];
            if known.is_empty() || known.last().is_some_and(|event| event.kind.is_terminal()) {
                continue;
            }
            let instance = InstanceId::new("instance").unwrap();
            let mut recorded = Recorded::new(instance, ExecutionId::FIRST);
            recorded.scan(known);
            let details = ErrorDetails::Infrastructure {
                operation: "test".to_owned(),
                message: String::new(),
                retryable: false,
            };
            let mut failed = known.to_vec();
            failed.extend(recorded.fail(details, at(9_000)));
            let replayed = live.program.replay(&failed);
            prop_assert!(replayed.is_ok(), "{:?}: {:#?}", replayed, lines(&failed));
            prop_assert!(replayed.unwrap().is_ended());
        }
    }
}
