//! Versions: whose turn it is, and what stays as it was.

use duroxide::runtime::VersionPolicy;
use duroxide::{EventKind, OrchestrationContext, OrchestrationRegistry, RuntimeOptions};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{World, completed, echo, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn versioning_sub_orchestration_explicit_vs_policy() {
    let tell =
        |ctx: OrchestrationContext, _: String| async move { Ok(ctx.orchestration_version()) };
    let orchestrations = OrchestrationRegistry::builder()
        .register_versioned("Child", "1.0.0", tell)
        .register_versioned("Child", "1.5.0", tell)
        .register_versioned("Child", "2.0.0", tell)
        .set_policy("Child", VersionPolicy::Exact(semver::Version::new(1, 5, 0)))
        .register(
            "Parent",
            |ctx: OrchestrationContext, _: String| async move {
                let call = |version: Option<&str>| {
                    ctx.schedule_sub_orchestration_versioned(
                        "Child",
                        version.map(str::to_owned),
                        "",
                    )
                };
                let (old, pinned, new) = (call(Some("1.0.0")), call(None), call(Some("2.0.0")));
                let by_name = ctx.schedule_sub_orchestration("Child", "");
                let all = ctx.join(vec![old, pinned, new, by_name]).await;
                let all: Result<Vec<String>, String> = all.into_iter().collect();
                Ok(all?.join(" "))
            },
        );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    let output = world.output("a", "Parent", "").await;
    assert_eq!(output, "1.0.0 1.5.0 2.0.0 1.5.0");
    world.stop().await;
}

/// Every step of `Work` tells which version runs it, with which input, in which execution.
async fn work(ctx: OrchestrationContext, input: String) -> Result<String, String> {
    let facts = || {
        format!(
            "{} {input} {}",
            ctx.orchestration_version(),
            ctx.execution_id()
        )
    };
    let mut all = Vec::new();
    for step in ["one", "two"] {
        all.push(facts());
        ctx.schedule_wait(step).await;
        all.push(facts());
        ctx.schedule_activity("echo", step).await?;
    }
    all.push(facts());
    if input == "first" {
        ctx.set_kv_value("first", all.join(", "));
        return ctx
            .continue_as_new_versioned(ctx.orchestration_version(), "second")
            .await;
    }
    Ok(all.join(", "))
}

/// Turns that begin with an event or a completion, and no start, read version and input from the
/// history: also on another runtime, and when there are higher versions by then.
#[tokio::test(flavor = "multi_thread")]
async fn version_replay_bug() {
    let versions = |highest: u32| {
        let mut builder = OrchestrationRegistry::builder();
        for minor in 0..=highest {
            builder = builder.register_versioned("Work", format!("1.{minor}.0"), work);
        }
        app(echo(), builder)
    };
    for live_instances in [0, 10_000] {
        let disk = Disk::new();
        let options = RuntimeOptions {
            live_instances,
            ..Default::default()
        };
        let world = World::start(disk.open(), &versions(1), options.clone()).await;
        let client = &world.client;
        client
            .start_orchestration("latest", "Work", "first")
            .await
            .unwrap();
        client
            .start_orchestration_versioned("exact", "Work", "1.0.0", "first")
            .await
            .unwrap();
        world.reach("latest", 2).await;
        world.reach("exact", 2).await;
        world.stop().await;

        let world = World::start(disk.open(), &versions(3), options.clone()).await;
        for id in ["latest", "exact"] {
            world.client.raise_event(id, "one", "").await.unwrap();
            // Subscribed, told, an activity asked for and done, subscribed.
            world.reach(id, 6).await;
        }
        world.stop().await;

        let world = World::start(disk.open(), &versions(4), options).await;
        let client = &world.client;
        for (id, version) in [("latest", "1.1.0"), ("exact", "1.0.0")] {
            client.raise_event(id, "two", "").await.unwrap();
            let kept = client
                .wait_for_kv_value(id, "first", crate::runtime::world::PATIENCE)
                .await
                .unwrap();
            assert_eq!(kept, vec![format!("{version} first 1"); 5].join(", "));
            for step in ["one", "two"] {
                let waits = async || {
                    let history = world.history(id, 2).await;
                    history.iter().any(|event| {
                        matches!(&event.kind, EventKind::ExternalSubscribed { name } if name == step)
                    })
                };
                eventually(waits).await;
                client.raise_event(id, step, "").await.unwrap();
            }
            let output = completed(world.end(id).await);
            assert_eq!(output, vec![format!("{version} second 2"); 5].join(", "));
            for execution in [1, 2] {
                let begun = &world.history(id, execution).await[0].kind;
                assert!(
                    matches!(begun, EventKind::OrchestrationStarted { version: begun, .. } if begun == version),
                    "{begun:?}"
                );
            }
        }
        world.stop().await;
    }
}
