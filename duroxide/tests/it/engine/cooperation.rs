//! Code that asked to see its own cancellation: its open calls end, it goes on, until the deadline.

use std::future::poll_fn;
use std::sync::mpsc;
use std::time::Duration;

use duroxide::engine::{CodeFactory, Execution, OnCancel, Outcome, Recorded, run_turn};
use duroxide::history::{ErrorDetails, ExecutionId, InstanceId};
use duroxide::{
    BackoffStrategy, Either2, OrchestrationContext, RetryPolicy, join_all, join2, select2,
};

use crate::support::{
    Program, at, cancel, child_completed, completed, failed, fired, lines, raised, start, terminate,
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An activity and a child, then the clean-up, shielded.
fn transfer() -> Program {
    Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let calls = join2(
            ctx.schedule_activity("debit", ""),
            ctx.schedule_sub_orchestration("credit", ""),
        );
        let (debit, credit) = calls.await;
        let cleaned = ctx
            .shielded(|ctx| async move { ctx.schedule_activity("refund", "").await })
            .await?;
        Ok(format!("{debit:?} {credit:?} {cleaned}"))
    })
}

#[test]
fn open_calls_end_as_cancelled_and_the_code_goes_on() {
    let mut live = transfer().start();
    live.asked();
    live.send_at(5_000, cancel("enough"));
    assert_eq!(
        live.lines_from(4),
        [
            "4 end: enough",
            "5 timer 35000",
            "6 cancel 2: orchestration_cancelled",
            "7 cancel child 3 instance::sub::3: orchestration_cancelled",
            "8 call refund()",
        ]
    );
    assert_eq!(
        live.asked(),
        [
            "timer 5",
            "cancel 2",
            "cancel child 3 instance::sub::3: parent canceled",
            "start 8"
        ]
    );
    // Late answers of what was cancelled are inert, and so is a second request.
    for late in [completed(2, ""), child_completed(3, ""), cancel("again")] {
        assert_eq!(live.send_at(6_000, late).history_delta, []);
    }
    live.send_at(7_000, completed(8, "done"));
    let output = r#"Err("canceled: enough") Err("canceled: enough") done"#;
    assert_eq!(
        live.lines_from(9),
        [
            "9 completed 8: done".to_owned(),
            "10 stop 5: orchestration_terminal_completed".to_owned(),
            format!("11 done: {output}"),
        ]
    );
    live.check();
}

#[test]
fn an_error_after_the_request_counts_as_cancelled_and_ok_as_ok() {
    for (end, outcome) in [
        ("ok", "done"),
        ("err", "canceled: enough"),
        ("again", "canceled: enough"),
        ("panic", "orchestration panicked: on purpose"),
    ] {
        async fn code(ctx: OrchestrationContext, end: &str) -> Result<String, String> {
            let why = ctx.cancelled().await;
            assert_eq!(why, "enough");
            match end {
                "ok" => Ok("done".to_owned()),
                "err" => Err("something else".to_owned()),
                "again" => ctx.continue_as_new("").await,
                _ => panic!("on purpose"),
            }
        }
        let mut live = Program::new(move |ctx| code(ctx, end)).start();
        assert_eq!(live.history.len(), 1, "it waits for the request alone");
        live.send(cancel("enough"));
        let text = match &live.outcome {
            Outcome::Completed(text) => text.clone(),
            other => {
                assert!(matches!(other, Outcome::Failed(_)), "{other:?}");
                live.failure().to_string()
            }
        };
        assert_eq!(text, outcome);
        live.check();
    }
}

#[test]
fn calls_made_after_the_request_are_refused_and_ask_for_nothing() {
    let program = Program::new(|ctx| async move {
        ctx.cancelled().await;
        assert!(ctx.is_cancelled());
        let activity = ctx.schedule_activity("a", "").await.unwrap_err();
        let child = ctx.schedule_sub_orchestration("c", "").await.unwrap_err();
        let policy = RetryPolicy::new(5).with_timeout(seconds(1));
        let retried = ctx.schedule_activity_with_retry("r", "", policy);
        let retried = retried.await.unwrap_err();
        Ok([activity, child, retried].join(", "))
    });
    let mut live = program.start();
    live.send(cancel("enough"));
    assert_eq!(
        live.lines_from(2),
        [
            "2 end: enough",
            "3 timer 61010",
            "4 stop 3: orchestration_terminal_completed",
            "5 done: canceled: enough, canceled: enough, canceled: enough"
        ]
    );
    assert_eq!(live.asked(), [""; 0]);
    live.check();
}

