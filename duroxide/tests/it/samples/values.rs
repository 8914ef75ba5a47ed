//! Values that others read, and how large an instance is.

use duroxide::{OrchestrationContext, OrchestrationRegistry};
use serde::{Deserialize, Serialize};

use super::{app, memory, run_on};
use crate::runtime::world::{PATIENCE, completed, echo};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stock {
    apples: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn kv_cross_orchestration_read() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Shop",
            |ctx: OrchestrationContext, apples: String| async move {
                let apples = apples.parse().map_err(|_| "no number")?;
                ctx.set_kv_value_typed("stock", &Stock { apples });
                Ok(ctx.schedule_wait("closed").await)
            },
        )
        .register(
            "Compare",
            |ctx: OrchestrationContext, shops: String| async move {
                let mut best = None;
                for shop in shops.split(' ') {
                    let stock = ctx.get_kv_value_from_instance_typed::<Stock>(shop, "stock");
                    let apples = stock.await?.map_or(0, |stock| stock.apples);
                    best = best.max(Some((apples, shop)));
                }
                let (apples, shop) = best.ok_or("no shops")?;
                Ok(format!("{shop} has {apples}"))
            },
        );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    let client = &world.client;
    for (shop, apples) in [("north", "3"), ("south", "17"), ("west", "8")] {
        client
            .start_orchestration(shop, "Shop", apples)
            .await
            .unwrap();
        let kept = client
            .wait_for_kv_value_typed::<Stock>(shop, "stock", PATIENCE)
            .await;
        assert_eq!(kept.unwrap().apples.to_string(), apples);
    }
    // Values are read while their owners run, and when they are done.
    let shops = "north south nowhere west";
    assert_eq!(world.output("a", "Compare", shops).await, "south has 17");
    client.raise_event("south", "closed", "").await.unwrap();
    world.end("south").await;
    assert_eq!(world.output("b", "Compare", shops).await, "south has 17");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orchestration_stats() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "Collect",
        |ctx: OrchestrationContext, _: String| async move {
            ctx.set_kv_value("one", "12345");
            ctx.set_kv_value("two", "123");
            ctx.clear_kv_value("two");
            ctx.schedule_wait("look").await;
            ctx.schedule_activity("echo", "a".repeat(1_000)).await?;
            let stats = ctx.get_system_stats().ok_or("no stats")?;
            // A start, three changes of values, wait and event, activity and result.
            Ok(format!(
                "{} {} {}",
                stats.history_event_count,
                stats.kv_user_key_count,
                stats.history_size_bytes > 2_000
            ))
        },
    );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    let client = &world.client;
    assert_eq!(client.get_orchestration_stats("a").await.unwrap(), None);
    client
        .start_orchestration("a", "Collect", "")
        .await
        .unwrap();
    world.reach("a", 5).await;
    let stats = client.get_orchestration_stats("a").await.unwrap().unwrap();
    assert_eq!(stats.history_event_count, 5);
    assert_eq!(
        (stats.kv_user_key_count, stats.kv_total_value_bytes),
        (1, 5)
    );
    assert!(stats.history_size_bytes > 0 && stats.history_size_bytes < 1_000);
    client.raise_event("a", "look", "").await.unwrap();
    assert_eq!(completed(world.end("a").await), "8 1 true");
    let stats = client.get_orchestration_stats("a").await.unwrap().unwrap();
    assert_eq!(
        (stats.history_event_count, stats.queue_pending_count),
        (9, 0)
    );
    world.stop().await;
}
