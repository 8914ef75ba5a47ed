//! Sub-orchestrations: started with the turn, answered by their end, cancelled when nobody waits.

use duroxide::engine::{Outcome, Recorded};
use duroxide::history::{AppErrorKind, ErrorDetails, EventKind, ExecutionId, InstanceId, Message};
use duroxide::{
    OrchestrationContext, SUB_ORCH_AUTO_PREFIX, is_auto_generated_sub_orch_id, join_all,
};

use crate::support::{
    Program, at, cancel, child_completed, child_failed, completed, event, fired, lines,
};

fn parent() -> Program {
    Program::new(|ctx| async move { ctx.schedule_sub_orchestration("child", "in").await })
}

fn application(message: &str) -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::OrchestrationFailed, message)
}

#[test]
fn the_end_of_a_child_is_the_answer() {
    let mut live = parent().start();
    assert_eq!(live.lines()[1], "2 child child(in) as instance::sub::2");
    assert_eq!(live.asked(), ["child 2"]);
    live.send(child_completed(2, "out"));
    assert_eq!(
        live.lines_from(3),
        ["3 child completed 2: out", "4 done: out"]
    );
    assert_eq!(live.asked(), [""; 0]);
    live.check();

    let mut live = parent().start();
    live.send(child_failed(2, application("no")));
    assert_eq!(live.lines_from(3), ["3 child failed 2: no", "4 failed: no"]);
    live.check();
}

#[test]
fn a_failed_child_can_be_caught() {
    let program = Program::new(|ctx| async move {
        let child = ctx.schedule_sub_orchestration("child", "").await;
        Ok(format!("caught {}", child.unwrap_err()))
    });
    let cancelled = AppErrorKind::Cancelled {
        reason: "enough".to_owned(),
    };
    for (kind, text) in [
        (AppErrorKind::OrchestrationFailed, "caught m"),
        (AppErrorKind::Panicked, "caught orchestration panicked: m"),
        (AppErrorKind::Rejected, "caught m"),
        (cancelled, "caught canceled: enough"),
    ] {
        let mut live = program.start();
        live.send(child_failed(2, ErrorDetails::application(kind, "m")));
        assert_eq!(live.outcome, Outcome::Completed(text.to_owned()));
        live.check();
    }
}

#[test]
fn ids_are_made_up_from_the_event_and_from_the_second_execution_on_from_that_too() {
    let program = Program::with_input(|ctx, input| async move {
        let one = ctx.schedule_sub_orchestration("child", "");
        let two = ctx.schedule_sub_orchestration("child", "");
        if input.is_empty() {
            return ctx.continue_as_new("again").await;
        }
        duroxide::join2(one, two).await.0
    });
    let live = program.start();
    assert_eq!(live.lines()[2], "3 child child() as instance::sub::3");
    assert_eq!(
        live.successor_lines()[1..],
        [
            "2 child child() as instance::sub::2_2",
            "3 child child() as instance::sub::2_3"
        ]
    );
}

#[test]
fn a_child_may_have_an_id_and_a_version() {
    let program = Program::new(|ctx| async move {
        let calls = [
            ctx.schedule_sub_orchestration_with_id("child", "own", "a"),
            ctx.schedule_sub_orchestration_versioned("child", Some("2.0.0".to_owned()), "b"),
            ctx.schedule_sub_orchestration_versioned_with_id(
                "child",
                Some("2.1.0".to_owned()),
                "other",
                "c",
            ),
            ctx.schedule_sub_orchestration_versioned("child", None, "d"),
        ];
        let typed = ctx.schedule_sub_orchestration_typed::<_, u32>("child", &(1, "x"));
        let text = ctx.schedule_sub_orchestration_with_id_typed::<_, String>("child", "t", &"bare");
        let texts: Vec<_> = join_all(calls).await.into_iter().flatten().collect();
        Ok(format!("{texts:?} {} {}", typed.await?, text.await?))
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 child child(a) as own",
            "3 child child@2.0.0(b) as instance::sub::3",
            "4 child child@2.1.0(c) as other",
            "5 child child(d) as instance::sub::5",
            r#"6 child child([1,"x"]) as instance::sub::6"#,
            "7 child child(bare) as t",
        ]
    );
    for (source, answer) in [
        (3, "3"),
        (2, "2"),
        (7, "seven"),
        (5, "5"),
        (4, "4"),
        (6, "6"),
    ] {
        live.send(child_completed(source, answer));
    }
    let output = r#"["2", "3", "4", "5"] 6 seven"#;
    assert_eq!(live.outcome, Outcome::Completed(output.to_owned()));
    live.check();
}

#[test]
fn an_answer_that_does_not_decode_is_an_error_of_the_call() {
    let program = Program::new(|ctx| async move {
        let call = ctx.schedule_sub_orchestration_typed::<_, u32>("child", &());
        Ok(call.await.unwrap_err())
    });
    let mut live = program.start();
    live.send(child_completed(2, "no number"));
    let Outcome::Completed(text) = &live.outcome else {
        panic!("{:?}", live.outcome);
    };
    assert!(text.contains("u32"), "{text}");
    live.check();
}

