//! What runs, and code that changes under it.

use std::sync::Arc;
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{World, completed, echo};

#[tokio::test(flavor = "multi_thread")]
async fn replay_versioning_older_histories_go_on_under_newer_code() {
    let disk = Disk::new();
    let old = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, _| async move {
            let go = ctx.schedule_wait("go").await;
            ctx.schedule_activity("echo", format!("old {go}")).await
        },
    );
    let world = run_on(disk.open(), &app(echo(), old)).await;
    world
        .client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    world.reach("a", 2).await;
    world.stop().await;
    // The next release has the old version still, beside a new one that asks for more.
    let both = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let go = ctx.schedule_wait("go").await;
            ctx.schedule_activity("echo", format!("old {go}")).await
        })
        .register_versioned("main", "2.0.0", |ctx: OrchestrationContext, _| async move {
            ctx.set_custom_status("waiting");
            Ok(format!("new {}", ctx.schedule_wait("go").await))
        });
    let world = run_on(disk.open(), &app(echo(), both)).await;
    world
        .client
        .start_orchestration("b", "main", "")
        .await
        .unwrap();
    world.reach("b", 3).await;
    for (id, told) in [("a", "old x"), ("b", "new x")] {
        world.client.raise_event(id, "go", "x").await.unwrap();
        assert_eq!(completed(world.end(id).await), told);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_deployment_of_three_nodes() {
    let store = memory();
    let old = || {
        let only = OrchestrationRegistry::builder().register(
            "other",
            |_: OrchestrationContext, text| async move { Ok(text) },
        );
        app(ActivityRegistry::builder().build(), only)
    };
    let new = || {
        let activities = ActivityRegistry::builder()
            .register("where", |_: ActivityContext, _| async move {
                Ok("the new node".to_owned())
            })
            .build();
        let both = OrchestrationRegistry::builder()
            .register(
                "other",
                |_: OrchestrationContext, text| async move { Ok(text) },
            )
            .register("main", |ctx: OrchestrationContext, _| async move {
                ctx.schedule_activity("where", "").await
            });
        app(activities, both)
    };
    // Two old nodes put back what they have no handler for; the new one takes it.
    let mut options = RuntimeOptions::default();
    options.unregistered_backoff.base_delay = Duration::from_millis(1);
    options.unregistered_backoff.max_delay = Duration::from_millis(1);
    options.max_attempts = 1_000_000;
    let one = World::start(Arc::clone(&store), &old(), options.clone()).await;
    let two = World::start(Arc::clone(&store), &old(), options.clone()).await;
    one.client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    // Deliveries to those who cannot do it count for it too.
    let three = World::start(store, &new(), options).await;
    assert_eq!(completed(one.end("a").await), "the new node");
    assert_eq!(two.output("b", "other", "x").await, "x");
    for node in [one, two, three] {
        node.stop().await;
    }
}
