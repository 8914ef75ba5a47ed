//! What is too large is an error before anything is written.

use duroxide::engine::{Limits, Outcome};
use duroxide::history::ErrorDetails;

use crate::support::{Program, cancel, completed, raised};

fn small() -> Limits {
    Limits {
        payload_bytes: 10,
        ..Limits::default()
    }
}

#[test]
fn a_call_with_an_input_that_is_too_long_is_refused_and_can_be_caught() {
    let program = Program::new(|ctx| async move {
        let long = "x".repeat(11);
        let activity = ctx.schedule_activity("a", long.clone()).await.unwrap_err();
        let child = ctx.schedule_sub_orchestration("c", long.clone()).await;
        let policy = duroxide::RetryPolicy::new(3).with_timeout(std::time::Duration::from_secs(1));
        let retried = ctx.schedule_activity_with_retry("r", long, policy).await;
        ctx.schedule_activity("just", "x".repeat(10)).await?;
        assert_eq!(
            activity,
            "the input of the activity `a` has 11 bytes; 10 are allowed"
        );
        assert_eq!(
            child.unwrap_err(),
            "the input of the orchestration `c` has 11 bytes; 10 are allowed"
        );
        assert_eq!(
            retried.unwrap_err(),
            "the input of the activity `r` has 11 bytes; 10 are allowed"
        );
        Ok(String::new())
    });
    let mut live = program.with_limits(small()).start();
    assert_eq!(live.lines_from(2), ["2 call just(xxxxxxxxxx)"]);
    live.complete(2, "");
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    live.check();
}

#[test]
fn an_output_error_or_next_input_that_is_too_long_fails_the_instance() {
    for (end, problem) in [
        (
            "ok",
            "the output of the orchestration `test` has 11 bytes; 10 are allowed",
        ),
        (
            "err",
            "the error of the orchestration `test` has 11 bytes; 10 are allowed",
        ),
        (
            "again",
            "the input of the orchestration `test` has 11 bytes; 10 are allowed",
        ),
    ] {
        let program = Program::new(move |ctx| async move {
            let long = "x".repeat(11);
            match end {
                "ok" => Ok(long),
                "err" => Err(long),
                _ => ctx.continue_as_new(long).await,
            }
        });
        let live = program.with_limits(small()).start();
        assert_eq!(live.lines_from(2), [format!("2 failed: {problem}")]);
        live.check();
    }
}

#[test]
fn an_output_or_error_of_just_the_allowed_length_is_kept() {
    for is_error in [false, true] {
        let program = Program::new(move |_| async move {
            let text = "x".repeat(10);
            if is_error { Err(text) } else { Ok(text) }
        });
        let live = program.with_limits(small()).start();
        let end = if is_error { "failed" } else { "done" };
        assert_eq!(live.lines_from(2), [format!("2 {end}: xxxxxxxxxx")]);
        live.check();
    }
}

fn short(events: u64) -> Limits {
    Limits {
        history_events: events,
        ..Limits::default()
    }
}

/// Goes round and round.
fn rounds() -> Program {
    Program::new(|ctx| async move {
        loop {
            ctx.schedule_activity("a", "").await?;
        }
    })
}

#[test]
fn a_history_that_is_full_takes_no_further_message_and_says_who_must_act() {
    for message in [completed(6, ""), raised("e", ""), cancel("enough")] {
        let mut live = rounds().with_limits(short(6)).start();
        live.complete(2, "");
        live.complete(4, "");
        assert_eq!((live.history.len(), &live.outcome), (6, &Outcome::Pending));
        let turn = live.send(message);
        assert_eq!(turn.consumed, 1);
        assert_eq!(live.lines()[6], "7 cancel 6: orchestration_terminal_failed");
        let ErrorDetails::Infrastructure { message, .. } = live.failure() else {
            panic!("{:?}", live.failure());
        };
        assert!(message.contains("6 events; 6 are allowed"), "{message}");
        assert!(message.contains("continue as new"), "{message}");
        live.check();
    }
}

#[test]
fn a_message_that_fills_the_history_beyond_its_limit_is_whole() {
    let program = Program::new(|ctx| async move {
        let calls: Vec<_> = (0..10).map(|_| ctx.schedule_activity("a", "")).collect();
        duroxide::join_all(calls).await;
        Ok(String::new())
    });
    let mut live = program.with_limits(short(5)).start();
    assert_eq!(live.history.len(), 11);
    live.complete(2, "");
    assert!(
        live.failure()
            .to_string()
            .contains("11 events; 5 are allowed")
    );
    live.check();
}

#[test]
fn a_turn_that_is_full_leaves_the_rest_of_the_messages() {
    let program = Program::new(|ctx| async move {
        let calls: Vec<_> = (0..3).map(|_| ctx.schedule_activity("a", "")).collect();
        duroxide::join_all(calls).await;
        Ok(String::new())
    });
    let answers = || [completed(2, "xx"), completed(3, "xx"), completed(4, "xx")];
    for (limits, taken) in [
        (Limits::default(), 3),
        (
            Limits {
                turn_events: 2,
                ..Limits::default()
            },
            2,
        ),
        (
            Limits {
                turn_bytes: 3,
                ..Limits::default()
            },
            2,
        ),
        // One message gets through in any case.
        (
            Limits {
                turn_events: 0,
                ..Limits::default()
            },
            1,
        ),
    ] {
        let mut live = program.clone().with_limits(limits.clone()).start();
        let turn = live.send_all(answers());
        assert_eq!(turn.consumed, taken, "{limits:?}");
    }
}

#[test]
fn an_execution_that_continues_as_new_in_time_meets_no_limit() {
    let program = Program::with_input(|ctx, input| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.continue_as_new(format!("{input}x")).await
    });
    let mut live = program.with_limits(short(3)).start();
    live.complete(2, "");
    assert_eq!(live.lines_from(3), ["3 completed 2: ", "4 again: x"]);
    live.check();
}
