//! Code that does not do what its history says is refused, with the event, both sides and the place.

use std::time::Duration;

use duroxide::engine::Nondeterminism;
use duroxide::history::{Event, EventKind};
use duroxide::{OrchestrationContext, join2};

use crate::support::{Program, at, event, fired, result, scheduled, started};

/// A call of `a`, a timer of one second, a call of `b`.
fn recorded() -> Vec<Event> {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "in").await?;
        ctx.schedule_timer(Duration::from_secs(1)).await;
        ctx.schedule_activity("b", "in").await
    });
    let mut live = program.start();
    live.complete(2, "x");
    live.fire(4);
    live.complete(6, "y");
    live.check();
    live.history
}

fn refusal<F, Fut>(code: F) -> Nondeterminism
where
    F: Fn(OrchestrationContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    Program::new(code).refusal(&recorded())
}

/// Event, recorded, replayed, and that the place is in this file.
#[track_caller]
fn check(found: &Nondeterminism, event_id: u64, recorded: &str, replayed: &str) {
    assert_eq!(found.event_id.0, event_id, "{found}");
    assert!(found.recorded.contains(recorded), "{found}");
    assert!(found.replayed.contains(replayed), "{found}");
    let place = found.at.expect("a place").file();
    assert!(place.ends_with("nondeterminism.rs"), "{place}");
    assert!(found.to_string().contains("nondeterminism.rs:"));
}

#[test]
fn a_changed_name_is_refused_at_the_line_of_the_call() {
    let line = line!() + 1;
    let found = refusal(|ctx| async move { ctx.schedule_activity("renamed", "in").await });
    check(
        &found,
        2,
        "activity `a` with the input `in`",
        "activity `renamed`",
    );
    assert_eq!(found.at.unwrap().line(), line);
}

#[test]
fn a_changed_input_is_refused() {
    let found = refusal(|ctx| async move { ctx.schedule_activity("a", "other").await });
    check(&found, 2, "the input `in`", "the input `other`");
}

#[test]
fn a_changed_delay_is_refused() {
    let found = refusal(|ctx| async move {
        ctx.schedule_activity("a", "in").await?;
        ctx.schedule_timer(Duration::from_secs(2)).await;
        Ok(String::new())
    });
    check(
        &found,
        4,
        "a timer due at 2010 ms",
        "a timer due at 3010 ms",
    );
}

#[test]
fn another_kind_of_call_is_refused() {
    let found = refusal(|ctx| async move {
        ctx.schedule_timer(Duration::ZERO).await;
        Ok(String::new())
    });
    check(&found, 2, "activity `a`", "a timer due at 1000 ms");
}

#[test]
fn swapped_calls_are_refused() {
    let found = refusal(|ctx| async move {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        ctx.schedule_activity("a", "in").await
    });
    check(&found, 2, "activity `a`", "a timer");
}

#[test]
fn a_removed_call_is_refused() {
    let found = refusal(|ctx| async move {
        ctx.schedule_activity("a", "in").await?;
        ctx.schedule_activity("b", "in").await
    });
    check(&found, 4, "a timer", "activity `b`");
}

#[test]
fn an_added_call_is_refused_by_what_follows() {
    let found = refusal(|ctx| async move {
        let added = ctx.schedule_activity("added", "");
        join2(ctx.schedule_activity("a", "in"), added).await.0
    });
    check(&found, 2, "activity `a`", "activity `added`");
    let found = refusal(|ctx| async move {
        let a = ctx.schedule_activity("a", "in");
        join2(a, ctx.schedule_activity("added", "")).await.0
    });
    check(
        &found,
        3,
        "the completion of the activity 2",
        "activity `added`",
    );
}

#[test]
fn a_call_that_is_not_awaited_any_more_is_refused() {
    let found = refusal(|ctx| async move {
        drop(ctx.schedule_activity("a", "in"));
        ctx.schedule_timer(Duration::from_secs(1)).await;
        Ok(String::new())
    });
    check(
        &found,
        3,
        "the completion of the activity 2",
        "the cancellation of the activity 2",
    );
}

#[test]
fn code_that_waits_where_history_goes_on_is_refused() {
    let found = refusal(|ctx| async move {
        let a = ctx.schedule_activity("a", "in");
        a.await?;
        ctx.schedule_timer(Duration::from_secs(1)).await;
        ctx.schedule_timer(Duration::from_secs(1)).await;
        Ok(String::new())
    });
    check(&found, 6, "activity `b`", "a timer due at 2020 ms");
}

