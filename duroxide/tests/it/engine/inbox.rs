//! What is stale or a duplicate does nothing; what follows an end stays where it is.

use std::time::Duration;

use duroxide::engine::Outcome;
use duroxide::history::{EventId, ExecutionId, Message};
use duroxide::{join2, select2};

use crate::support::{Live, Program, at, completed, failed, fired, start};

/// Consumed, without an event.
#[track_caller]
fn assert_inert(live: &mut Live, message: Message) {
    let text = format!("{message:?}");
    let before = live.history.len();
    let turn = live.send(message);
    assert_eq!((turn.consumed, turn.history_delta.len()), (1, 0), "{text}");
    assert_eq!(
        (turn.actions.len(), live.history.len()),
        (0, before),
        "{text}"
    );
    assert_eq!(turn.outcome, Outcome::Pending, "{text}");
}

fn program() -> Program {
    Program::new(|ctx| async move {
        let timer = ctx.schedule_timer(Duration::from_secs(1));
        let _first = select2(ctx.schedule_activity("a", ""), timer).await;
        let _unread = ctx.schedule_activity("unread", "");
        join2(
            ctx.schedule_activity("b", ""),
            ctx.schedule_timer(Duration::from_secs(2)),
        )
        .await
        .0
    })
}

#[test]
fn a_second_answer_is_inert_for_every_kind() {
    let mut live = program().start();
    live.complete(3, "x");
    assert_inert(&mut live, completed(3, "again"));
    assert_inert(&mut live, failed(3, "again, otherwise"));
    // The timer lost the race and was cancelled.
    assert_inert(&mut live, fired(2, 2_000));
    // Answered, but not read by the code yet.
    live.complete(6, "unread");
    assert_inert(&mut live, completed(6, "twice"));
    assert_inert(&mut live, failed(6, "twice"));
    live.fire(8);
    assert_inert(&mut live, fired(8, 3_010));
    live.check();
}

#[test]
fn an_answer_to_a_cancelled_activity_is_inert() {
    let mut live = program().start();
    live.fire(2);
    assert_inert(&mut live, completed(3, "late"));
    assert_inert(&mut live, failed(3, "late"));
    live.check();
}

#[test]
fn messages_of_other_executions_are_inert() {
    let mut live = program().start();
    let other = ExecutionId(2);
    let Message::Start(mut next) = start("again") else {
        unreachable!()
    };
    next.execution_id = other;
    for message in [
        Message::Start(next),
        Message::ActivityCompleted {
            execution_id: other,
            source: EventId(3),
            result: String::new(),
        },
        Message::TimerFired {
            execution_id: ExecutionId(0),
            source: EventId(2),
            fire_at: at(2_000),
        },
        // Even if it was never asked there.
        Message::ActivityCompleted {
            execution_id: other,
            source: EventId(99),
            result: String::new(),
        },
    ] {
        assert_inert(&mut live, message);
    }
    live.check();
}

#[test]
fn a_second_start_is_inert() {
    let mut live = program().start();
    assert_inert(&mut live, start("other input"));
    live.complete(3, "x");
    assert_inert(&mut live, start(""));
    live.check();
}

#[test]
fn before_the_start_nothing_can_be_answered() {
    let mut live = Live::new(program());
    assert_inert(&mut live, completed(3, "of an earlier life"));
    assert_inert(&mut live, fired(2, 7));
    live.send(start(""));
    assert_eq!(live.history.len(), 3);
    live.check();
}

#[test]
fn an_inert_message_does_not_move_the_clock() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_timer(Duration::from_millis(1)).await;
        Ok(String::new())
    });
    let mut execution = program.execution();
    execution.apply(start(""), at(10)).unwrap();
    execution.apply(start(""), at(9_000)).unwrap();
    let step = execution.apply(completed(2, ""), at(20)).unwrap();
    assert_eq!(crate::support::line(&step.events[1]), "4 timer 21");
}

#[test]
fn nothing_behind_an_end_is_consumed() {
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let mut live = program.start();
    let turn = live.send_all([
        completed(2, "x"),
        completed(2, "y"),
        completed(99, ""),
        start(""),
    ]);
    assert_eq!((turn.consumed, turn.history_delta.len()), (1, 2));
    let turn = live.send_all([completed(99, "")]);
    assert_eq!((turn.consumed, turn.history_delta.len()), (0, 0));
    let step = live.execution.apply(completed(99, ""), at(5)).unwrap();
    assert!(step.events.is_empty());
    live.check();
}

#[test]
fn a_batch_of_noise_and_signal_is_one_history() {
    let mut live = Live::new(program());
    live.send_all([
        fired(2, 1),
        start(""),
        start(""),
        completed(3, "x"),
        completed(3, "x"),
        fired(2, 2_000),
        completed(7, "b"),
        fired(8, 3_000),
        fired(8, 3_000),
    ]);
    assert_eq!(live.outcome, Outcome::Completed("b".to_owned()));
    live.check();
}
