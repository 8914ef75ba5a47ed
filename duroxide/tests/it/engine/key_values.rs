//! Values under keys: what an instance reads follows from its own history.

use std::collections::BTreeMap;

use duroxide::engine::{Limits, Outcome, run_turn};
use duroxide::history::Message;

use crate::support::{Program, at, completed};

#[test]
fn values_are_recorded_read_back_and_removed() {
    let program = Program::new(|ctx| async move {
        ctx.set_kv_value("b", "2");
        ctx.set_kv_value("a", "1");
        ctx.set_kv_value("a", "one");
        ctx.clear_kv_value("missing");
        ctx.clear_kv_value("b");
        ctx.set_kv_value("c", "3");
        let seen = format!(
            "{:?} {} {:?} {:?}",
            ctx.get_kv_all_keys(),
            ctx.get_kv_length(),
            ctx.get_kv_value("a"),
            ctx.get_kv_value("b")
        );
        let all: BTreeMap<_, _> = ctx.get_kv_all_values().into_iter().collect();
        assert_eq!(all.len(), 2);
        ctx.clear_all_kv_values();
        Ok(format!("{seen} {}", ctx.get_kv_length()))
    });
    let live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 set b: 2",
            "3 set a: 1",
            "4 set a: one",
            "5 clear missing",
            "6 clear b",
            "7 set c: 3",
            "8 clear all",
            r#"9 done: ["a", "c"] 2 Some("one") None 0"#
        ]
    );
    live.check();
}

#[test]
fn typed_values_are_json_and_what_does_not_fit_is_an_error() {
    let program = Program::new(|ctx| async move {
        ctx.set_kv_value_typed("list", &vec![1, 2]);
        ctx.set_kv_value_typed("text", "bare");
        let list: Option<Vec<u8>> = ctx.get_kv_value_typed("list")?;
        let text: Option<String> = ctx.get_kv_value_typed("text")?;
        let none: Option<u8> = ctx.get_kv_value_typed("none")?;
        let wrong = ctx.get_kv_value_typed::<u8>("list").unwrap_err();
        assert!(wrong.contains("u8"), "{wrong}");
        Ok(format!("{list:?} {text:?} {none:?}"))
    });
    let live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 set list: [1,2]",
            r#"3 set text: "bare""#,
            r#"4 done: Some([1, 2]) Some("bare") None"#
        ]
    );
    live.check();

    let program = Program::new(|ctx| async move {
        ctx.set_kv_value_typed("k", &BTreeMap::from([((1, 2), 3)]));
        Ok(String::new())
    });
    let live = program.start();
    assert!(live.failure().to_string().contains("BTreeMap"));
    live.check();
}

