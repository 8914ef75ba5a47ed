//! A race is won by the branch that is recorded first, now and on every replay.

use std::time::Duration;

use duroxide::{DurableFuture, Either2, OrchestrationContext, select_all, select2, select3};

use crate::support::{Program, completed, event, fired, result, scheduled, started};

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn call(ctx: &OrchestrationContext, name: &str) -> DurableFuture<Result<String, String>> {
    ctx.schedule_activity(name, "")
}

/// Two activities race; what stands behind the race shows who won.
fn race() -> Program {
    Program::new(|ctx| async move {
        let (winner, value) = select2(call(&ctx, "a"), call(&ctx, "b")).await.into_tuple();
        ctx.schedule_activity("after", format!("{winner}:{}", value?))
            .await
    })
}

#[test]
fn a_race_is_won_by_the_branch_recorded_first() {
    for (winner, loser, after) in [(2, 3, "0:w"), (3, 2, "1:w")] {
        let mut live = race().start();
        live.complete(winner, "w");
        assert_eq!(
            live.lines_from(4),
            [
                format!("4 completed {winner}: w"),
                format!("5 cancel {loser}: dropped_future"),
                format!("6 call after({after})"),
            ]
        );
        live.complete(loser, "too late");
        live.complete(6, "end");
        assert_eq!(live.lines_from(7), ["7 completed 6: end", "8 done: end"]);
        live.check();
    }
}

#[test]
fn a_race_in_one_batch_is_won_by_the_first_message() {
    let mut live = race().start();
    let turn = live.send_all([completed(3, "b"), completed(2, "a"), completed(6, "end")]);
    assert_eq!(turn.consumed, 3);
    assert_eq!(live.lines().last().unwrap(), "8 done: end");
    assert_eq!(live.lines()[5], "6 call after(1:b)");
    live.check();
}

#[test]
fn a_lost_race_is_never_won_on_replay() {
    // The answer of the loser is not in the history, and must not be accepted into it.
    let mut live = race().start();
    live.complete(3, "b");
    let mut history = live.history.clone();
    history.push(event(7, Some(2), result("late")));
    assert_eq!(race().refusal(&history).event_id.0, 7);
}

#[test]
fn a_tie_goes_to_the_earlier_branch() {
    // Both are answered before the race begins: it is over at its first poll.
    let program = Program::new(|ctx| async move {
        let (a, b) = (call(&ctx, "a"), call(&ctx, "b"));
        call(&ctx, "gate").await?;
        let (winner, _) = select2(b, a).await.into_tuple();
        Ok(winner.to_string())
    });
    let mut live = program.start();
    live.complete(2, "");
    live.complete(3, "");
    live.complete(4, "");
    assert_eq!(live.lines().last().unwrap(), "8 done: 0");
    live.check();
}

#[test]
fn losers_are_cancelled_once_and_in_the_order_of_their_drop() {
    let program = Program::new(|ctx| async move {
        let timer = ctx.schedule_timer(second(1));
        let first = select3(call(&ctx, "a"), timer, call(&ctx, "b")).await;
        Ok(first.index().to_string())
    });
    let mut live = program.start();
    live.fire(2);
    let mut cancelled = live.lines_from(6);
    assert_eq!(cancelled.pop().unwrap(), "8 done: 1");
    cancelled.sort_by_key(|line| line[2..].to_owned());
    let cancelled: Vec<_> = cancelled.iter().map(|line| &line[2..]).collect();
    assert_eq!(
        cancelled,
        ["cancel 3: dropped_future", "cancel 4: dropped_future"]
    );
    live.check();
}

#[test]
fn select_all_cancels_every_loser_at_once() {
    let program = Program::new(|ctx| async move {
        let calls: Vec<_> = (0..4)
            .map(|n| ctx.schedule_activity("w", n.to_string()))
            .collect();
        let (winner, _) = select_all(calls).await;
        ctx.schedule_activity("after", winner.to_string()).await
    });
    let mut live = program.start();
    live.complete(4, "x");
    assert_eq!(
        live.lines_from(6),
        [
            "6 completed 4: x",
            "7 cancel 2: dropped_future",
            "8 cancel 3: dropped_future",
            "9 cancel 5: dropped_future",
            "10 call after(2)",
        ]
    );
    live.check();
}

#[test]
fn scheduled_and_dropped_in_one_turn_asks_nothing_of_the_world() {
    let program = Program::new(|ctx| async move {
        drop(call(&ctx, "never"));
        drop(ctx.schedule_timer(second(1)));
        call(&ctx, "real").await
    });
    let live = program.start();
    assert_eq!(live.history.len(), 6);
    assert_eq!(
        format!("{:?}", live.actions),
        "[StartActivity { source: EventId(6) }]"
    );
    live.check();
}

#[test]
fn scheduled_in_one_turn_and_dropped_in_the_next_is_started_then_cancelled() {
    let mut live = race().start();
    assert_eq!(live.actions.len(), 2);
    let turn = live.complete(2, "w");
    assert_eq!(
        format!("{:?}", turn.actions),
        "[CancelActivity { source: EventId(3) }, StartActivity { source: EventId(6) }]"
    );
}

