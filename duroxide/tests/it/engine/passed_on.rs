//! Failures that are no error of user code: the code may catch them; if it passes one on, the instance
//! ends with the same.

use duroxide::engine::Outcome;
use duroxide::history::{
    ConfigErrorKind, ErrorDetails, EventId, ExecutionId, Message, PoisonMessageType,
};

use crate::support::{Program, child_failed};

fn failures() -> [ErrorDetails; 3] {
    [
        ErrorDetails::Poison {
            attempt_count: 11,
            max_attempts: 10,
            message_type: PoisonMessageType::Orchestration {
                instance: "child".to_owned(),
                execution_id: 1,
            },
            message: "never got through".to_owned(),
        },
        ErrorDetails::Infrastructure {
            operation: "commit".to_owned(),
            message: "no".to_owned(),
            retryable: false,
        },
        ErrorDetails::Configuration {
            kind: ConfigErrorKind::Nondeterminism,
            resource: "event 3".to_owned(),
            message: Some("changed".to_owned()),
        },
    ]
}

fn activity_failed(source: u64, details: ErrorDetails) -> Message {
    Message::ActivityFailed {
        execution_id: ExecutionId::FIRST,
        source: EventId(source),
        details,
    }
}

#[test]
fn a_failure_that_is_passed_on_ends_the_instance_with_the_same() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_sub_orchestration("child", "").await
    });
    for details in failures() {
        let mut live = program.start();
        live.send(activity_failed(2, details.clone()));
        assert_eq!(live.failure(), details);
        live.check();

        let mut live = program.start();
        live.complete(2, "");
        live.send(child_failed(4, details.clone()));
        assert_eq!(live.failure(), details);
        live.check();
    }
}

#[test]
fn a_failure_that_is_caught_or_changed_is_the_codes_own() {
    let caught = Program::new(|ctx| async move {
        let child = ctx.schedule_sub_orchestration("child", "").await;
        Ok(child.unwrap_err())
    });
    let changed = Program::new(|ctx| async move {
        let child = ctx.schedule_sub_orchestration("child", "").await;
        child.map_err(|error| format!("the child: {error}"))
    });
    for details in failures() {
        let mut live = caught.start();
        live.send(child_failed(2, details.clone()));
        assert_eq!(live.outcome, Outcome::Completed(details.to_string()));
        live.check();

        let mut live = changed.start();
        live.send(child_failed(2, details.clone()));
        assert_eq!(live.failure().category(), "application");
        assert_eq!(live.failure().to_string(), format!("the child: {details}"));
        live.check();
    }
}

#[test]
fn undoing_comes_before_a_failure_is_passed_on() {
    let program = Program::new(|ctx| async move {
        let mut saga = ctx.saga();
        saga.undo(|ctx| async move { ctx.schedule_activity("undo", "").await });
        ctx.schedule_sub_orchestration("child", "").await
    });
    let [details, ..] = failures();
    let mut live = program.start();
    live.send(child_failed(2, details.clone()));
    live.complete(4, "");
    assert_eq!(live.failure(), details);
    live.check();
}
