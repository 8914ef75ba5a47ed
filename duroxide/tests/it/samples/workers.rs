//! Workers that differ.

use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, Either2, EventKind, OrchestrationContext,
    OrchestrationRegistry, RuntimeOptions, TagFilter,
};

use super::{app, memory};
use crate::runtime::world::World;

/// A call for workers of a kind that may not be there has a time limit and another way out.
#[tokio::test(flavor = "multi_thread")]
async fn starvation_safe_tagged_activity() {
    let activities = ActivityRegistry::builder()
        .register("Render", |ctx: ActivityContext, what: String| async move {
            Ok(format!("{what} by {}", ctx.tag().unwrap_or("anybody")))
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register(
        "Film",
        |ctx: OrchestrationContext, millis: String| async move {
            let patience = Duration::from_millis(millis.parse().map_err(|_| "no number")?);
            let fast = ctx.schedule_activity("Render", "film").with_tag("gpu");
            match ctx.select2(fast, ctx.schedule_timer(patience)).await {
                Either2::First(film) => film,
                Either2::Second(()) => ctx.schedule_activity("Render", "film").await,
            }
        },
    );
    let program = app(activities, orchestrations);
    let store = memory();
    let plain = World::start(store.clone(), &program, RuntimeOptions::default()).await;
    assert_eq!(plain.output("a", "Film", "30").await, "film by anybody");
    let history = plain.history("a", 1).await;
    let given_up = history
        .iter()
        .filter(|event| matches!(event.kind, EventKind::ActivityCancelRequested { .. }));
    assert_eq!(given_up.count(), 1);
    // Nothing is left of the call that nobody took.
    let depths = plain.client.get_queue_depths().await.unwrap();
    assert_eq!((depths.worker_queue, depths.timer_queue), (0, 0));

    let gpu = RuntimeOptions {
        worker_tag_filter: TagFilter::tags(["gpu"]),
        ..Default::default()
    };
    let gpu = World::start(store, &program, gpu).await;
    assert_eq!(plain.output("b", "Film", "600000").await, "film by gpu");
    plain.stop().await;
    gpu.stop().await;
}
