//! Changes of code beside running instances: `patched` tells old executions from new ones.

use duroxide::OrchestrationContext;
use duroxide::engine::{Outcome, run_turn};
use duroxide::history::{Event, Message};

use crate::support::{Live, Program, at, completed, message_boundaries, start};

/// The code before the change.
fn before() -> Program {
    Program::new(|ctx| async move {
        ctx.schedule_activity("first", "").await?;
        ctx.schedule_activity("ship", "").await
    })
}

/// The same with a step that old executions do not take.
fn after() -> Program {
    Program::new(|ctx| async move {
        ctx.schedule_activity("first", "").await?;
        if ctx.patched("check") {
            ctx.schedule_activity("check", "").await?;
        }
        ctx.schedule_activity("ship", "").await
    })
}

/// The old code is gone.
fn deprecated() -> Program {
    Program::new(|ctx| async move {
        ctx.schedule_activity("first", "").await?;
        ctx.deprecate_patch("check");
        ctx.schedule_activity("check", "").await?;
        ctx.schedule_activity("ship", "").await
    })
}

/// No history has the change any more.
fn forgotten() -> Program {
    Program::new(|ctx| async move {
        ctx.schedule_activity("first", "").await?;
        ctx.schedule_activity("check", "").await?;
        ctx.schedule_activity("ship", "").await
    })
}

fn to_the_end(mut live: Live) -> Live {
    while live.outcome == Outcome::Pending {
        live.complete(live.last_call(), "");
    }
    live
}

#[test]
fn a_new_execution_takes_the_change_and_records_it() {
    let live = to_the_end(after().start());
    assert_eq!(
        live.lines_from(3),
        [
            "3 completed 2: ",
            "4 patch check",
            "5 call check()",
            "6 completed 5: ",
            "7 call ship()",
            "8 completed 7: ",
            "9 done: "
        ]
    );
    live.check();
    live.refuse_code(&before());
    live.refuse_code(&forgotten());
}

/// The history goes on with other code, cold.
fn continued(history: &[Event], program: &Program, source: u64) -> Vec<Event> {
    let mut execution = program.replay(history).unwrap();
    let turn = run_turn(&mut execution, [(completed(source, ""), at(9_000))]);
    let mut all = history.to_vec();
    all.extend(turn.history_delta);
    all
}

#[test]
fn an_execution_that_came_by_before_the_change_goes_on_without_it() {
    let live = to_the_end(before().start());
    for boundary in message_boundaries(&live.history) {
        let replayed = after().replay(&live.history[..boundary]);
        // Before the question is reached both are the same.
        assert!(replayed.is_ok(), "up to {boundary}");
    }
    let all = continued(&live.history[..4], &after(), 4);
    assert_eq!(all, {
        let mut expected = live.history[..4].to_vec();
        expected.extend(continued(&live.history[..4], &before(), 4).split_off(4));
        expected
    });
}

#[test]
fn an_execution_that_has_not_come_by_takes_the_change() {
    let live = before().start();
    let all = continued(&live.history, &after(), 2);
    assert_eq!(
        crate::support::lines(&all)[3..],
        ["4 patch check", "5 call check()"]
    );
}

#[test]
fn a_deprecated_change_fits_executions_with_and_without_it_in_their_history() {
    let with = to_the_end(after().start());
    for boundary in message_boundaries(&with.history) {
        let replayed = deprecated().replay(&with.history[..boundary]);
        assert!(replayed.is_ok(), "up to {boundary}");
    }
    assert!(deprecated().replay(&with.history).unwrap().is_ended());
    let without = to_the_end(deprecated().start());
    assert!(without.lines().iter().all(|line| !line.contains("patch")));
    without.check();
    // Then the deprecation itself may go.
    assert!(forgotten().replay(&without.history).unwrap().is_ended());
    // One that took the old way does not fit any more.
    to_the_end(before().start()).refuse_code(&deprecated());
}

/// Asks in each round.
fn rounds(ask: fn(&OrchestrationContext) -> bool) -> Program {
    Program::new(move |ctx| async move {
        for _ in 0..3 {
            ctx.schedule_activity("round", "").await?;
            if ask(&ctx) {
                ctx.schedule_activity("new", "").await?;
            }
        }
        Ok(String::new())
    })
}

