//! Sagas: what was done is undone, last first, when the orchestration fails or is cancelled.

use std::time::Duration;

use duroxide::engine::Outcome;
use duroxide::{OrchestrationContext, Saga, select2};

use crate::support::{Live, Program, cancel, completed, fired, terminate};

/// Calls an activity and adds its undoing.
async fn step(ctx: &OrchestrationContext, saga: &mut Saga, name: &str) -> Result<String, String> {
    let done = ctx.schedule_activity(name, "").await?;
    let undo = format!("undo_{name}");
    saga.undo(|ctx| async move { ctx.schedule_activity(undo, "").await });
    Ok(done)
}

/// Two steps, and then as it is told.
fn trip(end: &'static str) -> Program {
    async fn code(ctx: OrchestrationContext, end: &str) -> Result<String, String> {
        let mut saga = ctx.saga();
        step(&ctx, &mut saga, "seat").await?;
        step(&ctx, &mut saga, "room").await?;
        match end {
            "ok" => Ok("done".to_owned()),
            "err" => Err("no".to_owned()),
            "panic" => panic!("on purpose"),
            "again" => ctx.continue_as_new("").await,
            "too large" => {
                ctx.set_kv_value("k", "x".repeat(100_000));
                std::future::pending().await
            }
            "dismissed" => {
                saga.dismiss();
                Err("no".to_owned())
            }
            "by hand" => {
                let undone = saga.compensate().await;
                Err(format!("undone by hand: {undone:?}"))
            }
            "dropped" => {
                drop(saga);
                Err("no".to_owned())
            }
            _ => ctx.schedule_activity("last", "").await,
        }
    }
    Program::new(move |ctx| code(ctx, end))
}

fn after_two_steps(end: &'static str) -> Live {
    let mut live = trip(end).start();
    live.complete(2, "");
    live.complete(4, "");
    live
}

#[test]
fn an_error_undoes_the_steps_last_first() {
    for end in ["err", "dropped"] {
        let mut live = after_two_steps(end);
        assert_eq!(live.lines_from(6), ["6 call undo_room()"]);
        live.complete(6, "");
        live.complete(8, "");
        assert_eq!(
            live.lines_from(7),
            [
                "7 completed 6: ",
                "8 call undo_seat()",
                "9 completed 8: ",
                "10 failed: no"
            ]
        );
        live.check();
    }
}

#[test]
fn a_good_end_and_a_dismissed_saga_undo_nothing() {
    for (end, last) in [
        ("ok", "6 done: done"),
        ("dismissed", "6 failed: no"),
        ("again", "6 again: "),
        ("panic", "6 failed: orchestration panicked: on purpose"),
    ] {
        let live = after_two_steps(end);
        assert_eq!(live.lines_from(6), [last]);
        live.check();
    }
}

#[test]
fn a_step_that_failed_has_nothing_to_be_undone() {
    let mut live = trip("ok").start();
    live.complete(2, "");
    live.refuse(4, "no room");
    live.complete(6, "");
    assert_eq!(
        live.lines_from(6),
        ["6 call undo_seat()", "7 completed 6: ", "8 failed: no room"]
    );
    live.check();
}

#[test]
fn cancelled_code_is_dropped_where_it_waits_and_undone() {
    let mut live = after_two_steps("waits");
    live.asked();
    live.send(cancel("enough"));
    assert_eq!(
        live.lines_from(7),
        [
            "7 end: enough",
            "8 timer 61030",
            "9 cancel 6: dropped_future",
            "10 call undo_room()"
        ]
    );
    assert_eq!(live.asked(), ["timer 8", "cancel 6", "start 10"]);
    // A second request and what was given up are inert while the undoing goes on.
    assert_eq!(live.send(cancel("again")).history_delta, []);
    assert_eq!(live.complete(6, "late").history_delta, []);
    live.complete(10, "");
    live.complete(12, "");
    assert_eq!(
        live.lines_from(11),
        [
            "11 completed 10: ",
            "12 call undo_seat()",
            "13 completed 12: ",
            "14 stop 8: orchestration_cancelled",
            "15 failed: canceled: enough"
        ]
    );
    live.check();
}

