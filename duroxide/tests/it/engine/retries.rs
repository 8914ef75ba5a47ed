//! A call that is retried: which events, in which order, and what the code gets.

use std::time::Duration;

use duroxide::history::{AppErrorKind, ErrorDetails, EventId, ExecutionId, Message};
use duroxide::{BackoffStrategy, OrchestrationContext, RetryPolicy, join2, select2};

use crate::support::{Live, Program, completed, failed, fired, start};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Three attempts, pauses of 100 ms and 200 ms.
fn policy() -> RetryPolicy {
    RetryPolicy::new(3)
}

fn call(policy: RetryPolicy) -> Program {
    Program::new(move |ctx| ctx.schedule_activity_with_retry("pay", "1", policy.clone()))
}

/// A call whose time-outs are retried, as those of annotated activities are.
fn typed(policy: RetryPolicy) -> Program {
    Program::new(move |ctx| {
        let call = typed_call(&ctx, policy.clone());
        async move { Ok(call.await?.to_string()) }
    })
}

#[expect(
    clippy::unused_async,
    reason = "the body runs nowhere: only the call is of interest"
)]
#[duroxide::activity(name = "pay")]
async fn pay(_ctx: &duroxide::ActivityContext, cents: u64) -> Result<u64, String> {
    Ok(cents)
}

fn typed_call(
    ctx: &OrchestrationContext,
    policy: RetryPolicy,
) -> duroxide::DurableFuture<Result<u64, duroxide::CallError<String>>> {
    pay(ctx, 1).retry(policy).schedule()
}

/// Messages at moments of their own.
fn at_moments<const N: usize>(program: &Program, messages: [(u64, Message); N]) -> Live {
    let mut live = Live::new(program.clone());
    live.send_at(0, start(""));
    for (moment, message) in messages {
        live.send_at(moment, message);
    }
    live
}

fn ended_with(source: u64, kind: AppErrorKind) -> Message {
    Message::ActivityFailed {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        details: ErrorDetails::application(kind, "no"),
    }
}

#[test]
fn an_activity_that_fails_twice_is_attempted_three_times() {
    let live = at_moments(
        &call(policy()),
        [
            (10, failed(2, "busy")),
            (110, fired(4, 110)),
            (120, failed(6, "busy")),
            (320, fired(8, 320)),
            (330, completed(10, "paid")),
        ],
    );
    assert_eq!(
        live.lines(),
        [
            "1 start: ",
            "2 call pay(1)",
            "3 refused 2: busy",
            "4 timer 110",
            "5 fired 4",
            "6 attempt 2 of 2 pay(1)",
            "7 refused 6: busy",
            "8 timer 320",
            "9 fired 8",
            "10 attempt 3 of 2 pay(1)",
            "11 completed 10: paid",
            "12 done: paid",
        ]
    );
    live.check();
}

#[test]
fn a_call_ends_with_the_error_of_its_last_attempt() {
    let without_pauses = policy().with_backoff(BackoffStrategy::None);
    let live = at_moments(
        &call(without_pauses),
        [
            (10, failed(2, "one")),
            (20, ended_with(4, AppErrorKind::Panicked)),
            (30, failed(6, "three")),
        ],
    );
    assert_eq!(
        live.lines_from(3),
        [
            "3 refused 2: one",
            "4 attempt 2 of 2 pay(1)",
            "5 refused 4: orchestration panicked: no",
            "6 attempt 3 of 2 pay(1)",
            "7 refused 6: three",
            "8 failed: three",
        ]
    );
    live.check();
}

#[test]
fn what_was_refused_is_not_tried_again() {
    let live = at_moments(
        &call(policy()),
        [(10, ended_with(2, AppErrorKind::Rejected))],
    );
    assert_eq!(live.lines_from(3), ["3 refused 2: no", "4 failed: no"]);
    live.check();
}

#[test]
fn an_attempt_that_takes_too_long_is_cancelled_and_retried() {
    let live = at_moments(
        &typed(policy().with_timeout(ms(50))),
        [
            (50, fired(3, 50)),
            (150, fired(6, 150)),
            (160, completed(8, "7")),
        ],
    );
    assert_eq!(
        live.lines_from(2),
        [
            "2 call pay(1)",
            "3 timer 50",
            "4 fired 3",
            "5 cancel 2: dropped_future",
            "6 timer 150",
            "7 fired 6",
            "8 attempt 2 of 2 pay(1)",
            "9 timer 200",
            "10 completed 8: 7",
            "11 stop 9: dropped_future",
            "12 done: 7",
        ]
    );
    live.check();
}

