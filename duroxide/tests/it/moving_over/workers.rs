//! Sessions, tags, several runtimes, options by field.

use std::collections::BTreeSet;
use std::time::Duration;

use duroxide::runtime::observability::{LogFormat, ObservabilityConfig};
use duroxide::runtime::{RuntimeOptions, UnregisteredBackoffConfig};
use duroxide::{
    ActivityContext, ActivityRegistry, EventKind, OrchestrationContext, OrchestrationRegistry,
    TagFilter,
};

use super::{new_store, start_on, start_with};

fn who() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("Who", |ctx: ActivityContext, _: String| async move {
            let session = ctx.session_id().unwrap_or("none");
            let tag = ctx.tag().unwrap_or("none");
            Ok(format!("{} {session} {tag}", ctx.worker_id()))
        })
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_stays_on_its_worker() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Talk",
            |ctx: OrchestrationContext, session: String| async move {
                let mut workers = BTreeSet::new();
                for _ in 0..5 {
                    let call = ctx.schedule_activity_on_session("Who", "", session.clone());
                    workers.insert(call.await?);
                }
                Ok(workers.into_iter().collect::<Vec<_>>().join(","))
            },
        )
        .build();
    let options = RuntimeOptions {
        worker_node_id: Some("node-1".to_string()),
        max_sessions_per_runtime: 2,
        ..Default::default()
    };
    let app = start_with(who(), orchestrations, options).await;
    let told = app.run("a", "Talk", "talk-7").await.unwrap();
    let (worker, rest) = told.split_once(' ').unwrap();
    assert!(worker.starts_with("node-1"), "{told}");
    assert_eq!(rest, "talk-7 none");
    let history = app.history("a").await;
    let on_session = history.iter().filter(|event| {
        matches!(&event.kind,
        EventKind::ActivityScheduled { session_id: Some(id), .. } if id == "talk-7")
    });
    assert_eq!(on_session.count(), 5);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tagged_work_waits_for_a_worker_that_takes_it() {
    let registry = || {
        OrchestrationRegistry::builder()
            .register(
                "Render",
                |ctx: OrchestrationContext, _: String| async move {
                    let plain = ctx.schedule_activity("Who", "").await?;
                    let tagged = ctx.schedule_activity("Who", "").with_tag("gpu").await?;
                    Ok(format!("{plain}/{tagged}"))
                },
            )
            .build()
    };
    let store = new_store();
    let named = |name: &str, tags: TagFilter| RuntimeOptions {
        worker_node_id: Some(name.to_owned()),
        worker_tag_filter: tags,
        ..Default::default()
    };
    let plain = start_on(
        store.clone(),
        who(),
        registry(),
        named("plain", TagFilter::default_only()),
    )
    .await;
    let gpu = named("gpu", TagFilter::tags(["gpu"]));
    let gpu = start_on(store, who(), registry(), gpu).await;
    let told = plain.run("a", "Render", "").await.unwrap();
    let (one, two) = told.split_once('/').unwrap();
    assert!(
        one.starts_with("plain") && one.ends_with("none none"),
        "{told}"
    );
    assert!(
        two.starts_with("gpu") && two.ends_with("none gpu"),
        "{told}"
    );
    plain.stop().await;
    gpu.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_option_can_be_set_by_its_field() {
    let options = RuntimeOptions {
        dispatcher_min_poll_interval: Duration::from_millis(10),
        dispatcher_long_poll_timeout: Duration::from_secs(1),
        orchestration_concurrency: 1,
        worker_concurrency: 1,
        orchestrator_lock_timeout: Duration::from_secs(5),
        orchestrator_lock_renewal_buffer: Duration::from_secs(2),
        worker_lock_timeout: Duration::from_secs(30),
        worker_lock_renewal_buffer: Duration::from_secs(5),
        observability: ObservabilityConfig {
            log_format: LogFormat::Compact,
            log_level: "info".to_string(),
            service_name: "shop".to_string(),
            ..Default::default()
        },
        unregistered_backoff: UnregisteredBackoffConfig {
            base_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(100),
        },
        max_attempts: 3,
        activity_cancellation_grace_period: Duration::from_secs(1),
        session_lock_timeout: Duration::from_secs(30),
        session_lock_renewal_buffer: Duration::from_secs(5),
        session_idle_timeout: Duration::from_secs(300),
        session_cleanup_interval: Duration::from_secs(300),
        max_sessions_per_runtime: 10,
        worker_node_id: None,
        worker_tag_filter: TagFilter::any(),
        ..Default::default()
    };
    let orchestrations = OrchestrationRegistry::builder()
        .register("One", |ctx: OrchestrationContext, _: String| async move {
            ctx.schedule_activity("Who", "").await
        })
        .build();
    let app = start_with(who(), orchestrations, options).await;
    assert!(
        app.run("a", "One", "")
            .await
            .unwrap()
            .ends_with("none none")
    );
    app.stop().await;
}

#[tokio::test]
async fn one_thread_and_one_slot_are_enough() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Many", |ctx: OrchestrationContext, _: String| async move {
            let calls = (0..10).map(|_| ctx.schedule_activity("Who", ""));
            let told: Result<Vec<_>, _> = ctx.join(calls.collect()).await.into_iter().collect();
            Ok(told?.len().to_string())
        })
        .build();
    let options = RuntimeOptions {
        orchestration_concurrency: 1,
        worker_concurrency: 1,
        ..Default::default()
    };
    let app = start_with(who(), orchestrations, options).await;
    assert_eq!(app.run("a", "Many", "").await.unwrap(), "10");
    app.stop().await;
}
