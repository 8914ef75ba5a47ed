//! A panic of user code fails its instance, with its words, and nothing else.

use std::time::Duration;

use duroxide::OrchestrationContext;
use duroxide::engine::Outcome;
use duroxide::history::{AppErrorKind, ErrorDetails};

use crate::support::{Live, Program, completed};

#[track_caller]
fn assert_panicked(live: &Live, words: &str) {
    match &live.outcome {
        Outcome::Failed(ErrorDetails::Application {
            kind: AppErrorKind::Panicked,
            message,
            ..
        }) => {
            assert!(message.contains(words), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// Panics when it is dropped, unless that would end the process.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in a drop");
    }
}

#[test]
fn in_the_first_call() {
    fn refuse(ctx: &OrchestrationContext) -> std::future::Ready<Result<String, String>> {
        std::mem::forget(ctx.schedule_activity("open", ""));
        panic!("before the first poll")
    }
    let live = Program::new(|ctx| refuse(&ctx)).start();
    assert_panicked(&live, "before the first poll");
    assert_eq!(live.lines()[2], "3 cancel 2: orchestration_terminal_failed");
    live.check();
}

#[test]
fn in_a_poll_with_a_formatted_text() {
    let program = Program::new(|ctx| async move {
        let _open = ctx.schedule_timer(Duration::from_secs(1));
        let answer = ctx.schedule_activity("a", "").await?;
        panic!("bad answer: {answer}")
    });
    let mut live = program.start();
    let turn = live.send_all([completed(3, "42"), completed(3, "43")]);
    assert_eq!(turn.consumed, 1);
    assert_panicked(&live, "bad answer: 42");
    assert_eq!(live.lines()[4], "5 stop 2: dropped_future");
    live.check();
}

#[test]
fn with_a_payload_that_is_no_text() {
    let program = Program::new(|_ctx| async move { std::panic::panic_any(7_u8) });
    assert_panicked(&program.start(), "a panic without a text");
    // Even one whose own drop panics.
    let program = Program::new(|_ctx| async move { std::panic::panic_any(PanicsInDrop) });
    let live = program.start();
    assert_panicked(&live, "a panic without a text");
}

#[test]
fn in_a_drop_at_the_end() {
    let program = Program::new(|ctx| async move {
        let _guard = PanicsInDrop;
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.start();
    live.complete(2, "x");
    assert_panicked(&live, "in a drop");
    live.check();
}

#[test]
fn in_the_mapping_of_an_answer() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "")
            .map(|_| -> Result<String, String> { panic!("in a map") })
            .await
    });
    let mut live = program.start();
    live.complete(2, "x");
    assert_panicked(&live, "in a map");
    live.check();
}

fn holds_a_panicking_drop() -> Program {
    Program::new(|ctx| async move {
        let guard = PanicsInDrop;
        let answer = ctx.schedule_activity("a", "").await;
        std::mem::forget(guard);
        answer
    })
}

#[test]
fn a_panicking_drop_does_not_escape_from_an_eviction() {
    drop(holds_a_panicking_drop().start().execution);
}

#[test]
fn a_panicking_drop_does_not_change_a_failure() {
    let mut live = holds_a_panicking_drop().start();
    live.send(completed(99, ""));
    assert!(live.lines().last().unwrap().contains("nondeterministic"));
    live.check();
}

#[test]
fn a_caught_panic_is_the_codes_own_affair() {
    let program = Program::new(|ctx| async move {
        let caught = std::panic::catch_unwind(|| panic!("inside"));
        ctx.schedule_activity("a", caught.is_err().to_string())
            .await
    });
    let mut live = program.start();
    assert_eq!(live.lines()[1], "2 call a(true)");
    live.complete(2, "x");
    live.check();
}

#[test]
fn code_dropped_at_the_end_can_ask_for_nothing() {
    struct AsksInDrop(OrchestrationContext);
    impl Drop for AsksInDrop {
        fn drop(&mut self) {
            std::mem::forget(self.0.schedule_activity("posthumous", ""));
            let _unawaited = self.0.continue_as_new("posthumous");
        }
    }
    let program = Program::new(|ctx| async move {
        let _asks = AsksInDrop(ctx.clone());
        ctx.continue_as_new("next").await
    });
    let live = program.start();
    assert_eq!(live.lines_from(2), ["2 again: next"]);
    live.check();
}
