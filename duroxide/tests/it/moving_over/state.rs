//! Values and statuses.

use std::time::Duration;

use duroxide::{OrchestrationContext, OrchestrationRegistry, OrchestrationStatus};
use serde::{Deserialize, Serialize};

use super::{PATIENCE, no_activities, start};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Progress {
    done: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_is_read_and_written() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Count", |ctx: OrchestrationContext, _: String| async move {
            for _ in 0..3 {
                let count = ctx.get_kv_value_typed::<u32>("count")?.unwrap_or(0);
                ctx.set_kv_value_typed("count", &(count + 1));
                ctx.schedule_timer(Duration::from_millis(1)).await;
            }
            ctx.set_kv_value("name", "counter");
            ctx.set_kv_value("gone", "x");
            ctx.clear_kv_value("gone");
            assert_eq!(ctx.get_kv_all_keys(), ["count", "name"]);
            assert_eq!((ctx.get_kv_length(), ctx.get_kv_all_values().len()), (2, 2));
            ctx.get_kv_value("count").ok_or_else(|| "lost".to_owned())
        })
        .build();
    let app = start(no_activities(), orchestrations).await;
    assert_eq!(app.run("a", "Count", "").await.unwrap(), "3");
    let client = &app.client;
    assert_eq!(
        client
            .get_kv_value_typed::<u32>("a", "count")
            .await
            .unwrap(),
        Some(3)
    );
    assert_eq!(client.get_kv_all_values("a").await.unwrap().len(), 2);
    let stats = client.get_orchestration_stats("a").await.unwrap().unwrap();
    assert_eq!(stats.kv_user_key_count, 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_through_a_value() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Server",
            |ctx: OrchestrationContext, _: String| async move {
                loop {
                    let request = ctx.dequeue_event("requests").await;
                    if request == "stop" {
                        return Ok("stopped".to_owned());
                    }
                    ctx.set_kv_value(format!("answer-{request}"), request.to_uppercase());
                }
            },
        )
        .register(
            "Reader",
            |ctx: OrchestrationContext, _: String| async move {
                let answer = ctx.get_kv_value_from_instance("server", "answer-b").await?;
                answer.ok_or_else(|| "no answer".to_owned())
            },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    let client = &app.client;
    client
        .start_orchestration("server", "Server", "")
        .await
        .unwrap();
    for request in ["a", "b"] {
        client
            .enqueue_event("server", "requests", request)
            .await
            .unwrap();
        let key = format!("answer-{request}");
        let answer = client
            .wait_for_kv_value("server", &key, PATIENCE)
            .await
            .unwrap();
        assert_eq!(answer, request.to_uppercase());
    }
    assert_eq!(app.run("reader", "Reader", "").await.unwrap(), "B");
    client
        .enqueue_event("server", "requests", "stop")
        .await
        .unwrap();
    assert_eq!(app.end("server").await.unwrap(), "stopped");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_followed_to_the_end() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Work", |ctx: OrchestrationContext, _: String| async move {
            for step in ["one", "two"] {
                ctx.set_custom_status(step);
                ctx.schedule_wait("go").await;
            }
            assert_eq!(ctx.get_custom_status().as_deref(), Some("two"));
            Ok("done".to_owned())
        })
        .build();
    let app = start(no_activities(), orchestrations).await;
    let client = &app.client;
    client.start_orchestration("a", "Work", "").await.unwrap();
    let mut seen = Vec::new();
    let mut version = 0;
    loop {
        let status = client
            .wait_for_status_change("a", version, Duration::from_millis(10), PATIENCE)
            .await
            .unwrap();
        match status {
            OrchestrationStatus::Running {
                custom_status,
                custom_status_version,
            } => {
                version = custom_status_version;
                seen.extend(custom_status);
                client.raise_event("a", "go", "").await.unwrap();
            }
            OrchestrationStatus::Completed {
                output,
                custom_status,
                ..
            } => {
                assert_eq!(
                    (output.as_str(), custom_status.as_deref()),
                    ("done", Some("two"))
                );
                break;
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
    assert_eq!(seen, ["one", "two"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_and_status_go_on_when_it_continues_as_new() {
    let orchestrations = OrchestrationRegistry::builder()
        .register_typed(
            "Loop",
            |ctx: OrchestrationContext, progress: Progress| async move {
                ctx.set_kv_value_typed("progress", &progress);
                ctx.set_custom_status(format!("{} done", progress.done));
                if progress.done < 3 {
                    let next = Progress {
                        done: progress.done + 1,
                    };
                    ctx.continue_as_new_typed(&next).await?;
                }
                Ok(progress)
            },
        )
        .build();
    let app = start(no_activities(), orchestrations).await;
    let client = &app.client;
    client
        .start_orchestration_typed("a", "Loop", Progress { done: 0 })
        .await
        .unwrap();
    let last = client
        .wait_for_orchestration_typed::<Progress>("a", PATIENCE)
        .await
        .unwrap();
    assert_eq!(last, Ok(Progress { done: 3 }));
    assert_eq!(client.list_executions("a").await.unwrap(), [1, 2, 3, 4]);
    let kept = client
        .get_kv_value_typed::<Progress>("a", "progress")
        .await
        .unwrap();
    assert_eq!(kept, Some(Progress { done: 3 }));
    let status = client.get_orchestration_status("a").await.unwrap();
    assert_eq!(
        (status.custom_status(), status.custom_status_version()),
        (Some("3 done"), 4)
    );
    app.stop().await;
}