#[test]
fn in_a_loop_the_first_answer_holds_and_is_recorded_once() {
    let patched = rounds(|ctx| ctx.patched("p"));
    let live = to_the_end(patched.start());
    let records = live
        .lines()
        .into_iter()
        .filter(|line| line.contains("patch"));
    assert_eq!(records.count(), 1);
    live.check();

    // After a first round without the change all others are without it, live and on replay.
    let mut old = rounds(|_| false).start();
    old.complete(2, "");
    let mut live = Live::new(patched.clone());
    live.execution = patched.replay(&old.history).unwrap();
    live.history = old.history;
    let live = to_the_end(live);
    assert_eq!(live.history.len(), 8, "{:?}", live.lines());
    assert!(patched.replay(&live.history).unwrap().is_ended());

    // A deprecation in the loop meets the one record.
    let with = to_the_end(patched.start());
    let deprecated = rounds(|ctx| {
        ctx.deprecate_patch("p");
        true
    });
    assert!(deprecated.replay(&with.history).unwrap().is_ended());
}

#[test]
fn a_deprecation_asked_earlier_than_the_change_was_meets_its_record() {
    let program = |early: bool| {
        Program::new(move |ctx| async move {
            if early {
                ctx.deprecate_patch("p");
            }
            ctx.schedule_activity("first", "").await?;
            if early {
                ctx.deprecate_patch("p");
            } else {
                assert!(ctx.patched("p"));
            }
            ctx.schedule_activity("second", "").await
        })
    };
    let live = to_the_end(program(false).start());
    assert!(program(true).replay(&live.history).unwrap().is_ended());
}

#[test]
fn several_changes_are_told_apart() {
    let program = Program::new(|ctx| async move {
        let answers = [ctx.patched("a"), ctx.patched("b"), ctx.patched("a")];
        ctx.schedule_activity("x", format!("{answers:?}")).await?;
        assert!(ctx.patched("a"));
        Ok(ctx.patched("c").to_string())
    });
    let live = to_the_end(program.start());
    let lines = live.lines();
    assert_eq!(lines[1..3], ["2 patch a", "3 patch b"]);
    assert_eq!(lines[5], "6 patch c");
    live.check();
    // One of two was there when the execution came by.
    let first = Program::new(|ctx| async move {
        assert!(ctx.patched("b"));
        ctx.schedule_activity("x", "[false, true, false]").await
    });
    let live = first.start();
    let mut execution = program.replay(&live.history).unwrap();
    assert_eq!(execution.last_event_id().0, 3);
    let turn = run_turn(&mut execution, [(completed(3, ""), at(9_000))]);
    assert!(
        matches!(turn.outcome, Outcome::Failed(_)),
        "`a` does not apply, so the assertion fails"
    );
}

#[test]
fn a_question_sees_what_is_recorded_behind_a_page() {
    // A hundred requests before the question: it stands far behind its message.
    let program = Program::new(|ctx| async move {
        let calls: Vec<_> = (0..100).map(|_| ctx.schedule_activity("a", "")).collect();
        let applies = ctx.patched("p");
        duroxide::join_all(calls).await;
        Ok(applies.to_string())
    });
    let mut live = program.start();
    assert_eq!(live.lines()[101], "102 patch p");
    for source in 2..102 {
        live.complete(source, "");
    }
    for size in [1, 7, 50, 101, 102, 103, 500] {
        let mut execution = program.execution();
        let pages: Vec<_> = live.history.chunks(size).collect();
        for (index, page) in pages.iter().enumerate() {
            let is_last = index + 1 == pages.len();
            execution.replay_page(page.to_vec(), is_last).unwrap();
        }
        assert!(execution.is_ended(), "pages of {size}");
    }
    // Cut behind a message it makes no difference.
    let mut execution = program.execution();
    execution.replay(&live.history[..102]).unwrap();
    execution.replay(&live.history[102..]).unwrap();
    assert!(execution.is_ended());
}

#[test]
fn every_execution_decides_for_itself() {
    let program = Program::with_input(|ctx, input| async move {
        if input.is_empty() {
            return ctx.continue_as_new("again").await;
        }
        Ok(ctx.patched("p").to_string())
    });
    let live = program.start();
    let (next, mut execution) = live.successor();
    let turn = run_turn(&mut execution, [(Message::Start(next), at(9_000))]);
    assert_eq!(turn.outcome, Outcome::Completed("true".to_owned()));
}

#[test]
fn a_question_in_the_first_poll_and_one_by_code_that_is_dropped() {
    let program = Program::new(|ctx| async move {
        let lost = async {
            ctx.schedule_activity("lost", "").await.ok();
            ctx.patched("never");
        };
        let applies = ctx.patched("first");
        duroxide::select2(lost, ctx.schedule_activity("a", "")).await;
        Ok(applies.to_string())
    });
    let mut live = Live::new(program);
    live.send(start(""));
    live.complete(3, "");
    assert_eq!(live.lines()[1], "2 patch first");
    assert_eq!(live.outcome, Outcome::Completed("true".to_owned()));
    live.check();
}
