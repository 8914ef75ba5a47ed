//! Errors, retries, compensation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, AppErrorKind, BackoffStrategy, ErrorDetails, EventKind,
    OrchestrationContext, OrchestrationRegistry, OrchestrationStatus, RetryPolicy,
};

use super::{PATIENCE, no_activities, start};

/// `Flaky` fails so many times; `Log` keeps what it was told.
fn flaky(failures: u32) -> (ActivityRegistry, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let activities = ActivityRegistry::builder()
        .register("Flaky", move |_ctx: ActivityContext, input: String| {
            let calls = counted.clone();
            async move {
                if calls.fetch_add(1, Ordering::SeqCst) < failures {
                    Err(format!("{input} is busy"))
                } else {
                    Ok(input)
                }
            }
        })
        .register("Undo", |_ctx: ActivityContext, input: String| async move {
            Ok(format!("undone {input}"))
        })
        .register("Slow", |ctx: ActivityContext, _input: String| async move {
            ctx.cancelled().await;
            Err("cancelled".to_string())
        })
        .build();
    (activities, calls)
}

fn quick(attempts: u32) -> RetryPolicy {
    RetryPolicy::new(attempts).with_backoff(BackoffStrategy::Fixed {
        delay: Duration::from_millis(2),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_handled_or_goes_up_by_the_question_mark() {
    async fn inner(ctx: &OrchestrationContext) -> Result<String, String> {
        let output = ctx.schedule_activity("Flaky", "disk").await?;
        Ok(output)
    }
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Recover",
            |ctx: OrchestrationContext, _: String| async move {
                match inner(&ctx).await {
                    Ok(output) => Ok(output),
                    Err(error) => {
                        let undone = ctx.schedule_activity("Undo", "disk").await?;
                        Ok(format!("{error}; {undone}"))
                    }
                }
            },
        )
        .register("GoUp", |ctx: OrchestrationContext, _: String| async move {
            inner(&ctx).await
        })
        .build();
    let (activities, _) = flaky(u32::MAX);
    let app = start(activities, orchestrations).await;
    let output = app.run("a", "Recover", "").await.unwrap();
    assert_eq!(output, "disk is busy; undone disk");
    app.client
        .start_orchestration("b", "GoUp", "")
        .await
        .unwrap();
    match app
        .client
        .wait_for_orchestration("b", PATIENCE)
        .await
        .unwrap()
    {
        OrchestrationStatus::Failed { details, .. } => {
            assert_eq!(details.category(), "application");
            assert!(!details.is_retryable());
            assert_eq!(details.display_message(), "disk is busy");
        }
        other => panic!("unexpected: {other:?}"),
    }
    let history = app.history("b").await;
    let failures = history
        .iter()
        .filter(|event| matches!(&event.kind, EventKind::ActivityFailed { details } if details.display_message() == "disk is busy"))
        .count();
    assert_eq!(failures, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_policy_tries_again() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Try",
            |ctx: OrchestrationContext, input: String| async move {
                ctx.schedule_activity_with_retry("Flaky", input, quick(5))
                    .await
            },
        )
        .build();
    let (activities, calls) = flaky(3);
    let app = start(activities, orchestrations).await;
    assert_eq!(app.run("a", "Try", "disk").await.unwrap(), "disk");
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_policy_gives_up_with_the_last_error() {
    let orchestrations = OrchestrationRegistry::builder()
        .register_typed(
            "Try",
            |ctx: OrchestrationContext, input: String| async move {
                ctx.schedule_activity_with_retry_typed::<String, String>("Flaky", &input, quick(3))
                    .await
            },
        )
        .build();
    let (activities, calls) = flaky(u32::MAX);
    let app = start(activities, orchestrations).await;
    assert_eq!(
        app.run("a", "Try", "disk").await.unwrap_err(),
        "disk is busy"
    );
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_of_an_attempt_ends_the_call() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Try",
            |ctx: OrchestrationContext, input: String| async move {
                let policy = quick(3).with_timeout(Duration::from_millis(30));
                ctx.schedule_activity_with_retry("Slow", input, policy)
                    .await
            },
        )
        .build();
    let (activities, _) = flaky(0);
    let app = start(activities, orchestrations).await;
    let error = app.run("a", "Try", "").await.unwrap_err();
    assert_eq!(error, "timeout: activity timed out");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failure_with_its_text() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Panic",
            |_ctx: OrchestrationContext, input: String| async move {
                assert!(input != "now", "on purpose");
                Ok(input)
            },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    app.client
        .start_orchestration("a", "Panic", "now")
        .await
        .unwrap();
    match app
        .client
        .wait_for_orchestration("a", PATIENCE)
        .await
        .unwrap()
    {
        OrchestrationStatus::Failed { details, .. } => {
            assert!(matches!(
                &details,
                ErrorDetails::Application {
                    kind: AppErrorKind::Panicked,
                    ..
                }
            ));
            assert_eq!(
                details.display_message(),
                "orchestration panicked: on purpose"
            );
        }
        other => panic!("unexpected: {other:?}"),
    }
    assert_eq!(app.run("b", "Panic", "later").await.unwrap(), "later");
    app.stop().await;
}