#[test]
fn timers_waits_and_queues_go_on() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let wait = ctx.schedule_wait("e");
        ctx.schedule_timer(seconds(1)).await;
        ctx.schedule_timer(seconds(1)).await;
        ctx.schedule_orchestration("detached", "id", "");
        Ok(wait.await)
    });
    let mut live = program.start();
    live.send(cancel("enough"));
    live.fire(3);
    live.send(raised("e", "data"));
    let next = live
        .history
        .iter()
        .rfind(|event| matches!(event.kind, duroxide::EventKind::TimerCreated { .. }));
    live.fire(next.unwrap().event_id.0);
    assert_eq!(live.outcome, Outcome::Completed("data".to_owned()));
    assert!(
        live.lines()
            .iter()
            .any(|line| line.contains("detach detached"))
    );
    live.check();
}

#[test]
fn the_deadline_ends_what_does_not_end_by_itself() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(2));
        ctx.cooperative_cancellation(seconds(1));
        ctx.cancelled().await;
        ctx.shielded(|ctx| async move { ctx.schedule_activity("slow", "").await })
            .await
    });
    let mut live = program.start();
    live.send_at(5_000, cancel("enough"));
    assert_eq!(live.lines()[2], "3 timer 7000", "the longest counts");
    live.asked();
    live.send_at(7_100, fired(3, 7_000));
    assert_eq!(
        live.lines_from(5),
        [
            "5 fired 3",
            "6 cancel 4: orchestration_cancelled",
            "7 failed: canceled: enough"
        ]
    );
    assert_eq!(live.asked(), ["cancel 4"], "the timer itself is gone");
    live.check();
}

#[test]
fn the_deadline_and_the_last_answer_in_one_batch_are_decided_by_their_order() {
    for (first, last, end) in [
        (completed(4, "in time"), fired(3, 31_010), "done: in time"),
        (
            fired(3, 31_010),
            completed(4, "late"),
            "failed: canceled: enough",
        ),
    ] {
        let program = Program::new(|ctx| async move {
            ctx.cooperative_cancellation(seconds(30));
            ctx.cancelled().await;
            ctx.shielded(|ctx| async move { ctx.schedule_activity("last", "").await })
                .await
        });
        let mut live = program.start();
        live.send(cancel("enough"));
        let turn = live.send_all([first, last]);
        assert_eq!(turn.consumed, 1);
        assert!(
            live.lines().last().unwrap().ends_with(end),
            "{:?}",
            live.lines()
        );
        live.check();
    }
}

#[test]
fn the_request_races_with_the_answer_by_their_order() {
    for cut in [false, true] {
        for cancel_first in [false, true] {
            let program = Program::new(|ctx| async move {
                ctx.cooperative_cancellation(seconds(30));
                Ok(format!("{:?}", ctx.schedule_activity("a", "").await))
            });
            let mut live = program.start();
            let mut batch = vec![completed(2, "answer"), cancel("enough")];
            if cancel_first {
                batch.reverse();
            }
            if cut {
                for message in batch {
                    live.send(message);
                }
            } else {
                live.send_all(batch);
            }
            let expected = if cancel_first {
                r#"Err("canceled: enough")"#
            } else {
                r#"Ok("answer")"#
            };
            assert_eq!(live.outcome, Outcome::Completed(expected.to_owned()));
            live.check();
        }
    }
}

#[test]
fn a_request_ends_cooperation_only_once_it_was_asked_for() {
    // Until the first message behind the timer this code has said nothing.
    let program = Program::new(|ctx| async move {
        ctx.schedule_timer(seconds(1)).await;
        ctx.cooperative_cancellation(seconds(30));
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.start();
    live.send(cancel("early"));
    assert_eq!(live.failure().to_string(), "canceled: early");
    live.check();
    let mut live = program.start();
    live.fire(2);
    live.send(cancel("later"));
    assert!(live.lines().iter().any(|line| line.contains("timer 31020")));
    live.check();
}

#[test]
fn a_shielded_call_goes_on_and_nested_shields_are_shields() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let outside = ctx.schedule_activity("outside", "");
        let shielded = ctx.shielded(|inner| async move {
            let nested = inner.shielded(|inner| async move {
                let first = inner.schedule_activity("nested", "").await?;
                inner.schedule_activity("behind", first).await
            });
            let policy =
                RetryPolicy::new(3).with_backoff(BackoffStrategy::Fixed { delay: seconds(1) });
            join2(
                nested,
                inner.schedule_activity_with_retry("retried", "", policy),
            )
            .await
        });
        let (outside, (nested, retried)) = join2(outside, shielded).await;
        Ok(format!("{outside:?} {nested:?} {retried:?}"))
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        ["2 call outside()", "3 call retried()", "4 call nested()"]
    );
    live.refuse(3, "once");
    live.send(cancel("enough"));
    assert_eq!(
        live.lines_from(7),
        [
            "7 end: enough",
            "8 timer 31020",
            "9 cancel 2: orchestration_cancelled"
        ],
        "neither the call nor the pause"
    );
    live.complete(4, "x");
    live.fire(6);
    live.complete(13, "tried again");
    live.complete(11, "end");
    let output = r#"Err("canceled: enough") Ok("end") Ok("tried again")"#;
    assert_eq!(
        live.outcome,
        Outcome::Completed(output.to_owned()),
        "{:#?}",
        live.lines()
    );
    live.check();
}

