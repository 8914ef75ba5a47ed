//! What runs, and code that changes under it.

use std::sync::Arc;
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{Program, World, completed, echo, eventually};

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

/// What the first release wrote, the second goes on with although it uses more kinds of events: values,
/// a queue, a status, a child; and its own histories are read again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn replay_versioning_new_kinds_of_events_behind_old_ones() {
    let old = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, _| async move {
            let go = ctx.schedule_wait("go").await;
            ctx.schedule_activity("echo", go).await
        },
    );
    let new = || {
        OrchestrationRegistry::builder()
            .register("main", |ctx: OrchestrationContext, _| async move {
                let go = ctx.schedule_wait("go").await;
                let told = ctx.schedule_activity("echo", go).await?;
                // All that follows is new.
                ctx.set_kv_value("told", told.as_str());
                ctx.set_custom_status("at the queue");
                let queued = ctx.dequeue_event("q").await;
                let child = ctx.schedule_sub_orchestration("child", queued).await?;
                Ok(format!("{told} {child}"))
            })
            .register(
                "child",
                |_: OrchestrationContext, text| async move { Ok(text) },
            )
    };
    let disk = Disk::new();
    let world = run_on(disk.open(), &app(echo(), old)).await;
    let client = &world.client;
    client.start_orchestration("a", "main", "").await.unwrap();
    world.reach("a", 2).await;
    world.stop().await;
    // Twice the new release: the second time it replays what the first one wrote.
    let world = run_on(disk.open(), &app(echo(), new())).await;
    world.client.raise_event("a", "go", "x").await.unwrap();
    eventually(async || world.status("a").await.custom_status() == Some("at the queue")).await;
    world.stop().await;
    let world = run_on(disk.open(), &app(echo(), new())).await;
    world.client.enqueue_event("a", "q", "y").await.unwrap();
    assert_eq!(completed(world.end("a").await), "x y");
    let told = world.client.get_kv_value("a", "told").await.unwrap();
    assert_eq!(told.as_deref(), Some("x"));
    world.stop().await;
}

/// From one version to the next: an execution stays on its version, the next one takes the highest.
#[tokio::test(flavor = "multi_thread")]
async fn replay_versioning_an_instance_moves_up_with_its_next_execution() {
    async fn round(ctx: OrchestrationContext, told: String) -> Result<String, String> {
        let told = format!("{told} {}", ctx.orchestration_version());
        match ctx.dequeue_event("q").await.as_str() {
            "end" => Ok(told),
            _ => ctx.continue_as_new(told).await,
        }
    }
    let release = |versions: &[&str]| {
        let mut all = OrchestrationRegistry::builder();
        for version in versions {
            all = all.register_versioned("main", version, round);
        }
        app(echo(), all)
    };
    let disk = Disk::new();
    let releases = [
        &["1.0.0"][..],
        &["1.0.0", "1.1.0"],
        &["1.0.0", "1.1.0", "2.0.0"],
    ];
    for (execution, versions) in (1..).zip(releases) {
        let world = run_on(disk.open(), &release(versions)).await;
        let client = &world.client;
        if execution == 1 {
            client
                .start_orchestration("a", "main", "ran:")
                .await
                .unwrap();
        } else {
            // What waits under the old version goes on under it, and hands over to the new one.
            client.enqueue_event("a", "q", "again").await.unwrap();
        }
        eventually(async || world.history("a", execution).await.len() >= 2).await;
        world.stop().await;
    }
    let world = run_on(disk.open(), &release(&["1.0.0", "1.1.0", "2.0.0"])).await;
    world.client.enqueue_event("a", "q", "end").await.unwrap();
    assert_eq!(completed(world.end("a").await), "ran: 1.0.0 1.1.0 2.0.0");
    world.stop().await;
}

/// Three nodes are replaced one by one while instances run: none is lost, none changes its version
/// under way, and at every moment there is somebody for each.
#[tokio::test(flavor = "multi_thread")]
async fn rolling_deployment_replaces_every_node_under_load() {
    async fn work(ctx: OrchestrationContext, _: String) -> Result<String, String> {
        let mut versions = vec![ctx.orchestration_version()];
        for step in ["one", "two"] {
            ctx.schedule_wait(step).await;
            ctx.schedule_activity("echo", step).await?;
            versions.push(ctx.orchestration_version());
        }
        versions.dedup();
        Ok(versions.join(" "))
    }
    let release = |versions: &[&str]| -> Program {
        let mut all = OrchestrationRegistry::builder();
        for version in versions {
            all = all.register_versioned("work", version, work);
        }
        app(echo(), all)
    };
    let mut options = RuntimeOptions::default();
    options.unregistered_backoff.base_delay = Duration::from_millis(1);
    options.unregistered_backoff.max_delay = Duration::from_millis(5);
    options.max_attempts = 1_000_000;
    let store = memory();
    let node = async |versions: &[&str]| {
        World::start(Arc::clone(&store), &release(versions), options.clone()).await
    };
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(node(&["1.0.0"]).await);
    }
    let client = nodes[0].client.clone();
    let before: Vec<_> = (0..10).map(|number| format!("before-{number}")).collect();
    for id in &before {
        client.start_orchestration(id, "work", "").await.unwrap();
    }
    for id in &before {
        nodes[0].reach(id, 2).await;
    }
    for (place, replaced) in nodes.iter_mut().enumerate() {
        let old = std::mem::replace(replaced, node(&["1.0.0", "2.0.0"]).await);
        old.stop().await;
        for id in before.iter().skip(place).step_by(3) {
            client.raise_event(id, "one", "").await.unwrap();
            replaced.reach(id, 6).await;
        }
    }
    let after: Vec<_> = (0..10).map(|number| format!("after-{number}")).collect();
    for id in &after {
        client.start_orchestration(id, "work", "").await.unwrap();
        nodes[0].reach(id, 2).await;
        client.raise_event(id, "one", "").await.unwrap();
        nodes[0].reach(id, 6).await;
    }
    for (ids, version) in [(&before, "1.0.0"), (&after, "2.0.0")] {
        for id in ids {
            client.raise_event(id, "two", "").await.unwrap();
            assert_eq!(completed(nodes[0].end(id).await), version);
        }
    }
    for node in nodes {
        node.stop().await;
    }
}