#[test]
fn history_left_over_when_the_code_has_finished_is_refused() {
    let found = refusal(|ctx| async move { ctx.schedule_activity("a", "in").await });
    check(&found, 4, "a timer", "the end with the output `x`");
    // Finished at the end of what was recorded for a message: the next message shows it.
    let mut history = recorded();
    history.truncate(5);
    history.remove(3);
    history[3] = event(4, Some(2), result("again"));
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "in").await });
    let found = program.refusal(&history);
    check(
        &found,
        4,
        "the completion of the activity 2",
        "the end with the output `x`",
    );
}

#[test]
fn another_output_or_end_is_refused() {
    let same_until_the_end = |end: fn(String) -> Result<String, String>| {
        refusal(move |ctx| async move {
            ctx.schedule_activity("a", "in").await?;
            ctx.schedule_timer(Duration::from_secs(1)).await;
            end(ctx.schedule_activity("b", "in").await?)
        })
    };
    let found = same_until_the_end(|_| Ok("other".to_owned()));
    check(&found, 8, "the output `y`", "the output `other`");
    let found = same_until_the_end(|_| Err("bad".to_owned()));
    check(&found, 8, "the output `y`", "the error `bad`");
}

#[test]
fn code_that_does_not_fail_any_more_is_refused() {
    let program = Program::new(|ctx| async move {
        let _held = ctx.schedule_activity("held", "");
        std::mem::forget(ctx.schedule_activity("forgotten", ""));
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.start();
    live.refuse(4, "broken");
    live.check();
    assert_eq!(live.history.len(), 8);
    let mended = Program::new(|ctx| async move {
        let _held = ctx.schedule_activity("held", "");
        std::mem::forget(ctx.schedule_activity("forgotten", ""));
        let _broken = ctx.schedule_activity("a", "").await;
        ctx.schedule_activity("repair", "").await
    });
    let found = mended.refusal(&live.history);
    check(
        &found,
        6,
        "the cancellation of the activity 2",
        "activity `repair`",
    );
}

#[test]
fn an_answer_to_what_was_never_asked_is_refused_in_a_history() {
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let call = || {
        [
            event(1, None, started()),
            event(2, None, scheduled("a", "")),
        ]
    };
    let timer = EventKind::TimerFired { fire_at: at(5) };
    for (source, kind) in [
        (Some(7), result("unknown")),
        (Some(1), result("the start")),
        (Some(3), result("itself")),
        (None, result("nothing")),
        (Some(2), timer),
    ] {
        let mut history = call().to_vec();
        history.push(event(3, source, kind));
        let found = program.refusal(&history);
        assert_eq!(found.event_id.0, 3, "{found}");
    }
}

#[test]
fn a_second_answer_in_a_history_is_refused() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_activity("b", "").await
    });
    let mut live = program.start();
    live.complete(2, "x");
    live.history.push(event(5, Some(2), result("again")));
    check(
        &program.refusal(&live.history),
        5,
        "the completion of the activity 2",
        "no such request",
    );
}

#[test]
fn a_timer_that_fired_for_another_time_is_refused() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        Ok(String::new())
    });
    let mut live = program.start();
    live.fire(2);
    live.history[2].kind = EventKind::TimerFired { fire_at: at(7) };
    let found = program.refusal(&live.history);
    check(&found, 3, "the firing of the timer 2", "due at 2000 ms");
    let mut live = program.start();
    live.send(fired(2, 7));
    assert!(live.lines().last().unwrap().contains("nondeterministic"));
}

#[test]
fn a_history_without_its_start_or_with_a_gap_is_refused() {
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    for history in [
        vec![event(1, None, scheduled("a", ""))],
        vec![event(2, None, started())],
        vec![event(1, Some(1), started())],
        vec![
            event(1, None, started()),
            event(3, None, scheduled("a", "")),
        ],
        vec![event(1, None, started()), event(2, None, started())],
        vec![
            event(1, None, started()),
            event(2, Some(1), scheduled("a", "")),
        ],
    ] {
        program.refusal(&history);
    }
}

#[test]
fn actions_behind_the_end_of_the_history_are_refused_at_the_next_message() {
    let old = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let history = old.start().history;
    let new = Program::new(|ctx| async move {
        let a = ctx.schedule_activity("a", "");
        join2(a, ctx.schedule_activity("added", "")).await.0
    });
    let mut execution = new.replay(&history).unwrap();
    let message = crate::support::completed(2, "x");
    let found = execution.apply(message, at(5)).unwrap_err();
    check(&found, 3, "the end of the history", "activity `added`");
}
