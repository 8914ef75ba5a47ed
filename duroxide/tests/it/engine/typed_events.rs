//! The verbs of the dynamic layer: events and messages as values, and small forms of other verbs.

use duroxide::engine::Outcome;
use duroxide::{CallError, Elapsed, Error};

use crate::support::{Program, queued, raised};

#[test]
fn events_and_messages_are_read_as_values() {
    let program = Program::new(|ctx| async move {
        let wait = ctx.schedule_wait_typed::<(u8, String)>("e");
        let message = ctx.dequeue_event_typed::<u8>("q");
        let text = ctx.dequeue_event_typed::<String>("q");
        let (number, name) = wait.await;
        Ok(format!("{number} {name} {} {}", message.await, text.await))
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        ["2 wait e", "3 dequeue q", "4 dequeue q"],
        "asked for when they are made"
    );
    live.send(queued("q", "7"));
    live.send(queued("q", "bare"));
    live.send(raised("e", r#"[1,"x"]"#));
    assert_eq!(live.outcome, Outcome::Completed("1 x 7 bare".to_owned()));
    live.check();
}

#[test]
fn one_that_does_not_fit_fails_the_instance_and_never_panics() {
    for from_queue in [false, true] {
        let program = Program::new(move |ctx| async move {
            let value: u8 = if from_queue {
                ctx.dequeue_event_typed("n").await
            } else {
                ctx.schedule_wait_typed("n").await
            };
            Ok(value.to_string())
        });
        let mut live = program.start();
        live.send(if from_queue {
            queued("n", "no number")
        } else {
            raised("n", "no number")
        });
        let duroxide::ErrorDetails::Application { kind, message, .. } = live.failure() else {
            panic!("{:?}", live.failure());
        };
        assert_eq!(kind, duroxide::AppErrorKind::Rejected);
        assert!(message.contains("`n` cannot be read"), "{message}");
        assert!(message.contains("u8"), "{message}");
        live.check();
    }
}

#[test]
fn one_that_does_not_fit_undoes_what_was_done() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        saga.undo(|ctx| async move { ctx.schedule_activity("undo", "").await });
        Ok(ctx.dequeue_event_typed::<u8>("n").await.to_string())
    });
    let mut live = program.start();
    live.send(queued("n", "no number"));
    live.complete(4, "");
    assert!(live.failure().to_string().contains("cannot be read"));
    live.check();
}

#[test]
fn a_dropped_wait_for_a_value_is_cancelled() {
    let program = Program::new(|ctx| async move {
        drop(ctx.dequeue_event_typed::<u8>("q"));
        drop(ctx.schedule_wait_typed::<u8>("e"));
        Ok(ctx.dequeue_event("q").await)
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 dequeue q",
            "3 undequeue 2: dropped_future",
            "4 wait e",
            "5 unwait 4: dropped_future",
            "6 dequeue q"
        ]
    );
    live.send(queued("q", "no number"));
    assert_eq!(live.outcome, Outcome::Completed("no number".to_owned()));
    live.check();
}

#[test]
#[expect(deprecated, reason = "they are there for programs that use them")]
fn the_earlier_names_are_the_same() {
    let program = Program::new(|ctx| async move {
        let text = ctx.schedule_wait_persistent("q").await;
        let number: u8 = ctx.schedule_wait_persistent_typed("q").await;
        Ok(format!("{text} {number}"))
    });
    let mut live = program.start();
    live.send_all([queued("q", "a"), queued("q", "1")]);
    assert_eq!(live.outcome, Outcome::Completed("a 1".to_owned()));
    live.check();
}

#[test]
fn continue_as_new_takes_a_value() {
    let program = Program::with_input(|ctx, input| async move {
        match input.as_str() {
            "" => ctx.continue_as_new_typed(&vec![1, 2]).await,
            "[1,2]" => ctx.continue_as_new_typed(&"bare").await,
            _ => {
                let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
                ctx.continue_as_new_typed(&keys).await
            }
        }
    });
    let live = program.start();
    assert_eq!(live.lines_from(2), ["2 again: [1,2]"]);
    assert_eq!(live.successor_lines()[1..], ["2 again: bare"]);
    let mut live = crate::support::Live::new(program);
    live.send(crate::support::start("bare"));
    assert!(live.failure().to_string().contains("BTreeMap"));
}

#[test]
fn time_ids_versions_and_combinators_have_their_forms() {
    let program = Program::new(|ctx| async move {
        assert_eq!(ctx.utc_now().await?, ctx.now());
        assert_eq!(ctx.new_guid().await?.len(), 36);
        assert_eq!(ctx.version(), "1.0.0");
        for level in ["error", "WARN", "Info", "debug", "else"] {
            ctx.trace(level, "a line");
        }
        let call = |name: &str| ctx.schedule_activity(name, "");
        let all = ctx.join(vec![call("a"), call("b")]);
        let (all, pair, three) = ctx
            .join3(
                all,
                ctx.join2(call("c"), call("d")),
                ctx.join3(call("e"), call("f"), call("g")),
            )
            .await;
        let first = ctx.select2(call("h"), call("i")).await.into_tuple();
        let second = ctx
            .select3(call("j"), call("k"), call("l"))
            .await
            .into_tuple();
        let outputs: Result<Vec<_>, _> = all
            .into_iter()
            .chain([pair.0, pair.1, three.0, three.1, three.2])
            .collect();
        Ok(format!("{} {} {}", outputs?.concat(), first.0, second.0))
    });
    let mut live = program.start();
    for source in (2..9).rev() {
        live.complete(source, &source.to_string());
    }
    let last = live.last_call();
    live.complete(last, "");
    let last = live.last_call();
    live.complete(last - 1, "");
    assert_eq!(live.outcome, Outcome::Completed("2345678 1 1".to_owned()));
    live.check();
}

fn late(elapsed: Elapsed) -> Result<(), Error> {
    Err(elapsed)?
}

#[test]
fn one_error_takes_all_others() {
    type Call = CallError<u8>;
    for (error, same, text) in [
        (
            Error::from(Call::Failed(7)),
            Error::Failed("7".to_owned()),
            "7",
        ),
        (Call::TimedOut.into(), Error::TimedOut, "timed out"),
        (Call::Cancelled.into(), Error::Cancelled, "cancelled"),
        (
            Call::Panicked("x".to_owned()).into(),
            Error::Panicked("x".to_owned()),
            "panicked: x",
        ),
        (
            Call::Rejected("x".to_owned()).into(),
            Error::Rejected("x".to_owned()),
            "rejected: x",
        ),
        ("text".into(), Error::Failed("text".to_owned()), "text"),
        (
            "text".to_owned().into(),
            Error::Failed("text".to_owned()),
            "text",
        ),
    ] {
        assert_eq!(error, same);
        assert_eq!(String::from(error.clone()), text);
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<Error>(&json).unwrap(), error);
    }
    let program = Program::new(|ctx| async move {
        let limited = ctx.timeout(std::time::Duration::from_secs(1), ctx.schedule_wait("e"));
        let elapsed = limited.await.unwrap_err();
        assert_eq!(late(elapsed), Err(Error::TimedOut));
        Err(elapsed.into())
    });
    let mut live = program.start();
    let timer = live
        .history
        .iter()
        .find(|event| matches!(event.kind, duroxide::EventKind::TimerCreated { .. }));
    live.fire(timer.unwrap().event_id.0);
    assert_eq!(live.failure().to_string(), "the time ran out");
}
