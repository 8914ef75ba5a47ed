//! Ids of children that are taken: by whom, and what comes of it.

use duroxide::registry::OrchestrationRegistryBuilder;
use duroxide::{
    ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions, join2,
};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{Program, World, completed, echo, failed};

/// `calls` calls a child under the id that is its input, and says what came of it; `waits` ends with
/// an event; `tells` gives its input back.
fn callers(more: OrchestrationRegistryBuilder) -> Program {
    let orchestrations = more
        .register(
            "calls",
            |ctx: OrchestrationContext, id: String| async move {
                let call = ctx.schedule_sub_orchestration_with_id("tells", id, "mine");
                Ok(call.await.unwrap_or_else(|error| format!("error: {error}")))
            },
        )
        .register("waits", |ctx: OrchestrationContext, _| async move {
            Ok(ctx.schedule_wait("go").await)
        })
        .register(
            "tells",
            |_: OrchestrationContext, text| async move { Ok(text) },
        );
    app(echo(), orchestrations)
}

fn taken(id: &str) -> String {
    format!("error: sub-orchestration instance id `{id}` already exists")
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_with_an_instance_that_runs() {
    let world = run_on(memory(), &callers(OrchestrationRegistry::builder())).await;
    let client = &world.client;
    client
        .start_orchestration("busy", "waits", "")
        .await
        .unwrap();
    world.reach("busy", 2).await;
    assert_eq!(world.output("p", "calls", "busy").await, taken("busy"));
    // Whoever has the id was not touched.
    client.raise_event("busy", "go", "fine").await.unwrap();
    assert_eq!(completed(world.end("busy").await), "fine");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_with_one_that_has_ended() {
    let world = run_on(memory(), &callers(OrchestrationRegistry::builder())).await;
    assert_eq!(world.output("ended", "tells", "first").await, "first");
    assert_eq!(world.output("p", "calls", "ended").await, taken("ended"));
    assert_eq!(completed(world.status("ended").await), "first");
    // Deleted, the id is free.
    world.client.delete_instance("ended", false).await.unwrap();
    assert_eq!(world.output("q", "calls", "ended").await, "mine");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_of_two_parents() {
    let world = run_on(memory(), &callers(OrchestrationRegistry::builder())).await;
    for parent in ["p", "q"] {
        let client = &world.client;
        client
            .start_orchestration(parent, "calls", "wanted")
            .await
            .unwrap();
    }
    let (p, q) = (
        completed(world.end("p").await),
        completed(world.end("q").await),
    );
    let mut told = [p, q];
    told.sort();
    assert_eq!(told, [taken("wanted"), "mine".to_owned()]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_of_two_calls_in_one_turn() {
    let twice = OrchestrationRegistry::builder().register(
        "twice",
        |ctx: OrchestrationContext, _| async move {
            let call = |text: &str| ctx.schedule_sub_orchestration_with_id("tells", "same", text);
            let (one, two) = join2(call("one"), call("two")).await;
            Ok(format!("{}; {}", one?, two.unwrap_err()))
        },
    );
    let world = run_on(memory(), &callers(twice)).await;
    let output = world.output("p", "twice", "").await;
    assert_eq!(
        output,
        "one; sub-orchestration instance id `same` already exists"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_that_is_not_caught_ends_the_parent() {
    let strict = OrchestrationRegistry::builder().register(
        "strict",
        |ctx: OrchestrationContext, id: String| async move {
            ctx.schedule_sub_orchestration_with_id("tells", id, "")
                .await
        },
    );
    let world = run_on(memory(), &callers(strict)).await;
    world.output("ended", "tells", "").await;
    let details = failed(world.run("p", "strict", "ended").await);
    assert_eq!(details.category(), "application");
    assert!(
        details.to_string().contains("`ended` already exists"),
        "{details}"
    );
    // It frees nothing and holds nothing: the next one is told the same.
    assert_eq!(world.output("q", "calls", "ended").await, taken("ended"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_of_a_detached_start_is_passed_over() {
    let detaches = OrchestrationRegistry::builder().register(
        "detaches",
        |ctx: OrchestrationContext, _| async move {
            ctx.schedule_orchestration("tells", "busy", "mine");
            ctx.schedule_orchestration("tells", "free", "mine");
            Ok("done".to_owned())
        },
    );
    let world = run_on(memory(), &callers(detaches)).await;
    let client = &world.client;
    client
        .start_orchestration("busy", "waits", "")
        .await
        .unwrap();
    world.reach("busy", 2).await;
    assert_eq!(world.output("p", "detaches", "").await, "done");
    assert_eq!(completed(world.end("free").await), "mine");
    client.raise_event("busy", "go", "fine").await.unwrap();
    assert_eq!(completed(world.end("busy").await), "fine");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_with_what_only_children_are_called() {
    let world = run_on(memory(), &callers(OrchestrationRegistry::builder())).await;
    for reserved in ["sub::1", "other::sub::2"] {
        let told = world
            .output(&format!("of-{}", reserved.len()), "calls", reserved)
            .await;
        assert!(told.contains("is reserved"), "{told}");
        let refused = world
            .client
            .start_orchestration(reserved, "tells", "")
            .await;
        assert!(refused.is_err());
    }
    // Refused before it was asked for: the history has the start and the end.
    assert_eq!(world.history("of-6", 1).await.len(), 2);
    let all = world.client.list_all_instances().await.unwrap();
    assert_eq!(all.len(), 2, "{all:?}");
    world.stop().await;
}

/// The refusal is recorded: whoever goes on after a restart is told the same.
#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_is_replayed_after_a_restart() {
    let slow = || {
        OrchestrationRegistry::builder().register(
            "slow",
            |ctx: OrchestrationContext, id| async move {
                let call = ctx.schedule_sub_orchestration_with_id("tells", id, "mine");
                let told = call.await.unwrap_or_else(|error| format!("error: {error}"));
                let go = ctx.schedule_wait("go").await;
                Ok(format!("{told}; {go}"))
            },
        )
    };
    let disk = Disk::new();
    let world = run_on(disk.open(), &callers(slow())).await;
    world.output("id", "tells", "").await;
    let client = &world.client;
    client.start_orchestration("p", "slow", "id").await.unwrap();
    world.reach("p", 4).await;
    world.stop().await;
    let cold = RuntimeOptions {
        live_instances: 0,
        ..Default::default()
    };
    let world = World::start(disk.open(), &callers(slow()), cold).await;
    // By now the id is free: that changes nothing for a call that was made before.
    world.client.delete_instance("id", false).await.unwrap();
    world.client.raise_event("p", "go", "on").await.unwrap();
    assert_eq!(
        completed(world.end("p").await),
        format!("{}; on", taken("id"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_between_executions() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "parent",
            |ctx: OrchestrationContext, round: String| async move {
                let child =
                    ctx.schedule_sub_orchestration_with_id("child", "the-child", round.as_str());
                let told = child.await;
                // Ids that are made up differ from execution to execution.
                let own = ctx.schedule_sub_orchestration("child", "own").await?;
                match round.as_str() {
                    "first" => ctx.continue_as_new("second").await,
                    _ => Ok(format!("{}; {own}", told.unwrap_err())),
                }
            },
        )
        .register(
            "child",
            |_: OrchestrationContext, text| async move { Ok(text) },
        );
    let program = app(ActivityRegistry::builder().build(), orchestrations);
    let world = run_on(memory(), &program).await;
    let output = world.output("p", "parent", "first").await;
    assert!(output.contains("`the-child` already exists"), "{output}");
    assert!(output.ends_with("; own"), "{output}");
    let all = world.client.list_all_instances().await.unwrap();
    assert_eq!(all, ["p", "p::sub::2_4", "p::sub::4", "the-child"]);
    world.stop().await;
}