#[test]
fn nested_races_cancel_what_is_inside_the_loser() {
    let program = Program::new(|ctx| async move {
        let inner = async {
            let _kept = ctx.schedule_timer(second(9));
            select2(call(&ctx, "a"), call(&ctx, "b"))
                .await
                .into_tuple()
                .1
        };
        let outer = select2(inner, call(&ctx, "c")).await;
        Ok(outer.is_second().to_string())
    });
    let mut live = program.start();
    // `c` is asked for first: it is made eagerly, the block around the others at its first poll.
    live.complete(2, "c");
    assert_eq!(live.lines().last().unwrap(), "10 done: true");
    for source in [3, 4, 5] {
        let cancellations = live
            .lines()
            .iter()
            .filter(|line| line.contains(&format!(" {source}: dropped")))
            .count();
        assert_eq!(cancellations, 1);
    }
    live.check();
}

#[test]
fn what_is_open_at_the_end_is_cancelled_before_the_terminal_event() {
    let program = Program::new(|ctx| async move {
        let _kept = call(&ctx, "kept");
        let forgotten = call(&ctx, "forgotten");
        std::mem::forget(forgotten);
        call(&ctx, "awaited").await
    });
    let mut live = program.start();
    live.complete(4, "x");
    assert_eq!(
        live.lines_from(5),
        [
            "5 completed 4: x",
            "6 cancel 2: dropped_future",
            "7 cancel 3: orchestration_terminal_completed",
            "8 done: x",
        ]
    );
    live.check();
}

#[test]
fn a_mapped_future_is_the_same_operation() {
    let program = Program::new(|ctx| async move {
        let long = call(&ctx, "a")
            .map(|it| it.map(|text| text.len()))
            .map(|it| it.unwrap_or(99));
        drop(call(&ctx, "b").map(|_| ()));
        Ok(long.await.to_string())
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        ["2 call a()", "3 call b()", "4 cancel 3: dropped_future"]
    );
    live.complete(2, "four");
    assert_eq!(live.lines().last().unwrap(), "6 done: 4");
    live.check();
}

#[test]
fn a_future_whose_answer_is_there_is_dropped_without_a_cancellation() {
    let program = Program::new(|ctx| async move {
        let unread = call(&ctx, "unread");
        call(&ctx, "gate").await?;
        drop(unread);
        Ok(String::new())
    });
    let mut live = program.start();
    live.complete(2, "answer");
    live.complete(3, "");
    assert_eq!(
        live.lines_from(4),
        ["4 completed 2: answer", "5 completed 3: ", "6 done: "]
    );
    live.check();
}

fn with_timeout() -> Program {
    Program::new(|ctx| async move {
        let limited = ctx.timeout(second(1), call(&ctx, "slow"));
        match limited.await {
            Ok(answer) => answer,
            Err(elapsed) => Err(elapsed.to_string()),
        }
    })
}

#[test]
fn a_timeout_that_is_met_cancels_its_timer() {
    let mut live = with_timeout().start();
    live.complete(2, "ok");
    assert_eq!(
        live.lines_from(5),
        ["5 stop 3: dropped_future", "6 done: ok"]
    );
    live.check();
}

#[test]
fn a_timeout_that_runs_out_cancels_the_work() {
    let mut live = with_timeout().start();
    live.fire(3);
    live.complete(2, "late");
    assert_eq!(
        live.lines_from(5),
        ["5 cancel 2: dropped_future", "6 failed: the time ran out"]
    );
    live.check();
}

#[test]
fn the_answer_and_the_timeout_in_one_batch_are_decided_by_their_order() {
    for (batch, end) in [
        ([completed(2, "ok"), fired(3, 2_000)], "6 done: ok"),
        (
            [fired(3, 2_000), completed(2, "ok")],
            "6 failed: the time ran out",
        ),
    ] {
        let mut live = with_timeout().start();
        let turn = live.send_all(batch);
        assert_eq!(
            turn.consumed, 1,
            "the rest follows the rules of an ended execution"
        );
        assert_eq!(live.lines().last().unwrap(), end);
        live.check();
    }
}

#[test]
fn a_history_decides_the_race_whatever_the_branches_order() {
    let history = [
        event(1, None, started()),
        event(2, None, scheduled("slow", "")),
        event(3, None, scheduled("fast", "")),
        event(4, Some(3), result("fast wins")),
    ];
    let program = Program::new(|ctx| async move {
        match select2(call(&ctx, "slow"), call(&ctx, "fast")).await {
            Either2::First(text) | Either2::Second(text) => text,
        }
    });
    let refused = program.replay(&history).unwrap();
    assert!(!refused.is_ended(), "the end is not recorded yet");
    let mut full = history.to_vec();
    full.push(event(
        5,
        Some(2),
        duroxide::EventKind::ActivityCancelRequested {
            reason: "dropped_future".to_owned(),
        },
    ));
    full.push(event(
        6,
        None,
        duroxide::EventKind::OrchestrationCompleted {
            output: "fast wins".to_owned(),
        },
    ));
    assert!(program.replay(&full).unwrap().is_ended());
}