#[test]
fn a_call_in_its_pause_ends_as_cancelled() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let policy = RetryPolicy::new(5).with_backoff(BackoffStrategy::Fixed { delay: seconds(9) });
        let call = ctx.schedule_activity_with_retry("a", "", policy);
        Ok(call.await.unwrap_err())
    });
    let mut live = program.start();
    live.refuse(2, "no");
    live.asked();
    live.send(cancel("enough"));
    assert_eq!(
        live.lines_from(4),
        [
            "4 timer 10010",
            "5 end: enough",
            "6 timer 31020",
            "7 stop 4: orchestration_cancelled",
            "8 stop 6: orchestration_terminal_completed",
            "9 done: canceled: enough",
        ]
    );
    assert_eq!(live.asked(), ["stop 4"]);
    live.check();
}

#[test]
fn a_call_in_its_pause_ends_as_cancelled_although_its_time_is_over() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let pause = BackoffStrategy::Fixed { delay: seconds(9) };
        let policy = RetryPolicy::new(5).with_backoff(pause);
        let policy = policy.with_total_timeout(seconds(20));
        let call = ctx.schedule_activity_with_retry("a", "", policy);
        Ok(call.await.unwrap_err())
    });
    let mut live = program.start();
    live.refuse(2, "no");
    // Nobody worked on it in between.
    live.send_at(60_000, cancel("enough"));
    assert_eq!(
        live.outcome,
        Outcome::Completed("canceled: enough".to_owned())
    );
    live.check();
}

#[test]
fn a_call_whose_time_is_limited_ends_as_cancelled() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let policy = RetryPolicy::new(2).with_timeout(seconds(5));
        let call = ctx.schedule_activity_with_retry("a", "", policy);
        Ok(call.await.unwrap_err())
    });
    let mut live = program.start();
    live.send(cancel("enough"));
    assert_eq!(
        live.lines_from(4),
        [
            "4 end: enough",
            "5 timer 31010",
            "6 cancel 2: orchestration_cancelled",
            "7 stop 3: dropped_future",
            "8 stop 5: orchestration_terminal_completed",
            "9 done: canceled: enough",
        ]
    );
    live.check();
}

#[test]
fn a_call_that_is_not_polled_is_cancelled_too_and_read_later() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        let call = ctx.schedule_activity("a", "");
        let why = ctx.cancelled().await;
        Ok(format!("{why}: {:?}", call.await))
    });
    let mut live = program.start();
    live.send(cancel("enough"));
    let output = r#"enough: Err("canceled: enough")"#;
    assert_eq!(live.outcome, Outcome::Completed(output.to_owned()));
    live.check();
}

#[test]
fn watchers_may_be_many_dropped_and_raced() {
    let program = Program::new(|ctx| async move {
        drop(ctx.cancelled());
        let lost = select2(ctx.cancelled(), ctx.schedule_activity("quick", "")).await;
        assert!(lost.is_second());
        let watchers: Vec<_> = (0..40).map(|_| ctx.cancelled()).collect();
        let all = join_all(watchers);
        let futures = futures::future::join_all((0..40).map(|_| ctx.cancelled()));
        let (all, others) = join2(all, futures).await;
        let call = ctx.schedule_timer(seconds(1));
        match select2(call, ctx.cancelled()).await {
            Either2::First(()) => Err("it was asked to end before".to_owned()),
            Either2::Second(why) => Ok(format!("{why} {}", all.len() + others.len())),
        }
    });
    let mut live = program.start();
    live.complete(2, "");
    assert_eq!(live.outcome, Outcome::Pending);
    live.send(cancel("enough"));
    assert_eq!(live.outcome, Outcome::Completed("enough 80".to_owned()));
    live.check();
}

#[test]
fn a_watcher_that_was_dropped_does_not_keep_the_instance_waiting() {
    // What is left to wait for is foreign, and no watcher hides it.
    let program = Program::new(|ctx| async move {
        let won = select2(ctx.cancelled(), ctx.schedule_activity("a", "")).await;
        drop(won);
        std::future::pending::<()>().await;
        Ok(String::new())
    });
    let mut live = program.start();
    live.complete(2, "");
    assert!(live.failure().to_string().contains("DX0001"));
    live.check();
}