#[test]
fn reserved_and_invalid_ids_are_errors_of_the_call_and_ask_for_nothing() {
    for id in ["sub::1", "a::sub::1", "", "__x", "with space"] {
        let program = Program::new(move |ctx| async move {
            let call = ctx.schedule_sub_orchestration_with_id("child", id, "");
            Ok(call.await.unwrap_err())
        });
        let live = program.start();
        assert_eq!(live.history.len(), 2, "{id}: {:?}", live.lines());
        let Outcome::Completed(problem) = &live.outcome else {
            panic!("{:?}", live.outcome);
        };
        assert!(problem.contains("instance id"), "{problem}");
        live.check();
    }
    assert!(
        !is_auto_generated_sub_orch_id("a::sub::2"),
        "it is one already"
    );
    assert!(is_auto_generated_sub_orch_id(&format!(
        "{SUB_ORCH_AUTO_PREFIX}x"
    )));
    assert!(!is_auto_generated_sub_orch_id("a::submarine"));
}

#[test]
fn children_that_nest_too_deeply_are_errors_of_the_call() {
    let long = format!("x{}", "::sub::12".repeat(28));
    let mut execution = Program::new(|ctx| async move {
        Ok(ctx
            .schedule_sub_orchestration("child", "")
            .await
            .unwrap_err())
    })
    .execution_of(&long, ExecutionId::FIRST);
    let start = (crate::support::start(""), at(1));
    let turn = duroxide::engine::run_turn(&mut execution, [start]);
    assert_eq!(turn.history_delta.len(), 2);
    assert!(matches!(turn.outcome, Outcome::Completed(text) if text.contains("256")));
}

fn race_of_children() -> Program {
    Program::new(|ctx| async move {
        let (a, b) = (
            ctx.schedule_sub_orchestration("a", ""),
            ctx.schedule_sub_orchestration("b", ""),
        );
        let (winner, _) = duroxide::select2(a, b).await.into_tuple();
        ctx.schedule_activity("after", winner.to_string()).await
    })
}

#[test]
fn a_dropped_child_is_cancelled_once_and_its_late_end_is_inert() {
    let mut live = race_of_children().start();
    live.asked();
    live.send(child_completed(3, "b"));
    assert_eq!(
        live.lines_from(4),
        [
            "4 child completed 3: b",
            "5 cancel child 2 instance::sub::2: dropped_future",
            "6 call after(1)"
        ]
    );
    assert_eq!(
        live.asked(),
        [
            "cancel child 2 instance::sub::2: parent dropped sub-orchestration future",
            "start 6"
        ]
    );
    for late in [
        child_completed(2, "late"),
        child_failed(2, application("late")),
        child_completed(3, "again"),
        child_failed(3, application("again")),
    ] {
        assert_eq!(live.send(late).history_delta, []);
    }
    live.complete(6, "end");
    assert_eq!(live.lines_from(7), ["7 completed 6: end", "8 done: end"]);
    live.check();
}

#[test]
fn an_end_for_another_execution_is_ignored() {
    let mut live = parent().start();
    let turn = live.send(Message::SubOrchestrationCompleted {
        execution_id: ExecutionId(2),
        source: duroxide::history::EventId(2),
        result: String::new(),
    });
    assert_eq!((turn.consumed, turn.history_delta.len()), (1, 0));
    live.check();
}

#[test]
fn a_child_that_nobody_waits_for_in_the_last_turn_is_neither_started_nor_cancelled() {
    // Dropped by the code, forgotten by it, and open in the turn that is cancelled.
    let dropped = Program::new(|ctx| async move {
        let _child = ctx.schedule_sub_orchestration("child", "");
        std::mem::forget(ctx.schedule_sub_orchestration("child", ""));
        Ok(String::new())
    });
    let mut live = dropped.start();
    assert_eq!(live.history.len(), 6, "{:?}", live.lines());
    assert_eq!(live.asked(), [""; 0]);
    live.check();

    let mut live = crate::support::Live::new(parent());
    live.send_all([crate::support::start(""), cancel("enough")]);
    assert_eq!(
        live.lines_from(2),
        [
            "2 child child(in) as instance::sub::2",
            "3 end: enough",
            "4 cancel child 2 instance::sub::2: orchestration_cancelled",
            "5 failed: canceled: enough"
        ]
    );
    assert_eq!(live.asked(), [""; 0]);
    live.check();
}

/// Waits for a child beside an activity, and ends as the answer of that says.
fn with_a_child() -> Program {
    async fn code(ctx: OrchestrationContext) -> Result<String, String> {
        std::mem::forget(ctx.schedule_sub_orchestration("child", ""));
        match ctx.schedule_activity("how", "").await?.as_str() {
            "again" => ctx.continue_as_new("").await,
            "panic" => panic!("on purpose"),
            "foreign" => std::future::pending().await,
            other => Ok(other.to_owned()),
        }
    }
    Program::new(code)
}