#[test]
fn the_deadline_ends_the_undoing() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga().deadline(Duration::from_secs(5));
        let _other = ctx.saga().deadline(Duration::from_secs(3));
        step(&ctx, &mut saga, "seat").await?;
        ctx.schedule_activity("last", "").await
    });
    let mut live = program.start();
    live.complete(2, "");
    live.send_at(2_000, cancel("enough"));
    live.asked();
    live.send_at(7_000, fired(6, 7_000));
    assert_eq!(
        live.lines_from(6),
        [
            "6 timer 7000",
            "7 cancel 4: dropped_future",
            "8 call undo_seat()",
            "9 fired 6",
            "10 cancel 8: orchestration_cancelled",
            "11 failed: canceled: enough"
        ]
    );
    assert_eq!(live.asked(), ["cancel 8"]);
    live.check();
}

#[test]
fn a_step_whose_undoing_fails_does_not_keep_the_others() {
    // By an error, by a panic inside of it and before it, by a value that may not be kept.
    type Undo = fn(OrchestrationContext) -> futures::future::BoxFuture<'static, Result<(), String>>;
    let ways: [(Undo, &str); 4] = [
        (|_| Box::pin(async { Err("err".to_owned()) }), "err"),
        (|_| Box::pin(async { panic!("inside") }), "panicked: inside"),
        (|_| panic!("before"), "panicked: before"),
        (
            |ctx| {
                Box::pin(async move {
                    ctx.set_kv_value("k", "x".repeat(100_000));
                    std::future::pending().await
                })
            },
            "the value under `k` has 100000 bytes; 65536 are allowed",
        ),
    ];
    for (undo, problem) in ways {
        for by_hand in [false, true] {
            let program = Program::new(move |ctx| async move {
                let mut saga = ctx.saga();
                step(&ctx, &mut saga, "seat").await?;
                saga.undo(undo);
                if by_hand {
                    return Ok(saga.compensate().await.unwrap_err());
                }
                Err("no".to_owned())
            });
            let mut live = program.start();
            live.complete(2, "");
            live.complete(4, "");
            assert_eq!(
                live.lines()[3..5],
                ["4 call undo_seat()", "5 completed 4: "]
            );
            let end = if by_hand {
                format!("6 done: {problem}")
            } else {
                "6 failed: no".to_owned()
            };
            assert_eq!(live.lines_from(6), [end]);
            live.check();
        }
    }
}

#[test]
fn an_instance_that_a_verb_fails_is_undone_too() {
    let mut live = after_two_steps("too large");
    live.complete(6, "");
    live.complete(8, "");
    assert_eq!(
        live.lines_from(8),
        [
            "8 call undo_seat()",
            "9 completed 8: ",
            "10 failed: the value under `k` has 100000 bytes; 65536 are allowed"
        ]
    );
    live.check();
}

#[test]
fn a_failure_of_the_instance_is_not_that_of_a_step_undone_by_hand_behind_it() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        step(&ctx, &mut saga, "seat").await?;
        saga.undo(|_| async { Ok::<(), String>(()) });
        ctx.set_kv_value("k", "x".repeat(100_000));
        let undone = saga.compensate().await;
        Ok(format!("{undone:?}"))
    });
    let mut live = program.start();
    live.complete(2, "");
    let call = live.last_call();
    live.complete(call, "");
    assert_eq!(
        live.failure().to_string(),
        "the value under `k` has 100000 bytes; 65536 are allowed"
    );
    live.check();
}

#[test]
fn steps_undone_by_hand_are_not_undone_again() {
    let mut live = after_two_steps("by hand");
    live.complete(6, "");
    live.refuse(8, "no");
    assert_eq!(
        live.lines_from(8),
        [
            "8 call undo_seat()",
            "9 refused 8: no",
            r#"10 failed: undone by hand: Err("no")"#
        ]
    );
    live.check();
}

