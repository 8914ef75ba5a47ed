//! Code that does not come to rest ends with an error that says so, the same on replay.

use std::time::Duration;

use duroxide::OrchestrationContext;
use duroxide::engine::Outcome;
use duroxide::history::{AppErrorKind, ErrorDetails};
use futures::future::FutureExt;

use crate::support::{Live, Program};

fn bounded<F, Fut>(code: F) -> Program
where
    F: Fn(OrchestrationContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    Program::new(code).with_budget(50, 10)
}

#[track_caller]
fn assert_over_budget(live: &Live, words: &str) {
    let Outcome::Failed(details) = &live.outcome else {
        panic!("{:?}", live.outcome);
    };
    let kind = AppErrorKind::OrchestrationFailed;
    assert!(matches!(details, ErrorDetails::Application { kind: it, .. } if *it == kind));
    assert!(details.to_string().contains(words), "{details}");
    live.check();
}

#[test]
fn code_that_wakes_itself_for_ever() {
    let program = bounded(|ctx| async move {
        let _open = ctx.schedule_activity("open", "");
        std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await
    });
    let live = program.start();
    assert_over_budget(&live, "never came to rest");
    assert_eq!(live.history.len(), 2, "what it asked for is taken back");
    assert_eq!(live.actions, []);
}

#[test]
fn code_that_asks_for_more_and_more_and_then_waits() {
    let program = bounded(|ctx| async move {
        let calls: Vec<_> = (0..11).map(|_| ctx.schedule_activity("more", "")).collect();
        futures::future::join_all(calls).await;
        Ok(String::new())
    });
    let live = program.start();
    assert_over_budget(&live, "asked for too many things");
    assert_eq!(live.history.len(), 2);
}

#[test]
fn as_many_requests_as_allowed_are_allowed() {
    let program = bounded(|ctx| async move {
        let calls: Vec<_> = (0..10).map(|_| ctx.schedule_activity("more", "")).collect();
        futures::future::join_all(calls).await;
        Ok(String::new())
    });
    let mut live = program.start();
    assert_eq!(live.actions.len(), 10);
    (2..12).for_each(|source| {
        live.complete(source, "");
    });
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    live.check();
}

#[test]
fn code_that_asks_in_a_loop_without_ever_waiting() {
    let program = bounded(|ctx| async move {
        loop {
            drop(ctx.schedule_activity("again", ""));
            drop(ctx.schedule_timer(Duration::ZERO));
        }
    });
    assert_over_budget(&program.start(), "asked for too many things");
}

#[test]
fn a_first_call_that_asks_in_a_loop() {
    fn endless(ctx: &OrchestrationContext) -> std::future::Ready<Result<String, String>> {
        loop {
            std::mem::forget(ctx.schedule_activity("again", ""));
        }
    }
    assert_over_budget(
        &bounded(|ctx| endless(&ctx)).start(),
        "asked for too many things",
    );
}

#[test]
fn what_was_open_before_is_cancelled_even_if_the_code_dropped_it_over_its_budget() {
    let program = bounded(|ctx| async move {
        let early = ctx.schedule_activity("early", "");
        let late = ctx.schedule_activity("late", "");
        ctx.schedule_activity("gate", "").await?;
        drop(early);
        let calls: Vec<_> = (0..30).map(|_| ctx.schedule_activity("more", "")).collect();
        drop(late);
        futures::future::join_all(calls).await;
        Ok(String::new())
    });
    let mut live = program.start();
    let turn = live.complete(4, "");
    assert_over_budget(&live, "asked for too many things");
    assert_eq!(
        live.lines_from(5)[..3],
        [
            "5 completed 4: ",
            "6 cancel 2: orchestration_terminal_failed",
            "7 cancel 3: orchestration_terminal_failed",
        ]
    );
    assert_eq!(turn.actions.len(), 2);
}

#[test]
fn a_polling_loop_over_a_durable_future_is_bounded() {
    let program = bounded(|ctx| async move {
        let mut call = ctx.schedule_activity("a", "");
        loop {
            if let Some(answer) = (&mut call).now_or_never() {
                return answer;
            }
            futures::pending!();
        }
    });
    // Each pass waits without a waker of the root: nothing durable is awaited by it.
    let mut live = program.start();
    live.complete(2, "x");
    assert_eq!(live.outcome, Outcome::Completed("x".to_owned()));
    live.check();
}

#[test]
fn the_budget_is_per_message() {
    let program = Program::new(|ctx| async move {
        for round in 0..20_u32 {
            let calls = (0..9).map(|_| ctx.schedule_activity("work", round.to_string()));
            duroxide::select_all(calls.collect::<Vec<_>>()).await.1?;
        }
        Ok(String::new())
    })
    // Nine calls, and the eight losers of the round before.
    .with_budget(50, 17);
    let mut live = program.start();
    while live.outcome == Outcome::Pending {
        let last = live.history.last().unwrap().event_id.0;
        live.complete(last, "");
    }
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    live.check();
}
