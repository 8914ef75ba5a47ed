//! Cancellation from outside.

use duroxide::{
    ActivityContext, ActivityRegistry, AppErrorKind, ErrorDetails, EventKind, OrchestrationContext,
    OrchestrationRegistry, OrchestrationStatus,
};

use super::{App, PATIENCE, start};

fn activities() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("Wait", |ctx: ActivityContext, _: String| async move {
            ctx.cancelled().await;
            Err("cancelled".to_owned())
        })
        .register("Undo", |_ctx: ActivityContext, what: String| async move {
            Ok(what)
        })
        .build()
}

async fn reach(app: &App, id: &str, events: usize) {
    let reached = async {
        while app.history(id).await.len() < events {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_instance_fails_with_the_reason_and_its_children_too() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Child", |ctx: OrchestrationContext, _: String| async move {
            ctx.schedule_activity("Wait", "").await
        })
        .register(
            "Parent",
            |ctx: OrchestrationContext, _: String| async move {
                ctx.schedule_sub_orchestration_with_id("Child", "child", "")
                    .await
            },
        )
        .build();
    let app = start(activities(), orchestrations).await;
    app.client
        .start_orchestration("p", "Parent", "")
        .await
        .unwrap();
    reach(&app, "child", 2).await;
    app.client.cancel_instance("p", "too late").await.unwrap();
    match app
        .client
        .wait_for_orchestration("p", PATIENCE)
        .await
        .unwrap()
    {
        OrchestrationStatus::Failed { details, .. } => {
            assert!(
                matches!(&details, ErrorDetails::Application { kind: AppErrorKind::Cancelled { reason }, .. }
                if reason == "too late")
            );
            assert_eq!(details.display_message(), "canceled: too late");
        }
        other => panic!("unexpected: {other:?}"),
    }
    let error = app.end("child").await.unwrap_err();
    assert!(error.starts_with("canceled: "), "{error}");
    let history = app.history("p").await;
    assert!(history.iter().any(|event| matches!(&event.kind,
        EventKind::OrchestrationCancelRequested { reason, .. } if reason == "too late")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saga_undoes_and_a_termination_does_not() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Trip", |ctx: OrchestrationContext, _: String| async move {
            let mut saga = ctx.saga();
            saga.undo(|ctx| async move { ctx.schedule_activity("Undo", "seat").await });
            ctx.schedule_wait("never").await;
            Ok(String::new())
        })
        .build();
    let app = start(activities(), orchestrations).await;
    for (id, terminate, undone) in [("cancelled", false, true), ("terminated", true, false)] {
        app.client
            .start_orchestration(id, "Trip", "")
            .await
            .unwrap();
        reach(&app, id, 2).await;
        if terminate {
            app.client.terminate_instance(id, "stop").await.unwrap();
        } else {
            app.client.cancel_instance(id, "stop").await.unwrap();
        }
        assert_eq!(app.end(id).await.unwrap_err(), "canceled: stop");
        let history = app.history(id).await;
        let undoes = |event: &duroxide::Event| matches!(&event.kind, EventKind::ActivityScheduled { name, .. } if name == "Undo");
        assert_eq!(history.iter().any(undoes), undone, "{id}");
    }
    app.stop().await;
}