#[test]
fn every_end_cancels_the_open_children() {
    for (end, reason, told) in [
        (completed(3, "ok"), "terminal_completed", "parent completed"),
        (
            crate::support::failed(3, "no"),
            "terminal_failed",
            "parent failed",
        ),
        (completed(3, "panic"), "terminal_failed", "parent failed"),
        (completed(3, "foreign"), "terminal_failed", "parent failed"),
        (
            completed(7, "never asked"),
            "terminal_failed",
            "parent failed",
        ),
        (fired(3, 5), "terminal_failed", "parent failed"),
        (
            completed(3, "again"),
            "terminal_continued_as_new",
            "parent continued as new",
        ),
        (cancel("enough"), "cancelled", "parent canceled"),
        (
            crate::support::terminate("enough"),
            "cancelled",
            "parent canceled",
        ),
    ] {
        let mut live = with_a_child().start();
        live.asked();
        live.send(end);
        assert_ne!(live.outcome, Outcome::Pending);
        let cancelled = format!("cancel child 2 instance::sub::2: orchestration_{reason}");
        let all = live.lines();
        let found: Vec<_> = all
            .iter()
            .filter(|line| line.contains("cancel child"))
            .collect();
        assert_eq!(found.len(), 1, "{all:#?}");
        assert!(found[0].ends_with(&cancelled), "{all:#?}");
        let told = format!("cancel child 2 instance::sub::2: {told}");
        assert!(live.asked().contains(&told), "{told}");
        live.check();
    }
}

#[test]
fn an_end_whose_code_is_never_asked_cancels_the_open_children() {
    let mut live = race_of_children().start();
    live.send(child_completed(3, "b"));
    live.history.truncate(4);
    let mut recorded = Recorded::new(InstanceId::new("instance").unwrap(), ExecutionId::FIRST);
    recorded.scan(&live.history);
    let ending = recorded.fail(application("no"), at(5_000));
    assert_eq!(
        lines(&ending),
        [
            "5 cancel child 2 instance::sub::2: orchestration_terminal_failed",
            "6 failed: no"
        ]
    );
}

#[test]
fn an_answer_of_another_kind_is_nondeterminism() {
    for answer in [completed(2, ""), fired(2, 1), child_completed(9, "")] {
        let mut live = parent().start();
        live.send(answer);
        let text = live.failure().to_string();
        assert!(text.contains("nondeterministic"), "{text}");
        live.check();
    }
    let mut live = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await }).start();
    live.send(child_completed(2, ""));
    assert!(live.failure().to_string().contains("nondeterministic"));
    live.check();
}

#[test]
fn changed_code_is_found_by_name_input_id_and_version() {
    fn with(
        name: &'static str,
        version: Option<&'static str>,
        id: &'static str,
        input: &'static str,
    ) -> Program {
        Program::new(move |ctx| async move {
            let version = version.map(str::to_owned);
            ctx.schedule_sub_orchestration_versioned_with_id(name, version, id, input)
                .await
        })
    }
    let live = with("a", Some("1.0.0"), "id", "in").start();
    for changed in [
        with("b", Some("1.0.0"), "id", "in"),
        with("a", Some("1.0.1"), "id", "in"),
        with("a", None, "id", "in"),
        with("a", Some("1.0.0"), "other", "in"),
        with("a", Some("1.0.0"), "id", "other"),
        Program::new(|ctx| async move { ctx.schedule_activity("a", "in").await }),
    ] {
        live.refuse_code(&changed);
    }
    let refusal = with("a", Some("1.0.1"), "id", "in").refusal(&live.history);
    assert_eq!(
        refusal.recorded,
        "a call of the orchestration `a` 1.0.0 as `id` with the input `in`"
    );
    assert_eq!(
        refusal.replayed,
        "a call of the orchestration `a` 1.0.1 as `id` with the input `in`"
    );
}

#[test]
fn a_recorded_end_of_a_child_that_was_never_asked_for_is_refused() {
    let mut live = parent().start();
    let end = EventKind::SubOrchestrationCompleted {
        result: String::new(),
    };
    for source in [None, Some(1), Some(3)] {
        let mut history = live.history.clone();
        history.push(event(3, source, end.clone()));
        assert!(parent().replay(&history).is_err());
    }
    live.send(child_completed(2, ""));
    live.check();
}

#[test]
fn many_children_are_waited_for_in_any_order() {
    let program = Program::new(|ctx| async move {
        let children = (0..200).map(|n| ctx.schedule_sub_orchestration("child", n.to_string()));
        let all: Vec<_> = join_all(children).await.into_iter().flatten().collect();
        Ok(all.join(","))
    });
    let mut live = program.start();
    for n in (0..200).rev() {
        live.send(child_completed(2 + n, n.to_string()));
    }
    let all: Vec<_> = (0..200).map(|n: u32| n.to_string()).collect();
    assert_eq!(live.outcome, Outcome::Completed(all.join(",")));
}
