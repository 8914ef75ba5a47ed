//! A request to end. Code that has said nothing about it ends at once.

use duroxide::engine::{Outcome, run_turn};
use duroxide::history::{
    AppErrorKind, ErrorDetails, EventId, EventKind, ExecutionId, InstanceId, Message, Parent, Start,
};

use crate::support::{
    Live, Program, at, cancel, completed, event, fired, line, queued, raised, start, terminate,
};

/// Waits for one thing of each kind.
fn waiting() -> Program {
    Program::new(|ctx| async move {
        let _all = (
            ctx.schedule_timer(std::time::Duration::from_secs(1)),
            ctx.schedule_wait("e"),
            ctx.dequeue_event("q"),
            ctx.schedule_sub_orchestration("child", ""),
        );
        ctx.schedule_activity("a", "").await
    })
}

#[test]
fn the_instance_ends_at_once_and_everything_open_is_cancelled() {
    let mut live = waiting().start();
    live.asked();
    live.send(cancel("enough"));
    assert_eq!(
        live.lines_from(7),
        [
            "7 end: enough",
            "8 stop 2: orchestration_cancelled",
            "9 unwait 3: orchestration_cancelled",
            "10 undequeue 4: orchestration_cancelled",
            "11 cancel child 5 instance::sub::5: orchestration_cancelled",
            "12 cancel 6: orchestration_cancelled",
            "13 failed: canceled: enough",
        ]
    );
    assert_eq!(
        live.asked(),
        [
            "stop 2",
            "cancel child 5 instance::sub::5: parent canceled",
            "cancel 6"
        ]
    );
    let kind = AppErrorKind::Cancelled {
        reason: "enough".to_owned(),
    };
    assert_eq!(
        live.failure(),
        ErrorDetails::application(kind, "canceled: enough")
    );
    live.check();
}

#[test]
fn nothing_is_consumed_behind_the_end() {
    let mut live = waiting().start();
    let turn = live.send_all([
        cancel("first"),
        cancel("second"),
        terminate("third"),
        completed(6, "late"),
        raised("e", ""),
        queued("q", ""),
    ]);
    assert_eq!(turn.consumed, 1);
    live.check();
}

#[test]
fn what_is_consumed_first_wins() {
    let program = || Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let mut live = program().start();
    live.send_all([completed(2, "ok"), cancel("late")]);
    assert_eq!(live.outcome, Outcome::Completed("ok".to_owned()));
    live.check();

    let mut live = program().start();
    live.send_all([cancel("in time"), completed(2, "late")]);
    assert_eq!(live.failure().to_string(), "canceled: in time");
    live.check();

    // The same in turns of their own.
    let mut live = program().start();
    live.complete(2, "ok");
    assert_eq!(live.send(cancel("late")).consumed, 0, "it has ended");
    live.check();
}

#[test]
fn a_request_before_the_start_stays_behind_it() {
    let mut live = Live::new(waiting());
    let turn = live.send(cancel("early"));
    assert_eq!((turn.consumed, turn.history_delta.len()), (0, 0));
    let mut live = Live::new(waiting());
    let turn = live.send_all([start(""), cancel("early")]);
    assert_eq!(turn.consumed, 2);
    assert_eq!(live.lines()[6], "7 end: early");
    // The turn that asked for all of it also took it back.
    assert_eq!(live.asked(), [""; 0]);
    live.check();
}

#[test]
fn a_request_reaches_whichever_execution_there_is() {
    let program = Program::with_input(|ctx, input| async move {
        if input.is_empty() {
            return ctx.continue_as_new("again").await;
        }
        ctx.schedule_activity("a", "").await
    });
    let mut live = Live::new(program);
    let turn = live.send_all([start(""), cancel("enough")]);
    assert_eq!(turn.consumed, 1, "the next execution has it");
    let (start, mut execution) = live.successor();
    let batch = [Message::Start(start), cancel("enough")];
    let turn = run_turn(&mut execution, batch.map(|message| (message, at(9_000))));
    assert!(matches!(turn.outcome, Outcome::Failed(_)));
    assert_eq!(turn.consumed, 2);
}

