//! Detached starts: recorded, done with the turn, whatever that ends with; nobody waits.

use duroxide::OrchestrationContext;
use duroxide::engine::{Limits, Outcome};

use crate::support::{Program, cancel, completed};

#[test]
fn a_detached_start_is_recorded_and_asked_for_at_once() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_orchestration("other", "own", "in");
        ctx.schedule_orchestration_versioned("other", Some("2.0.0".to_owned()), "second", "");
        ctx.schedule_orchestration_typed("other", "third", &vec![1, 2]);
        ctx.schedule_orchestration_versioned_typed("other", None, "fourth", &"bare");
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 detach other(in) as own",
            "3 detach other@2.0.0() as second",
            "4 detach other([1,2]) as third",
            "5 detach other(bare) as fourth",
            "6 call a()",
        ]
    );
    assert_eq!(
        live.asked(),
        ["detach 2", "detach 3", "detach 4", "detach 5", "start 6"]
    );
    live.complete(6, "x");
    live.check();
}

/// Starts another instance in the turn that ends this one.
fn ends(how: &'static str) -> Program {
    async fn code(ctx: OrchestrationContext, how: &'static str) -> Result<String, String> {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_orchestration("other", "own", "");
        match how {
            "again" => ctx.continue_as_new("").await,
            "err" => Err("no".to_owned()),
            "panic" => panic!("on purpose"),
            _ => Ok(String::new()),
        }
    }
    Program::new(move |ctx| code(ctx, how))
}

#[test]
fn a_detached_start_is_done_also_with_the_last_turn() {
    for how in ["ok", "err", "panic", "again"] {
        let mut live = ends(how).start();
        live.asked();
        live.complete(2, "");
        assert_ne!(live.outcome, Outcome::Pending);
        assert_eq!(live.lines()[3], "4 detach other() as own", "{how}");
        assert_eq!(live.asked(), ["detach 4"], "{how}");
        live.check();
    }
}

#[test]
fn a_detached_start_in_a_turn_that_is_then_cancelled_is_done() {
    // What is consumed first wins: the start was asked for before the request to end.
    let mut live = ends("ok").start();
    live.asked();
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_orchestration("other", "own", "");
        ctx.schedule_activity("b", "").await
    });
    let mut live = program.start();
    live.asked();
    live.send_all([completed(2, ""), cancel("enough")]);
    assert_eq!(live.asked(), ["detach 4"]);
    live.check();
}

#[test]
fn an_id_that_is_none_or_reserved_fails_the_instance_at_rest() {
    for id in ["", "sub::x", "a::sub::b", "__x", "with space"] {
        let program = Program::new(move |ctx| async move {
            ctx.schedule_orchestration("other", id, "");
            ctx.set_kv_value("still", "running");
            ctx.schedule_activity("a", "").await
        });
        let live = program.start();
        let lines = live.lines();
        assert_eq!(
            lines[1], "2 set still: running",
            "it runs to its rest: {lines:?}"
        );
        assert!(lines.last().unwrap().contains("instance id"), "{lines:?}");
        live.check();
    }
}

#[test]
fn an_input_that_is_too_long_fails_the_instance_and_starts_nothing() {
    let limits = Limits {
        payload_bytes: 10,
        ..Limits::default()
    };
    let program = Program::new(|ctx| async move {
        ctx.schedule_orchestration("other", "own", "eleven byte");
        Ok(String::new())
    });
    let mut live = program.with_limits(limits).start();
    assert_eq!(
        live.lines_from(2),
        ["2 failed: the input of the orchestration `other` has 11 bytes; 10 are allowed"]
    );
    assert_eq!(live.asked(), [""; 0]);
    live.check();
}

#[test]
fn an_input_that_does_not_encode_fails_the_instance() {
    let program = Program::new(|ctx| async move {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        ctx.schedule_orchestration_typed("other", "own", &map);
        Ok(String::new())
    });
    let live = program.start();
    assert_eq!(live.history.len(), 2);
    assert!(live.failure().to_string().contains("BTreeMap"));
    live.check();
}

#[test]
fn changed_code_is_found_by_name_version_id_and_input() {
    fn with(name: &'static str, version: Option<&'static str>, id: &'static str) -> Program {
        Program::new(move |ctx| async move {
            ctx.schedule_orchestration_versioned(name, version.map(str::to_owned), id, name);
            ctx.schedule_activity("a", "").await
        })
    }
    let live = with("a", None, "id").start();
    for changed in [
        with("b", None, "id"),
        with("a", Some("1.0.0"), "id"),
        with("a", None, "other"),
        Program::new(|ctx| async move { ctx.schedule_activity("a", "").await }),
    ] {
        live.refuse_code(&changed);
    }
}

#[test]
fn a_child_and_a_detached_start_are_not_the_same() {
    let detached = Program::new(|ctx| async move {
        ctx.schedule_orchestration("a", "id", "");
        ctx.schedule_activity("a", "").await
    });
    let child = Program::new(|ctx| async move {
        let _child = ctx.schedule_sub_orchestration_with_id("a", "id", "");
        ctx.schedule_activity("a", "").await
    });
    detached.start().refuse_code(&child);
    child.start().refuse_code(&detached);
}
