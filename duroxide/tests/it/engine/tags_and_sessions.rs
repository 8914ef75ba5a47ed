//! Which workers may run an activity: its tag, and the session it belongs to.

use duroxide::engine::Outcome;
use duroxide::{BackoffStrategy, EventKind, RetryPolicy};

use crate::support::Program;

#[test]
fn a_tag_and_a_session_are_recorded_with_the_call() {
    let program = Program::new(|ctx| async move {
        let calls = [
            ctx.schedule_activity("a", "").with_tag("gpu"),
            ctx.schedule_activity_on_session("b", "", "s"),
            ctx.schedule_activity_on_session("c", "", "s")
                .with_tag("gpu"),
            ctx.schedule_activity("d", "")
                .with_tag("one")
                .with_tag("two"),
        ];
        let typed = ctx.schedule_activity_on_session_typed::<_, u8>("e", &7, "s");
        duroxide::join_all(calls).await;
        Ok(typed.await?.to_string())
    });
    let mut live = program.start();
    assert_eq!(
        live.lines_from(2),
        [
            "2 call a() for gpu",
            "3 call b() on s",
            "4 call c() on s for gpu",
            "5 call d() for two",
            "6 call e(7) on s",
        ]
    );
    for source in 2..6 {
        live.complete(source, "");
    }
    live.complete(6, "9");
    assert_eq!(live.outcome, Outcome::Completed("9".to_owned()));
    live.check();
}

#[test]
fn all_attempts_of_a_call_run_on_its_session() {
    let program = Program::new(|ctx| async move {
        let policy = RetryPolicy::new(2).with_backoff(BackoffStrategy::None);
        ctx.schedule_activity_with_retry_on_session("a", "in", policy, "s")
            .await
    });
    let mut live = program.start();
    live.refuse(2, "no");
    live.complete(4, "yes");
    assert_eq!(
        live.lines_from(2),
        [
            "2 call a(in) on s",
            "3 refused 2: no",
            "4 attempt 2 of 2 a(in) on s",
            "5 completed 4: yes",
            "6 done: yes"
        ]
    );
    live.check();
}

/// Says `problem` in the end, and runs to its rest before.
fn refused(program: &Program, problem: &str) {
    let mut live = program.start();
    while live.outcome == Outcome::Pending {
        live.complete(live.last_call(), "");
    }
    assert_eq!(live.failure().to_string(), problem);
    live.check();
}

#[test]
fn a_tag_that_comes_too_late_or_belongs_to_nothing_fails_the_instance_at_rest() {
    let late = Program::new(|ctx| async move {
        let call = ctx.schedule_activity("a", "");
        ctx.schedule_activity("b", "").await?;
        call.with_tag("gpu").await
    });
    refused(&late, "a tag comes too late once the call was awaited");
    let timer = Program::new(|ctx| async move {
        ctx.schedule_timer(std::time::Duration::ZERO)
            .with_tag("gpu")
            .await;
        Ok(String::new())
    });
    refused(&timer, "only activities have a tag");
    let child = Program::new(|ctx| async move {
        ctx.schedule_sub_orchestration("a", "")
            .with_tag("gpu")
            .await
    });
    refused(&child, "only activities have a tag");
    let event = Program::new(|ctx| async move {
        let event = ctx.dequeue_event_typed::<String>("q");
        Ok(event.with_tag("gpu").await)
    });
    refused(&event, "a tag belongs to one call of an activity");
    let retried = Program::new(|ctx| async move {
        let call = ctx.schedule_activity_with_retry("a", "", RetryPolicy::new(2));
        ctx.schedule_activity("b", "").await?;
        call.with_tag("gpu").await
    });
    refused(&retried, "a tag comes too late once the call was awaited");
    let long = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "")
            .with_tag("x".repeat(257))
            .await
    });
    refused(&long, "the tag has 257 bytes; 256 are allowed");
}

#[test]
fn all_attempts_of_a_call_have_its_tag() {
    let program = Program::new(|ctx| async move {
        let policy = RetryPolicy::new(3).with_backoff(BackoffStrategy::None);
        let call = ctx.schedule_activity_with_retry_typed::<_, String>("a", &String::new(), policy);
        call.with_tag("cpu")
            .map(|answer| answer)
            .with_tag("gpu")
            .await
    });
    let mut live = program.start();
    for _ in 0..2 {
        live.refuse(live.last_call(), "no");
    }
    live.complete(live.last_call(), "yes");
    assert_eq!(live.outcome, Outcome::Completed("yes".to_owned()));
    let tags = live.history.iter().filter_map(|event| match &event.kind {
        EventKind::ActivityScheduled { tag, .. } => Some(tag.clone()),
        _ => None,
    });
    assert_eq!(tags.collect::<Vec<_>>(), vec![Some("gpu".to_owned()); 3]);
    live.check();
}

#[test]
fn a_tag_of_256_bytes_is_one() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "")
            .with_tag("x".repeat(256))
            .await
    });
    let mut live = program.start();
    live.complete(2, "");
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    live.check();
}

#[test]
fn a_session_id_that_is_too_long_is_an_error_of_the_call() {
    let program = Program::new(|ctx| async move {
        let call = ctx.schedule_activity_on_session("a", "", "x".repeat(257));
        Ok(call.await.unwrap_err())
    });
    let live = program.start();
    assert_eq!(
        live.lines_from(2),
        ["2 done: the session id has 257 bytes; 256 are allowed"]
    );
    live.check();
}

#[test]
fn a_tag_on_a_call_that_is_not_made_says_nothing() {
    let program = Program::new(|ctx| async move {
        ctx.cancelled().await;
        let refused = ctx.schedule_activity("a", "").with_tag("gpu");
        Ok(refused.await.unwrap_err())
    });
    let mut live = program.start();
    live.send(crate::support::cancel("enough"));
    assert_eq!(
        live.outcome,
        Outcome::Completed("canceled: enough".to_owned())
    );
    live.check();
}

#[test]
fn changed_tags_and_sessions_are_found_out() {
    fn with(tag: Option<&'static str>, session: Option<&'static str>) -> Program {
        Program::new(move |ctx| async move {
            let call = match session {
                Some(session) => ctx.schedule_activity_on_session("a", "", session),
                None => ctx.schedule_activity("a", ""),
            };
            match tag {
                Some(tag) => call.with_tag(tag).await,
                None => call.await,
            }
        })
    }
    let programs = [
        with(None, None),
        with(Some("x"), None),
        with(Some("y"), None),
        with(None, Some("x")),
        with(None, Some("y")),
        with(Some("x"), Some("y")),
    ];
    for (index, program) in programs.iter().enumerate() {
        for (other, changed) in programs.iter().enumerate() {
            if index != other {
                program.start().refuse_code(changed);
            }
        }
    }
    let refusal = with(Some("x"), Some("y")).refusal(&with(None, None).start().history);
    assert!(
        refusal.replayed.ends_with("session `y`, tag `x`"),
        "{refusal}"
    );
}
