//! Changes of code beside running instances, on the real runtime.

use duroxide::{OrchestrationContext, OrchestrationRegistry, RuntimeOptions};

use super::world::{Program, World, completed, echo, everywhere, live_on_and_off, stores};

fn program_with(code: OrchestrationRegistry) -> Program {
    Program {
        activities: echo(),
        orchestrations: code,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_applies_to_what_starts_behind_it_and_to_nothing_before() {
    let old = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_wait("go").await;
            ctx.schedule_activity("echo", "old").await?;
            Ok(ctx.schedule_wait("end").await)
        })
        .build();
    let new = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_wait("go").await;
            let is_new = ctx.patched("another-activity");
            ctx.schedule_activity("echo", if is_new { "new" } else { "old" })
                .await?;
            Ok(format!("{} {is_new}", ctx.schedule_wait("end").await))
        })
        .build();
    for options in live_on_and_off() {
        for store in stores() {
            let world = World::start(store, &program_with(old.clone()), options.clone()).await;
            world
                .client
                .start_orchestration("a", "main", "")
                .await
                .unwrap();
            world.reach("a", 2).await;
            world.client.raise_event("a", "go", "").await.unwrap();
            world.reach("a", 6).await;
            let world = world.redeploy(&program_with(new.clone())).await;
            world
                .client
                .start_orchestration("b", "main", "")
                .await
                .unwrap();
            world.reach("b", 2).await;
            world.client.raise_event("b", "go", "").await.unwrap();
            world.reach("b", 7).await;
            let world = world.redeploy(&program_with(new.clone())).await;
            for (id, output) in [("a", "x false"), ("b", "x true")] {
                world.client.raise_event(id, "end", "x").await.unwrap();
                assert_eq!(completed(world.end(id).await), output);
            }
            world.stop().await;
        }
    }
}

/// Writes so often, all for one message.
fn write(ctx: &OrchestrationContext, times: u32) {
    for number in 0..times {
        ctx.set_kv_value("k", number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_seen_behind_more_events_than_are_read_at_once() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            write(&ctx, 2_500);
            let is_new = ctx.patched("far-behind");
            ctx.schedule_wait("go").await;
            Ok(is_new.to_string())
        })
        .build();
    everywhere(program_with(orchestrations), async |world| {
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        world.reach("a", 2_503).await;
        world.client.raise_event("a", "go", "").await.unwrap();
        assert_eq!(completed(world.end("a").await), "true");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_many_pages_is_replayed_by_the_next_runtime() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let mut seen = Vec::new();
            for (round, times) in [300, 1_400, 0, 700, 999, 1].into_iter().enumerate() {
                write(&ctx, times);
                seen.push(ctx.patched(format!("change-{round}")).to_string());
                ctx.schedule_wait("go").await;
            }
            Ok(seen.join(" "))
        })
        .build();
    for store in stores() {
        let program = program_with(orchestrations.clone());
        let mut world = World::start(store, &program, RuntimeOptions::default()).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        let mut events = 1;
        for times in [300, 1_400, 0, 700, 999, 1] {
            events += times + 2;
            world.reach("a", events).await;
            world = world.redeploy(&program).await;
            world.client.raise_event("a", "go", "").await.unwrap();
            events += 1;
        }
        let output = completed(world.end("a").await);
        assert_eq!(output, "true true true true true true");
        world.stop().await;
    }
}
