//! Positional events: the oldest open wait has the event; without one it is recorded, and lost.

use std::time::Duration;

use duroxide::engine::{Outcome, run_turn};
use duroxide::{AppErrorKind, Either2, ErrorDetails, OrchestrationContext, join2, select2};
use futures::future::BoxFuture;

use crate::support::{Live, Program, at, completed, event, raised, start, started};

#[test]
fn a_wait_gets_the_event_and_asks_nothing_of_the_world() {
    let program = Program::new(|ctx| async move { Ok(ctx.schedule_wait("go").await) });
    let mut live = program.start();
    live.send(raised("go", "now"));
    assert_eq!(
        live.lines(),
        ["1 start: ", "2 wait go", "3 event go: now", "4 done: now"]
    );
    assert_eq!(live.actions, []);
    live.check();
}

#[test]
fn the_oldest_wait_has_the_first_event() {
    let program = Program::new(|ctx| async move {
        let (a, b) = (ctx.schedule_wait("go"), ctx.schedule_wait("go"));
        let (b, a) = join2(b, a).await;
        Ok(format!("{a} {b}"))
    });
    let mut live = program.start();
    live.send_all([raised("go", "1"), raised("stop", "-"), raised("go", "2")]);
    assert_eq!(live.outcome, Outcome::Completed("1 2".to_owned()));
    live.check();
}

#[test]
fn an_event_without_a_wait_reaches_nobody() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        Ok(ctx.schedule_wait("go").await)
    });
    let mut live = program.start();
    live.send(raised("go", "early"));
    live.complete(2, "");
    assert_eq!(live.outcome, Outcome::Pending);
    live.send(raised("go", "right"));
    assert_eq!(live.lines_from(3)[0], "3 event go: early");
    assert_eq!(live.outcome, Outcome::Completed("right".to_owned()));
    live.check();
}

#[test]
fn a_dropped_wait_is_passed_over_and_cancelled_once() {
    let program = Program::new(|ctx| async move {
        let dropped = ctx.schedule_wait("go");
        let kept = ctx.schedule_wait("go");
        drop(dropped);
        Ok(kept.await)
    });
    let mut live = program.start();
    live.send(raised("go", "x"));
    assert_eq!(
        live.lines_from(2),
        [
            "2 wait go",
            "3 wait go",
            "4 unwait 2: dropped_future",
            "5 event go: x",
            "6 done: x"
        ]
    );
    live.check();
}

#[test]
fn an_event_given_to_a_wait_that_is_dropped_unread_is_lost() {
    let program = Program::new(|ctx| async move {
        let unread = ctx.schedule_wait("go");
        ctx.schedule_activity("a", "").await?;
        drop(unread);
        Ok(ctx.schedule_wait("go").await)
    });
    let mut live = program.start();
    live.send(raised("go", "lost"));
    live.complete(3, "");
    live.send(raised("go", "found"));
    assert_eq!(live.outcome, Outcome::Completed("found".to_owned()));
    assert!(
        !live.lines().iter().any(|line| line.contains("unwait")),
        "it was answered: {:?}",
        live.lines()
    );
    live.check();
}

#[test]
fn a_race_with_a_timer_is_won_by_what_is_recorded_first() {
    let program = Program::new(|ctx| async move {
        let wait = ctx.schedule_wait("approved");
        let timer = ctx.schedule_timer(Duration::from_secs(1));
        Ok(match select2(wait, timer).await {
            Either2::First(by) => by,
            Either2::Second(()) => "nobody".to_owned(),
        })
    });
    let mut in_time = program.start();
    in_time.send(raised("approved", "ann"));
    assert_eq!(
        in_time.lines_from(4),
        [
            "4 event approved: ann",
            "5 stop 3: dropped_future",
            "6 done: ann"
        ]
    );
    in_time.check();
    let mut late = program.start();
    late.fire(3);
    assert_eq!(
        late.lines_from(4),
        ["4 fired 3", "5 unwait 2: dropped_future", "6 done: nobody"]
    );
    late.check();
}

