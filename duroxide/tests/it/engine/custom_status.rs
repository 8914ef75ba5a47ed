//! The custom status: recorded, shown, handed on, compared.

use duroxide::engine::Limits;

use crate::support::Program;

#[test]
fn a_status_is_recorded_each_time_it_is_set_and_read_back() {
    let program = Program::new(|ctx| async move {
        assert_eq!(ctx.get_custom_status(), None);
        ctx.set_custom_status("one");
        ctx.set_custom_status("one");
        let seen = ctx.get_custom_status().unwrap();
        ctx.schedule_activity("a", seen).await?;
        ctx.reset_custom_status();
        Ok(format!("{:?}", ctx.get_custom_status()))
    });
    let mut live = program.start();
    live.complete(4, "");
    assert_eq!(
        live.lines_from(2),
        [
            "2 status: one",
            "3 status: one",
            "4 call a(one)",
            "5 completed 4: ",
            "6 no status",
            "7 done: None"
        ]
    );
    assert_eq!(live.asked(), ["start 4"]);
    live.check();
}

#[test]
fn it_goes_on_to_the_next_execution() {
    let program = Program::with_input(|ctx, input| async move {
        let before = format!("{:?}", ctx.get_custom_status());
        ctx.set_custom_status(format!("{input}!"));
        if input.len() < 2 {
            return ctx.continue_as_new(format!("{input}x")).await;
        }
        Ok(before)
    });
    let live = program.start();
    assert_eq!(live.lines_from(2), ["2 status: !", "3 again: x"]);
    let (start, mut execution) = live.successor();
    assert_eq!(start.custom_status.as_deref(), Some("!"));
    let message = duroxide::history::Message::Start(start);
    duroxide::engine::run_turn(&mut execution, [(message, crate::support::at(1))]);
    let next = execution.next_start("xx".to_owned(), None);
    assert_eq!(next.custom_status.as_deref(), Some("x!"));
    let mut third = live.program.execution_of("instance", next.execution_id);
    let message = duroxide::history::Message::Start(next);
    let turn = duroxide::engine::run_turn(&mut third, [(message, crate::support::at(1))]);
    assert_eq!(
        turn.outcome,
        duroxide::engine::Outcome::Completed(r#"Some("x!")"#.to_owned())
    );
}

#[test]
fn one_that_is_too_long_fails_the_instance_at_rest() {
    let limits = Limits {
        custom_status_bytes: 4,
        ..Limits::default()
    };
    let program = Program::new(|ctx| async move {
        ctx.set_custom_status("four");
        ctx.set_custom_status("12345");
        ctx.set_custom_status("on");
        ctx.schedule_activity("a", "").await
    });
    let mut live = program.with_limits(limits).start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 status: four",
            "3 status: on",
            "4 call a()",
            "5 cancel 4: orchestration_terminal_failed",
            "6 failed: the custom status has 5 bytes; 4 are allowed"
        ]
    );
    assert_eq!(live.asked(), [""; 0]);
    live.check();
}

#[test]
fn a_changed_status_is_found_out() {
    fn with(status: Option<&'static str>) -> Program {
        Program::new(move |ctx| async move {
            match status {
                Some(status) => ctx.set_custom_status(status),
                None => ctx.reset_custom_status(),
            }
            ctx.schedule_activity("a", "").await
        })
    }
    let none = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let live = with(Some("one")).start();
    live.refuse_code(&with(Some("two")));
    live.refuse_code(&with(None));
    live.refuse_code(&none);
    none.start().refuse_code(&with(None));
}

#[test]
fn what_a_dropped_future_set_is_set() {
    let program = Program::new(|ctx| async move {
        let lost = async {
            ctx.set_custom_status("begun");
            std::future::pending::<()>().await;
        };
        duroxide::select2(lost, ctx.schedule_activity("a", "")).await;
        Ok(ctx.get_custom_status().unwrap())
    });
    let mut live = program.start();
    live.complete(2, "");
    assert_eq!(live.lines().last().unwrap(), "5 done: begun");
    live.check();
}
