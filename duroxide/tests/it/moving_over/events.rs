//! Events by name and queues.

use std::time::Duration;

use duroxide::{ClientError, Either2, OrchestrationContext, OrchestrationRegistry};
use serde::{Deserialize, Serialize};

use super::{App, PATIENCE, no_activities, start};

#[derive(Serialize, Deserialize)]
struct Approval {
    by: String,
    amount: u32,
}

/// Waits until the code has asked for something.
async fn asked(app: &App, id: &str) {
    let asked = async {
        while app.history(id).await.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_decides_a_race_with_a_timer() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Approve",
            |ctx: OrchestrationContext, _: String| async move {
                let approved = ctx.schedule_wait("Approved");
                let limit = ctx.schedule_timer(Duration::from_secs(600));
                match ctx.select2(approved, limit).await {
                    Either2::First(by) => Ok(format!("approved by {by}")),
                    Either2::Second(()) => Err("nobody answered".to_string()),
                }
            },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    app.client
        .start_orchestration("a", "Approve", "")
        .await
        .unwrap();
    asked(&app, "a").await;
    app.client
        .raise_event("a", "Approved", "ann")
        .await
        .unwrap();
    assert_eq!(app.end("a").await.unwrap(), "approved by ann");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_event_is_read_and_a_wrong_one_fails_the_instance_only() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Approve",
            |ctx: OrchestrationContext, _: String| async move {
                let approval: Approval = ctx.schedule_wait_typed("Approved").await;
                Ok(format!("{} {}", approval.by, approval.amount))
            },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    for id in ["a", "b"] {
        app.client
            .start_orchestration(id, "Approve", "")
            .await
            .unwrap();
        asked(&app, id).await;
    }
    app.client
        .raise_event("b", "Approved", "no json")
        .await
        .unwrap();
    let error = app.end("b").await.unwrap_err();
    assert!(error.contains("Approval"), "{error}");
    let approval = Approval {
        by: "ann".to_owned(),
        amount: 3,
    };
    app.client
        .raise_event_typed("a", "Approved", &approval)
        .await
        .unwrap();
    assert_eq!(app.end("a").await.unwrap(), "ann 3");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_keeps_its_messages_through_continue_as_new() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Chat",
            |ctx: OrchestrationContext, said: String| async move {
                let message: String = ctx.dequeue_event_typed("inbox").await;
                if message == "bye" {
                    return Ok(said);
                }
                ctx.continue_as_new(format!("{said}{message};")).await
            },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    app.client
        .start_orchestration("a", "Chat", "")
        .await
        .unwrap();
    // More than a hundred: none is lost.
    for number in 0..150 {
        app.client
            .enqueue_event("a", "inbox", format!("{number}"))
            .await
            .unwrap();
    }
    app.client
        .enqueue_event_typed("a", "inbox", &"bye")
        .await
        .unwrap();
    let expected: Vec<String> = (0..150).map(|number| format!("{number};")).collect();
    assert_eq!(app.end("a").await.unwrap(), expected.concat());
    assert_eq!(app.client.list_executions("a").await.unwrap().len(), 151);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_for_nobody_is_an_error_and_holds_nobody_up() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Hello",
            |_ctx: OrchestrationContext, name: String| async move { Ok(name) },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    let error = app
        .client
        .raise_event("ghost", "Approved", "")
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::InstanceNotFound { .. }),
        "{error}"
    );
    assert_eq!(app.run("a", "Hello", "x").await.unwrap(), "x");
    app.stop().await;
}
