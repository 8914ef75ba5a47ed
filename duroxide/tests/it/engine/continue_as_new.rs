//! Continue-as-new ends the execution when its code comes to rest; nothing stays open behind it.

use std::time::Duration;

use duroxide::engine::Outcome;

use crate::support::Program;

fn again(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::ContinuedAsNew { input, .. } => input,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_acts_without_being_awaited_and_beats_a_completion_of_the_same_poll() {
    let program = Program::new(|ctx| async move {
        let _unawaited = ctx.continue_as_new("next");
        Ok("done".to_owned())
    });
    let live = program.start();
    assert_eq!(live.lines_from(2), ["2 again: next"]);
    assert_eq!(again(&live.outcome), "next");
    live.check();
}

#[test]
fn the_first_of_two_wins() {
    let program = Program::new(|ctx| async move {
        let _first = ctx.continue_as_new("first");
        ctx.continue_as_new_versioned("2.0.0", "second").await
    });
    let live = program.start();
    assert_eq!(again(&live.outcome), "first");
    live.check();
}

#[test]
fn the_version_that_the_code_chose_is_recorded() {
    let program =
        Program::new(|ctx| async move { ctx.continue_as_new_versioned("2.0.0", "in").await });
    let live = program.start();
    let Outcome::ContinuedAsNew { version, .. } = &live.outcome else {
        panic!("{:?}", live.outcome);
    };
    assert_eq!(version.as_deref(), Some("2.0.0"));
    let next = live.execution.next_start("in".to_owned(), version.clone());
    assert_eq!((next.execution_id.0, next.seed), (2, crate::support::SEED));
    live.check();
}

#[test]
fn it_cancels_what_the_code_still_holds() {
    let program = Program::new(|ctx| async move {
        let _held = ctx.schedule_activity("held", "");
        let timer = ctx.schedule_timer(Duration::from_secs(1));
        std::mem::forget(ctx.schedule_activity("forgotten", ""));
        timer.await;
        ctx.continue_as_new("next").await
    });
    let mut live = program.start();
    let turn = live.fire(3);
    assert_eq!(
        live.lines_from(5),
        [
            "5 fired 3",
            "6 cancel 2: orchestration_terminal_continued_as_new",
            "7 cancel 4: orchestration_terminal_continued_as_new",
            "8 again: next",
        ]
    );
    assert_eq!(turn.actions.len(), 2);
    live.check();
}

#[test]
fn code_behind_it_runs_until_it_waits_and_what_it_asks_for_is_cancelled() {
    let program = Program::new(|ctx| async move {
        let _unawaited = ctx.continue_as_new("next");
        let guid = ctx.new_guid().to_string();
        ctx.schedule_activity("behind", guid.len().to_string())
            .await
    });
    let live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 call behind(36)",
            "3 cancel 2: orchestration_terminal_continued_as_new",
            "4 again: next",
        ]
    );
    assert_eq!(live.actions, []);
    live.check();
}

#[test]
fn a_panic_in_the_same_poll_counts_more() {
    let program = Program::new(|ctx| async move {
        let _unawaited = ctx.continue_as_new("next");
        panic!("too early to go on")
    });
    let live = program.start();
    assert_eq!(
        live.lines_from(2),
        ["2 failed: orchestration panicked: too early to go on"]
    );
    live.check();
}

#[test]
fn nothing_is_consumed_behind_it() {
    let program = Program::new(|ctx| async move {
        let _other = ctx.schedule_activity("other", "");
        ctx.schedule_activity("gate", "").await?;
        ctx.continue_as_new("next").await
    });
    let mut live = program.start();
    let turn = live.send_all([
        crate::support::completed(3, ""),
        crate::support::completed(2, ""),
    ]);
    assert_eq!(turn.consumed, 1);
    live.check();
}