#[test]
fn a_time_out_of_the_last_attempt_is_that_of_the_call() {
    let policy = RetryPolicy::new(2)
        .with_backoff(BackoffStrategy::None)
        .with_timeout(ms(50));
    let live = at_moments(&typed(policy), [(50, fired(3, 50)), (100, fired(7, 100))]);
    assert_eq!(
        live.lines_from(5),
        [
            "5 cancel 2: dropped_future",
            "6 attempt 2 of 2 pay(1)",
            "7 timer 100",
            "8 fired 7",
            "9 cancel 6: dropped_future",
            "10 failed: timed out",
        ]
    );
    live.check();
}

#[test]
fn in_the_dynamic_layer_a_time_out_ends_the_call() {
    let live = at_moments(&call(policy().with_timeout(ms(50))), [(50, fired(3, 50))]);
    assert_eq!(
        live.lines_from(4),
        [
            "4 fired 3",
            "5 cancel 2: dropped_future",
            "6 failed: timeout: activity timed out",
        ]
    );
    live.check();
}

#[test]
fn the_total_time_cuts_an_attempt_short() {
    let policy = policy().with_timeout(ms(100)).with_total_timeout(ms(150));
    let live = at_moments(
        &typed(policy),
        [
            (20, failed(2, "busy")),
            (120, fired(6, 120)),
            // Of the attempt's 100 ms there were 30 left.
            (150, fired(9, 150)),
        ],
    );
    assert_eq!(
        live.lines_from(3),
        [
            "3 timer 100",
            "4 refused 2: busy",
            "5 stop 3: dropped_future",
            "6 timer 120",
            "7 fired 6",
            "8 attempt 2 of 2 pay(1)",
            "9 timer 150",
            "10 fired 9",
            "11 cancel 8: dropped_future",
            "12 failed: timed out",
        ]
    );
    live.check();
}

#[test]
fn an_attempt_that_could_only_begin_too_late_is_not_waited_for() {
    let live = at_moments(
        &typed(policy().with_total_timeout(ms(150))),
        [(50, failed(2, "busy"))],
    );
    assert_eq!(
        live.lines_from(3),
        [
            "3 timer 150",
            "4 refused 2: busy",
            "5 stop 3: dropped_future",
            "6 failed: busy",
        ]
    );
    live.check();
}

#[test]
fn a_pause_that_ends_behind_the_total_time_is_not_followed_by_an_attempt() {
    // The process was down when the pause was over.
    let live = at_moments(
        &typed(policy().with_total_timeout(ms(150))),
        [(20, failed(2, "busy")), (9_000, fired(6, 120))],
    );
    assert_eq!(
        live.lines_from(6),
        ["6 timer 120", "7 fired 6", "8 failed: busy"]
    );
    live.check();
}

#[test]
fn a_timer_that_fires_before_its_time_by_the_clock_of_the_worker_counts() {
    let live = at_moments(
        &typed(policy().with_total_timeout(ms(50))),
        [(30, fired(3, 50))],
    );
    assert_eq!(
        live.lines_from(4),
        [
            "4 fired 3",
            "5 cancel 2: dropped_future",
            "6 failed: timed out"
        ]
    );
    live.check();
}

#[test]
fn one_attempt_may_have_a_limit_too() {
    let live = at_moments(
        &typed(RetryPolicy::new(1).with_timeout(ms(50))),
        [(20, completed(2, "7"))],
    );
    assert_eq!(
        live.lines_from(3),
        [
            "3 timer 50",
            "4 completed 2: 7",
            "5 stop 3: dropped_future",
            "6 done: 7"
        ]
    );
    live.check();
    let plain = at_moments(&call(RetryPolicy::new(1)), [(20, failed(2, "no"))]);
    assert_eq!(plain.lines_from(3), ["3 refused 2: no", "4 failed: no"]);
    plain.check();
}

#[test]
fn a_policy_without_an_attempt_is_an_error_and_no_panic() {
    for program in [call(RetryPolicy::new(0)), typed(RetryPolicy::new(0))] {
        let live = at_moments(&program, []);
        let [_, end] = live.lines().try_into().unwrap();
        assert!(
            end.ends_with("the call of `pay` allows no attempt"),
            "{end}"
        );
        live.check();
    }
}

/// The call loses against an activity.
fn loser(policy: RetryPolicy) -> Program {
    Program::new(move |ctx| {
        let winner = ctx.schedule_activity("winner", "");
        let call = ctx.schedule_activity_with_retry("pay", "1", policy.clone());
        async move {
            let first = select2(call, winner).await;
            ctx.schedule_activity("after", first.index().to_string())
                .await
        }
    })
}

#[test]
fn dropped_during_an_attempt_it_cancels_the_attempt_and_its_limit_once() {
    let live = at_moments(
        &loser(policy().with_timeout(ms(50))),
        [(10, completed(2, "first")), (20, completed(8, "end"))],
    );
    assert_eq!(
        live.lines_from(2),
        [
            "2 call winner()",
            "3 call pay(1)",
            "4 timer 50",
            "5 completed 2: first",
            "6 cancel 3: dropped_future",
            "7 stop 4: dropped_future",
            "8 call after(1)",
            "9 completed 8: end",
            "10 done: end",
        ]
    );
    live.check();
}