#[test]
fn a_request_to_end_during_the_undoing_by_hand_loses_no_step() {
    // One step is under way, one waits: the first goes on where it was, the second follows.
    let mut live = after_two_steps("by hand");
    live.asked();
    live.send(cancel("enough"));
    assert_eq!(live.lines_from(7), ["7 end: enough", "8 timer 61030"]);
    live.complete(6, "");
    live.complete(10, "");
    assert_eq!(
        live.lines_from(9),
        [
            "9 completed 6: ",
            "10 call undo_seat()",
            "11 completed 10: ",
            "12 stop 8: orchestration_cancelled",
            "13 failed: canceled: enough"
        ]
    );
    live.check();
}

#[test]
fn a_request_to_end_during_the_undoing_of_an_error_changes_nothing_but_the_deadline() {
    let mut live = after_two_steps("err");
    live.send(cancel("enough"));
    live.complete(6, "");
    live.complete(10, "");
    assert_eq!(
        live.lines_from(7),
        [
            "7 end: enough",
            "8 timer 61030",
            "9 completed 6: ",
            "10 call undo_seat()",
            "11 completed 10: ",
            "12 stop 8: orchestration_cancelled",
            "13 failed: canceled: enough"
        ]
    );
    live.check();
    let mut live = after_two_steps("err");
    live.send(terminate("now"));
    assert_eq!(live.history.len(), 9);
    live.check();
}

#[test]
fn undoing_that_is_given_up_halfway_stays_in_the_saga() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        step(&ctx, &mut saga, "seat").await?;
        step(&ctx, &mut saga, "room").await?;
        let first = select2(saga.compensate(), ctx.schedule_activity("hurry", "")).await;
        assert!(first.is_second());
        saga.compensate().await?;
        Err("no".to_owned())
    });
    let mut live = program.start();
    live.complete(2, "");
    live.complete(4, "");
    // The other branch is asked for when it is made.
    assert_eq!(live.lines_from(6), ["6 call hurry()", "7 call undo_room()"]);
    live.complete(6, "");
    assert_eq!(
        live.history.len(),
        8,
        "nothing is taken back: {:?}",
        live.lines()
    );
    live.complete(7, "");
    live.complete(10, "");
    assert_eq!(
        live.lines_from(9),
        [
            "9 completed 7: ",
            "10 call undo_seat()",
            "11 completed 10: ",
            "12 failed: no"
        ]
    );
    live.check();
}

#[test]
fn several_sagas_are_undone_together_and_apart() {
    for apart in [false, true] {
        let program = Program::new(move |ctx| async move {
            let (mut one, mut two) = (ctx.saga(), ctx.saga());
            step(&ctx, &mut one, "a").await?;
            step(&ctx, &mut two, "b").await?;
            step(&ctx, &mut one, "c").await?;
            if apart {
                one.compensate().await?;
            }
            Err("no".to_owned())
        });
        let mut live = program.start();
        while live.outcome == Outcome::Pending {
            live.complete(live.history.len() as u64, "");
        }
        let lines = live.lines();
        let undone = lines.iter().filter_map(|line| line.split_once(" undo_"));
        let undone: Vec<_> = undone.map(|(_, name)| name).collect();
        let expected = if apart {
            ["c()", "a()", "b()"]
        } else {
            ["c()", "b()", "a()"]
        };
        assert_eq!(undone, expected);
        live.check();
    }
}

#[test]
fn a_saga_inside_of_the_undoing_is_undone_by_hand_only() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        saga.undo(|ctx| async move {
            let mut inner = ctx.saga();
            step(&ctx, &mut inner, "inner").await?;
            step(&ctx, &mut inner, "second").await?;
            inner.compensate().await
        });
        Err("no".to_owned())
    });
    let mut live = program.start();
    live.complete(2, "");
    live.complete(4, "");
    live.complete(6, "");
    live.complete(8, "");
    let lines = live.lines();
    assert_eq!(lines[5], "6 call undo_second()");
    assert_eq!(lines[7], "8 call undo_inner()");
    assert_eq!(lines.last().unwrap(), "10 failed: no");
    live.check();
}

