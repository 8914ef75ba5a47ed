//! One thread, one slot for turns and one for activities.

use duroxide::{OrchestrationContext, OrchestrationRegistry, RuntimeOptions, join_all};

use super::{app, memory};
use crate::runtime::world::{World, completed, echo, failed};

#[tokio::test]
async fn single_thread_with_one_slot_each() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let child = ctx.schedule_sub_orchestration("child", "c");
            let calls = (0..5).map(|n| ctx.schedule_activity("echo", n.to_string()));
            let answers: Result<Vec<_>, _> = join_all(calls).await.into_iter().collect();
            Ok(format!("{} {}", answers?.join(""), child.await?))
        })
        .register("child", |ctx: OrchestrationContext, text| async move {
            ctx.schedule_activity("echo", text).await
        })
        .register("waits", |ctx: OrchestrationContext, _| async move {
            Ok(ctx.schedule_wait("never").await)
        });
    let options = RuntimeOptions {
        orchestration_concurrency: 1,
        worker_concurrency: 1,
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &app(echo(), orchestrations), options).await;
    let client = &world.client;
    client.start_orchestration("w", "waits", "").await.unwrap();
    for id in ["a", "b", "c"] {
        client.start_orchestration(id, "main", "").await.unwrap();
    }
    for id in ["a", "b", "c"] {
        assert_eq!(completed(world.end(id).await), "01234 c");
    }
    client.cancel_instance("w", "enough").await.unwrap();
    assert_eq!(failed(world.end("w").await).to_string(), "canceled: enough");
    world.stop().await;
}