#[test]
fn dropped_during_a_pause_it_cancels_the_pause_once() {
    let live = at_moments(
        &loser(policy()),
        [(10, failed(3, "busy")), (20, completed(2, "first"))],
    );
    assert_eq!(
        live.lines_from(4),
        [
            "4 refused 3: busy",
            "5 timer 110",
            "6 completed 2: first",
            "7 stop 5: dropped_future",
            "8 call after(1)",
        ]
    );
    live.check();
}

#[test]
fn the_end_of_the_code_cancels_what_is_open_of_a_forgotten_call() {
    let program = Program::new(|ctx| async move {
        let policy = policy().with_timeout(ms(50));
        std::mem::forget(ctx.schedule_activity_with_retry("pay", "1", policy));
        ctx.schedule_activity("other", "").await
    });
    let live = at_moments(&program, [(10, completed(4, "end"))]);
    assert_eq!(
        live.lines_from(5),
        [
            "5 completed 4: end",
            "6 cancel 2: orchestration_terminal_completed",
            "7 stop 3: orchestration_terminal_completed",
            "8 done: end",
        ]
    );
    live.check();
}

#[test]
fn the_first_attempt_is_made_at_once_and_the_others_as_it_is_awaited() {
    let program = Program::new(|ctx| async move {
        let call = ctx.schedule_activity_with_retry("pay", "1", policy());
        ctx.schedule_activity("other", "").await?;
        call.await
    });
    let live = at_moments(
        &program,
        [(10, failed(2, "busy")), (500, completed(3, "done"))],
    );
    assert_eq!(
        live.lines_from(2),
        [
            "2 call pay(1)",
            "3 call other()",
            "4 refused 2: busy",
            "5 completed 3: done",
            "6 timer 600",
        ]
    );
    live.check();
}

#[test]
fn two_calls_side_by_side_keep_their_attempts_apart() {
    let program = Program::new(|ctx| async move {
        let policy = policy().with_backoff(BackoffStrategy::None);
        let [a, b] =
            ["a", "b"].map(|name| ctx.schedule_activity_with_retry(name, "", policy.clone()));
        let (a, b) = join2(a, b).await;
        Ok(a? + &b?)
    });
    let live = at_moments(
        &program,
        [
            (10, failed(3, "busy")),
            (20, failed(2, "busy")),
            (30, completed(7, "A")),
            (40, completed(5, "B")),
        ],
    );
    assert_eq!(
        live.lines_from(4),
        [
            "4 refused 3: busy",
            "5 attempt 2 of 3 b()",
            "6 refused 2: busy",
            "7 attempt 2 of 2 a()",
            "8 completed 7: A",
            "9 completed 5: B",
            "10 done: AB",
        ]
    );
    live.check();
}

#[test]
fn jitter_comes_from_the_seed_and_shortens_the_pause() {
    let live = at_moments(&call(policy().with_jitter(0.5)), [(10, failed(2, "busy"))]);
    let timer = live.lines_from(4).remove(0);
    let due: u64 = timer.strip_prefix("4 timer ").unwrap().parse().unwrap();
    assert!((60..110).contains(&due), "{timer}");
    live.check();
}

#[test]
fn another_policy_is_another_code() {
    let history = at_moments(&call(policy()), [(10, failed(2, "busy"))]).history;
    for (other, words) in [
        (
            policy().with_backoff(BackoffStrategy::Fixed { delay: ms(50) }),
            "replayed: a timer due at 60 ms",
        ),
        (
            policy().with_backoff(BackoffStrategy::None),
            "replayed: a call of the activity `pay` with the input `1`, attempt 2 of the call 2",
        ),
        (RetryPolicy::new(1), "replayed: the end with the error"),
        (
            policy().with_timeout(ms(50)),
            "replayed: a timer due at 50 ms",
        ),
    ] {
        let found = call(other).refusal(&history).to_string();
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn the_number_of_an_attempt_is_part_of_what_is_recorded() {
    let without_pauses = policy().with_backoff(BackoffStrategy::None);
    let program = call(without_pauses);
    let history = at_moments(&program, [(10, failed(2, "busy"))]).history;
    program.replay(&history).unwrap();
    // A loop of calls asks for the same, but for new calls.
    let by_hand = Program::new(|ctx| async move {
        let first = ctx.schedule_activity("pay", "1").await;
        first.or(ctx.schedule_activity("pay", "1").await)
    });
    let found = by_hand.refusal(&history);
    assert_eq!(found.event_id, EventId(4));
    assert!(
        found.recorded.ends_with("attempt 2 of the call 2"),
        "{found}"
    );
}