#[test]
fn a_saga_of_code_that_cooperates_is_undone_by_what_the_code_returns() {
    for good in [false, true] {
        let program = Program::new(move |ctx| async move {
            let mut saga = ctx.saga();
            ctx.cooperative_cancellation(Duration::from_secs(9));
            step(&ctx, &mut saga, "seat").await?;
            let last = ctx.schedule_activity("last", "").await;
            if good {
                Ok("all the same".to_owned())
            } else {
                last
            }
        });
        let mut live = program.start();
        live.complete(2, "");
        live.send(cancel("enough"));
        if good {
            assert_eq!(live.outcome, Outcome::Completed("all the same".to_owned()));
        } else {
            live.complete(8, "");
            assert_eq!(
                live.lines_from(6),
                [
                    "6 timer 60000".replace("60000", "10020"),
                    "7 cancel 4: orchestration_cancelled".to_owned(),
                    "8 call undo_seat()".to_owned(),
                    "9 completed 8: ".to_owned(),
                    "10 stop 6: orchestration_cancelled".to_owned(),
                    "11 failed: canceled: enough".to_owned()
                ]
            );
        }
        live.check();
    }
}

#[test]
fn continue_as_new_after_a_request_to_end_is_undone() {
    let program = Program::new(move |ctx| async move {
        let mut saga = ctx.saga();
        step(&ctx, &mut saga, "seat").await?;
        ctx.cancelled().await;
        ctx.continue_as_new("").await
    });
    let mut live = program.start();
    live.complete(2, "");
    live.send(cancel("enough"));
    live.complete(6, "");
    assert_eq!(live.lines()[5], "6 call undo_seat()");
    assert_eq!(live.failure().to_string(), "canceled: enough");
    live.check();
}

#[test]
fn what_the_undoing_of_a_cancelled_instance_asks_for_may_be_retried_and_nested() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        saga.undo(|ctx| async move {
            let policy = duroxide::RetryPolicy::new(2);
            let child = ctx.schedule_sub_orchestration("child", "").await;
            let retried = ctx.schedule_activity_with_retry("again", "", policy);
            retried.await.and(child)
        });
        ctx.schedule_activity("last", "").await
    });
    let mut live = program.start();
    live.send(cancel("enough"));
    live.send(crate::support::child_completed(6, ""));
    live.refuse(8, "no");
    live.fire(10);
    live.complete(12, "");
    let lines = live.lines();
    assert_eq!(lines[11], "12 attempt 2 of 8 again()");
    assert_eq!(lines.last().unwrap(), "15 failed: canceled: enough");
    live.check();
}

#[test]
fn the_undoing_and_everything_else_in_one_batch() {
    let mut live = trip("waits").start();
    live.send_all([
        completed(2, ""),
        completed(4, ""),
        cancel("enough"),
        completed(10, ""),
        completed(12, ""),
    ]);
    assert_eq!(live.failure().to_string(), "canceled: enough");
    live.check();
}

#[test]
fn undo_steps_that_own_a_context_do_not_outlive_the_execution() {
    use std::sync::Arc;
    for message in [None, Some(cancel("enough")), Some(completed(2, ""))] {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let program = Program::new(move |ctx| {
            let held = Arc::clone(&held);
            async move {
                let mut saga = ctx.saga();
                let owned = (ctx.clone(), held);
                saga.undo(move |_| async move {
                    owned
                        .0
                        .shielded(|ctx| async move { ctx.schedule_timer(Duration::MAX).await })
                        .await;
                    drop(owned);
                    Ok::<_, String>(())
                });
                ctx.schedule_activity("a", "").await?;
                let given_up = select2(saga.compensate(), std::future::ready(())).await;
                assert!(given_up.is_second());
                Ok(String::new())
            }
        });
        let mut live = program.start();
        message.map(|message| live.send(message));
        drop((live, program));
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[test]
fn a_changed_undo_step_is_found_out() {
    let mut live = after_two_steps("err");
    live.complete(6, "");
    let changed = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        ctx.schedule_activity("seat", "").await?;
        saga.undo(|ctx| async move { ctx.schedule_activity("another", "").await });
        step(&ctx, &mut saga, "room").await?;
        Err("no".to_owned())
    });
    live.refuse_code(&changed);
}