#[test]
fn code_that_waits_for_nothing_after_the_request_fails_and_what_was_cancelled_is_so_once() {
    // The cancellation of the call was a proposal, and so was its answer: neither counts.
    for read in [false, true] {
        let program = Program::new(move |ctx| async move {
            ctx.cooperative_cancellation(seconds(30));
            let call = ctx.schedule_activity("a", "");
            let kept = if read {
                drop(call.await);
                None
            } else {
                ctx.cancelled().await;
                Some(call)
            };
            std::future::pending::<()>().await;
            drop(kept);
            Ok(String::new())
        });
        let mut live = program.start();
        live.asked();
        live.send(cancel("enough"));
        let lines = live.lines_from(3);
        assert_eq!(
            lines[..2],
            ["3 end: enough", "4 cancel 2: orchestration_terminal_failed"],
            "{lines:?}"
        );
        assert!(lines[2].contains("DX0001"));
        assert_eq!(live.asked(), ["cancel 2"]);
        live.check();
    }
}

#[test]
fn more_calls_than_the_budget_of_one_message_may_be_cancelled() {
    let program = Program::new(|ctx| async move {
        ctx.cooperative_cancellation(seconds(30));
        for _ in 0..4 {
            std::mem::forget(ctx.schedule_activity("a", ""));
            ctx.schedule_timer(seconds(1)).await;
        }
        let why = ctx.cancelled().await;
        ctx.set_kv_value("why", why);
        Ok(String::new())
    });
    let mut live = program.with_budget(1_000, 3).start();
    for timer in [3, 6, 9, 12] {
        live.fire(timer);
    }
    live.send(cancel("enough"));
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    live.check();
}

#[test]
fn terminating_ends_the_time_for_cleaning_up() {
    let mut live = transfer().start();
    live.send(cancel("enough"));
    live.asked();
    live.send(terminate("at once"));
    assert_eq!(
        live.lines_from(9),
        [
            "9 terminate: at once",
            "10 stop 5: orchestration_cancelled",
            "11 cancel 8: orchestration_cancelled",
            "12 failed: canceled: enough",
        ]
    );
    assert_eq!(live.asked(), ["stop 5", "cancel 8"]);
    live.check();
}

#[test]
fn a_failure_from_outside_stays_what_it_is() {
    for details in [
        ErrorDetails::Infrastructure {
            operation: "commit".to_owned(),
            message: "no".to_owned(),
            retryable: false,
        },
        ErrorDetails::application(duroxide::AppErrorKind::OrchestrationFailed, "no"),
    ] {
        let mut live = transfer().start();
        live.send(cancel("enough"));
        let mut recorded = Recorded::new(InstanceId::new("instance").unwrap(), ExecutionId::FIRST);
        recorded.scan(&live.history);
        let ending = recorded.fail(details.clone(), at(9_000));
        assert_eq!(
            lines(&live.execution.fail(details, at(9_000))),
            lines(&ending)
        );
        assert_eq!(
            lines(&ending)[..2],
            [
                "9 stop 5: orchestration_terminal_failed",
                "10 cancel 8: orchestration_terminal_failed"
            ]
        );
    }
}

#[test]
fn code_on_the_engine_itself_can_read_the_words_of_whoever_asked() {
    let (tell, told) = mpsc::channel();
    let code: CodeFactory = Box::new(move |turn, _input| {
        Box::pin(async move {
            turn.on_cancel(OnCancel::Cooperate, None);
            assert_eq!(turn.cancel_reason(), None);
            let watcher = turn.watch_cancellation();
            poll_fn(|context| turn.poll_cancellation(watcher, context)).await;
            tell.send(turn.cancel_reason()).unwrap();
            Ok(String::new())
        })
    });
    let id = InstanceId::new("instance").unwrap();
    let mut execution = Execution::new(id, ExecutionId::FIRST, "1.0.0".to_owned(), code);
    run_turn(&mut execution, [(start(""), at(1_000))]);
    assert!(told.try_recv().is_err());
    run_turn(&mut execution, [(cancel("enough"), at(1_010))]);
    assert_eq!(told.recv(), Ok(Some("enough".to_owned())));
}

#[test]
fn code_that_does_not_cooperate_any_more_is_found_out() {
    let mut live = transfer().start();
    live.send(cancel("enough"));
    let changed = Program::new(|ctx| async move {
        let calls = join2(
            ctx.schedule_activity("debit", ""),
            ctx.schedule_sub_orchestration("credit", ""),
        );
        calls.await.0
    });
    live.refuse_code(&changed);
    let mut live = transfer().start();
    live.send(failed(2, "no"));
    live.check();
}