#[test]
fn the_end_cancels_what_still_waits() {
    let program = Program::new(|ctx| async move {
        std::mem::forget(ctx.schedule_wait("go"));
        std::mem::forget(ctx.dequeue_event("q"));
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.start();
    live.complete(4, "x");
    assert_eq!(
        live.lines_from(5),
        [
            "5 completed 4: x",
            "6 unwait 2: orchestration_terminal_completed",
            "7 undequeue 3: orchestration_terminal_completed",
            "8 done: x"
        ]
    );
    live.check();
}

#[test]
fn before_the_start_events_are_left_where_they_are() {
    let program = Program::new(|ctx| async move { Ok(ctx.dequeue_event("q").await) });
    let mut live = Live::new(program);
    let early = [crate::support::queued("q", "x"), start("")];
    let turn = run_turn(&mut live.execution, early.map(|it| (it, at(5))));
    assert_eq!((turn.consumed, turn.history_delta.len()), (0, 0));
    // Answers to earlier executions may be done with meanwhile.
    let noise = [completed(3, ""), raised("go", "")];
    let turn = run_turn(&mut live.execution, noise.map(|it| (it, at(6))));
    assert_eq!((turn.consumed, turn.history_delta.len()), (1, 0));
    live.send_all([start(""), crate::support::queued("q", "x")]);
    assert_eq!(live.outcome, Outcome::Completed("x".to_owned()));
    live.check();
}

#[test]
fn a_recorded_event_has_no_source_and_follows_the_start() {
    use duroxide::history::EventKind;
    let program = Program::new(|ctx| async move { Ok(ctx.schedule_wait("go").await) });
    let wait = EventKind::ExternalSubscribed {
        name: "go".to_owned(),
    };
    let arrived = EventKind::ExternalEvent {
        name: "go".to_owned(),
        data: String::new(),
    };
    let with_source = [
        event(1, None, started()),
        event(2, None, wait),
        event(3, Some(2), arrived.clone()),
    ];
    assert_eq!(program.refusal(&with_source).event_id.0, 3);
    assert_eq!(program.refusal(&[event(1, None, arrived)]).event_id.0, 1);
}

#[test]
fn another_name_or_kind_of_wait_is_nondeterminism() {
    let wait = |name: &'static str| {
        Program::new(move |ctx| async move { Ok(ctx.schedule_wait(name).await) })
    };
    let history = wait("go").start().history;
    let refusal = wait("stop").refusal(&history);
    assert!(
        refusal.to_string().starts_with(
            "event 2: recorded: a wait for the event `go`; replayed: a wait for the event `stop`"
        ),
        "{refusal}"
    );
    let queue = Program::new(|ctx| async move { Ok(ctx.dequeue_event("go").await) });
    assert_eq!(queue.refusal(&history).event_id.0, 2);
}

#[test]
fn a_wait_for_a_name_that_no_event_can_have_ends_the_instance() {
    let long = "x".repeat(129);
    for (name, problem) in [
        ("never mind", "contains ' '"),
        ("", "is empty"),
        ("__own", "starts with `__`"),
        (long.as_str(), "129 bytes"),
    ] {
        for wait in [positional, queued, typed, queued_typed] {
            let name = name.to_owned();
            let program = Program::new(move |ctx| wait(ctx, name.clone()));
            let live = program.start();
            let ErrorDetails::Application { kind, message, .. } = live.failure() else {
                panic!("{:?}", live.outcome);
            };
            assert_eq!(kind, AppErrorKind::Rejected);
            assert!(message.contains(problem), "{message}");
            // Nothing stands in the history that nobody could answer.
            assert_eq!(live.history.len(), 2, "{:?}", live.lines());
            live.check();
        }
    }
}

type Waiting = BoxFuture<'static, Result<String, String>>;

fn positional(ctx: OrchestrationContext, name: String) -> Waiting {
    Box::pin(async move { Ok(ctx.schedule_wait(name).await) })
}

fn queued(ctx: OrchestrationContext, name: String) -> Waiting {
    Box::pin(async move { Ok(ctx.dequeue_event(name).await) })
}

fn typed(ctx: OrchestrationContext, name: String) -> Waiting {
    Box::pin(async move { Ok(ctx.schedule_wait_typed(name).await) })
}

fn queued_typed(ctx: OrchestrationContext, name: String) -> Waiting {
    Box::pin(async move { Ok(ctx.dequeue_event_typed(name).await) })
}

#[test]
fn a_wait_with_a_bad_name_fails_with_what_was_not_awaited_too() {
    let program = Program::new(|ctx| async move {
        let _nobody_asks = ctx.schedule_wait("never mind");
        ctx.schedule_activity("a", "").await
    });
    let live = program.start();
    assert!(live.failure().to_string().contains("`never mind`"));
    live.check();
}