#[test]
fn code_has_no_part_in_it() {
    // Not even by what it does when it is dropped.
    struct Asks(duroxide::OrchestrationContext);
    impl Drop for Asks {
        fn drop(&mut self) {
            self.0.set_kv_value("dropped", "yes");
            std::mem::forget(self.0.schedule_activity("late", ""));
        }
    }
    let program = Program::new(|ctx| async move {
        let _asks = Asks(ctx.clone());
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.start();
    live.send(cancel("enough"));
    assert_eq!(live.history.len(), 5, "{:?}", live.lines());
    live.check();
}

#[test]
fn a_recorded_request_is_checked() {
    let request = |terminate| EventKind::OrchestrationCancelRequested {
        reason: "enough".to_owned(),
        terminate,
    };
    let live = waiting().start();
    let mut history = live.history.clone();
    history.push(event(7, Some(2), request(false)));
    assert!(waiting().replay(&history).is_err(), "it has no source");
    assert!(
        waiting().replay(&[event(1, None, request(false))]).is_err(),
        "it follows the start"
    );

    // A second one says nothing new and is not written down.
    let cooperates = Program::new(|ctx| async move {
        ctx.cancelled().await;
        ctx.schedule_timer(std::time::Duration::from_secs(9)).await;
        Ok(String::new())
    });
    let mut live = cooperates.start();
    live.send(cancel("enough"));
    let mut history = live.history.clone();
    let next = history.len() as u64 + 1;
    history.push(event(next, None, request(false)));
    let refusal = cooperates.refusal(&history);
    assert!(refusal.replayed.contains("before"), "{refusal}");
    history.pop();
    history.push(event(next, None, request(true)));
    assert!(!cooperates.replay(&history).unwrap().is_ended());
}

#[test]
fn terminating_ends_whatever_the_code_wants() {
    let wants = [
        Program::new(|ctx| async move {
            ctx.cooperative_cancellation(std::time::Duration::from_secs(9));
            ctx.shielded(|ctx| async move { ctx.schedule_activity("a", "").await })
                .await
        }),
        Program::new(|ctx| async move {
            let mut saga = ctx.saga();
            saga.undo(|ctx| async move { ctx.schedule_activity("undo", "").await });
            ctx.schedule_activity("a", "").await
        }),
        Program::new(|ctx| async move { ctx.schedule_activity("a", "").await }),
    ];
    for program in wants {
        let mut live = program.start();
        live.send(terminate("now"));
        assert_eq!(
            live.lines_from(3),
            [
                "3 terminate: now",
                "4 cancel 2: orchestration_cancelled",
                "5 failed: canceled: now"
            ]
        );
        live.check();
    }
}

#[test]
fn a_late_timer_of_a_cancelled_instance_is_not_consumed() {
    let mut live = waiting().start();
    live.send(cancel("enough"));
    assert_eq!(live.send(fired(2, 2_000)).consumed, 0);
    assert_eq!(
        line(live.history.last().unwrap()),
        "13 failed: canceled: enough"
    );
}

/// A program that cleans up when it is cancelled, started by this call.
fn started_by(parent: Option<Parent>) -> Live {
    let program = Program::new(|ctx| async move { Ok(ctx.schedule_wait("e").await) });
    let mut live = Live::new(program);
    let Message::Start(first) = start("") else {
        panic!("a start");
    };
    live.send(Message::Start(Start { parent, ..first }));
    live
}

fn call_of(instance: &str, execution_id: u64, source: u64) -> Parent {
    Parent {
        instance: InstanceId::new(instance).unwrap(),
        execution_id: ExecutionId(execution_id),
        source: EventId(source),
    }
}

#[test]
fn a_child_heeds_its_own_parent_and_nobody_elses() {
    let cancel = |parent| Message::CancelChild {
        parent,
        reason: "parent failed".to_owned(),
    };
    let own = call_of("parent", 2, 7);
    let others = [
        call_of("another", 2, 7),
        call_of("parent", 1, 7),
        call_of("parent", 2, 8),
    ];
    let mut live = started_by(Some(own.clone()));
    for other in others {
        let turn = live.send(cancel(other));
        // Done with, and nothing is said of it.
        assert_eq!((turn.consumed, turn.history_delta.len()), (1, 0));
    }
    assert_eq!(live.outcome, Outcome::Pending);
    live.send(cancel(own.clone()));
    assert_eq!(
        live.lines_from(3)[0],
        "3 end: parent failed",
        "{:?}",
        live.lines()
    );
    assert_eq!(live.failure().display_message(), "canceled: parent failed");
    live.check();

    // Of its own it has no parent, whatever its id.
    let mut root = started_by(None);
    root.send(cancel(own));
    assert_eq!((root.history.len(), &root.outcome), (2, &Outcome::Pending));
    root.check();
}