#[test]
fn values_go_on_to_the_next_execution_with_their_times() {
    let program = Program::with_input(|ctx, input| async move {
        if input.is_empty() {
            ctx.set_kv_value("old", "1");
            ctx.schedule_activity("a", "").await?;
            ctx.set_kv_value("new", "2");
            ctx.set_kv_value("gone", "3");
            ctx.clear_kv_value("gone");
            return ctx.continue_as_new("again").await;
        }
        let before = ctx.get_kv_all_keys();
        // The first was written at 1,000 ms, the second at 1,010 ms.
        let pruned = ctx.prune_kv_values_updated_before(1_010);
        Ok(format!("{before:?} {pruned} {:?}", ctx.get_kv_all_keys()))
    });
    let mut live = program.start();
    live.complete(3, "");
    live.check();
    let (start, mut execution) = live.successor();
    let turn = run_turn(&mut execution, [(Message::Start(start), at(9_000))]);
    assert_eq!(
        turn.outcome,
        Outcome::Completed(r#"["new", "old"] 1 ["new"]"#.to_owned())
    );
    // An exported history replays alone: what was there stands in its first event.
    let mut cold = live
        .program
        .execution_of("instance", duroxide::history::ExecutionId(2));
    cold.replay(&turn.history_delta).unwrap();
    assert!(cold.is_ended());
}

#[test]
fn pruning_goes_by_recorded_times() {
    let program = Program::new(|ctx| async move {
        for n in 0..3 {
            ctx.set_kv_value(format!("k{n}"), "");
            ctx.schedule_activity("a", "").await?;
        }
        ctx.set_kv_value("k0", "again");
        let pruned = ctx.prune_kv_values_updated_before(1_020);
        Ok(format!("{pruned} {:?}", ctx.get_kv_all_keys()))
    });
    let mut live = program.start();
    live.complete(3, "");
    live.complete(6, "");
    live.complete(9, "");
    assert_eq!(
        live.lines_from(11),
        [
            "11 set k0: again",
            "12 clear k1",
            r#"13 done: 1 ["k0", "k2"]"#
        ]
    );
    live.check();
}

fn small() -> Limits {
    Limits {
        kv_keys: 2,
        kv_key_bytes: 3,
        kv_value_bytes: 4,
        ..Limits::default()
    }
}

#[test]
fn beyond_a_limit_the_instance_fails_once_at_rest() {
    for (key, value, problem) in [
        ("long", "", "a key has 4 bytes; 3 are allowed"),
        (
            "k",
            "12345",
            "the value under `k` has 5 bytes; 4 are allowed",
        ),
        ("c", "", "`c` would be key number 3; 2 are allowed"),
    ] {
        let program = Program::new(move |ctx| async move {
            ctx.set_kv_value("a", "");
            ctx.set_kv_value("b", "");
            ctx.set_kv_value(key, value);
            ctx.set_kv_value("toolong", "");
            ctx.set_kv_value("a", "over");
            let _next = ctx.continue_as_new("");
            ctx.schedule_activity("a", "").await
        });
        let mut live = program.with_limits(small()).start();
        assert_eq!(
            live.lines_from(2),
            [
                "2 set a: ".to_owned(),
                "3 set b: ".to_owned(),
                "4 set a: over".to_owned(),
                "5 call a()".to_owned(),
                "6 cancel 5: orchestration_terminal_failed".to_owned(),
                format!("7 failed: {problem}")
            ]
        );
        assert_eq!(live.asked(), [""; 0]);
        live.check();
    }
}

#[test]
fn keys_are_counted_over_turns_and_executions() {
    let program = Program::with_input(|ctx, input| async move {
        ctx.set_kv_value(format!("{input}1"), "");
        ctx.schedule_activity("a", "").await?;
        if input.is_empty() {
            return ctx.continue_as_new("x").await;
        }
        ctx.set_kv_value(format!("{input}2"), "");
        ctx.schedule_activity("b", "").await
    });
    let mut live = program.with_limits(small()).start();
    live.complete(3, "");
    let (start, mut execution) = live.successor();
    let done = Message::ActivityCompleted {
        execution_id: start.execution_id,
        source: duroxide::history::EventId(3),
        result: String::new(),
    };
    let batch = [Message::Start(start), done].map(|message| (message, at(9_000)));
    let turn = run_turn(&mut execution, batch);
    let Outcome::Failed(details) = turn.outcome else {
        panic!("{:?}", turn.outcome);
    };
    assert_eq!(
        details.to_string(),
        "`x2` would be key number 3; 2 are allowed"
    );
}

#[test]
fn a_removed_key_makes_room() {
    let program = Program::new(|ctx| async move {
        for n in 0..5 {
            ctx.set_kv_value(format!("k{n}"), "");
            ctx.clear_kv_value(format!("k{n}"));
        }
        Ok(ctx.get_kv_length().to_string())
    });
    let live = program.with_limits(small()).start();
    assert_eq!(live.outcome, Outcome::Completed("0".to_owned()));
    live.check();
}

#[test]
fn changed_values_and_keys_are_found_out() {
    fn with(key: &'static str, value: &'static str) -> Program {
        Program::new(move |ctx| async move {
            ctx.set_kv_value(key, value);
            ctx.schedule_activity("a", "").await
        })
    }
    let clears = Program::new(|ctx| async move {
        ctx.clear_kv_value("k");
        ctx.schedule_activity("a", "").await
    });
    let clears_all = Program::new(|ctx| async move {
        ctx.clear_all_kv_values();
        ctx.schedule_activity("a", "").await
    });
    let nothing = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let programs = [
        with("k", "v"),
        with("k", "w"),
        with("l", "v"),
        clears,
        clears_all,
        nothing,
    ];
    for (index, program) in programs.iter().enumerate() {
        for (other, changed) in programs.iter().enumerate() {
            if index != other {
                program.start().refuse_code(changed);
            }
        }
    }
}

#[test]
fn reading_the_value_of_another_instance_is_a_call() {
    let program = Program::new(|ctx| async move {
        let text = ctx.get_kv_value_from_instance("other", "k").await?;
        let typed = ctx
            .get_kv_value_from_instance_typed::<u8>("other", "n")
            .await?;
        let wrong = ctx
            .get_kv_value_from_instance_typed::<u8>("other", "n")
            .await;
        let none = ctx.get_kv_value_from_instance("other", "none").await?;
        Ok(format!("{text:?} {typed:?} {} {none:?}", wrong.is_err()))
    });
    let mut live = program.start();
    let call = r#"2 call __duroxide_syscall:read_kv({"instance":"other","key":"k"})"#;
    assert_eq!(live.lines()[1], call);
    live.complete(2, r#""text""#);
    live.complete(4, r#""7""#);
    live.complete(6, r#""x""#);
    live.complete(8, "null");
    assert_eq!(
        live.outcome,
        Outcome::Completed(r#"Some("text") Some(7) true None"#.to_owned())
    );
    live.check();
}

#[test]
fn a_read_modify_write_replays_whatever_came_between() {
    let program = Program::new(|ctx| async move {
        for _ in 0..5 {
            ctx.schedule_activity("a", "").await?;
            let count: u32 = ctx.get_kv_value_typed("count")?.unwrap_or_default();
            ctx.set_kv_value_typed("count", &(count + 1));
        }
        Ok(ctx.get_kv_value("count").unwrap())
    });
    let mut live = program.start();
    while live.outcome == Outcome::Pending {
        let source = live.last_call();
        live.send_all([crate::support::raised("noise", ""), completed(source, "")]);
    }
    assert_eq!(live.outcome, Outcome::Completed("5".to_owned()));
    live.check();
}
