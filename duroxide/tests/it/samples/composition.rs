//! Orchestrations made of others, and races.

use duroxide::{
    ActivityContext, ActivityRegistry, Either2, EventKind, OrchestrationContext,
    OrchestrationRegistry,
};

use super::{app, memory, run_on};
use crate::runtime::world::{completed, echo};

#[tokio::test(flavor = "multi_thread")]
async fn select2_activity_vs_external() {
    let activities = ActivityRegistry::builder()
        .register("Search", |ctx: ActivityContext, what: String| async move {
            if what == "needle" {
                // It is looked for until nobody wants it any more.
                ctx.cancelled().await;
            }
            Ok(format!("found {what}"))
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register(
        "Find",
        |ctx: OrchestrationContext, what: String| async move {
            let search = ctx.schedule_activity("Search", what);
            let word = ctx.schedule_wait("never-mind");
            match ctx.select2(search, word).await {
                Either2::First(found) => found,
                Either2::Second(word) => Ok(format!("given up: {word}")),
            }
        },
    );
    let world = run_on(memory(), &app(activities, orchestrations)).await;
    assert_eq!(world.output("hay", "Find", "hay").await, "found hay");
    let history = world.history("hay", 1).await;
    let dropped = |event: &duroxide::Event| {
        matches!(event.kind, EventKind::ExternalSubscribedCancelled { .. })
    };
    assert_eq!(history.iter().filter(|event| dropped(event)).count(), 1);

    let client = &world.client;
    client
        .start_orchestration("needle", "Find", "needle")
        .await
        .unwrap();
    world.reach("needle", 3).await;
    client
        .raise_event("needle", "never-mind", "no time")
        .await
        .unwrap();
    assert_eq!(completed(world.end("needle").await), "given up: no time");
    let history = world.history("needle", 1).await;
    let dropped =
        |event: &duroxide::Event| matches!(event.kind, EventKind::ActivityCancelRequested { .. });
    assert_eq!(history.iter().filter(|event| dropped(event)).count(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn detached_then_activity() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Letter",
            |ctx: OrchestrationContext, to: String| async move {
                // It goes on when whoever sent it is long done.
                ctx.schedule_wait("read").await;
                ctx.schedule_activity("echo", format!("read by {to}")).await
            },
        )
        .register(
            "Write",
            |ctx: OrchestrationContext, to: String| async move {
                ctx.schedule_orchestration("Letter", format!("letter-{to}"), to);
                ctx.schedule_activity("echo", "sent").await
            },
        );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    assert_eq!(world.output("a", "Write", "ann").await, "sent");
    let history = world.history("a", 1).await;
    assert!(
        matches!(&history[1].kind, EventKind::OrchestrationChained { instance, .. } if instance == "letter-ann")
    );
    assert!(matches!(
        &history[2].kind,
        EventKind::ActivityScheduled { .. }
    ));
    assert_eq!(history.len(), 5);
    world.exists("letter-ann").await;
    world.reach("letter-ann", 2).await;
    let client = &world.client;
    client.raise_event("letter-ann", "read", "").await.unwrap();
    assert_eq!(completed(world.end("letter-ann").await), "read by ann");
    world.stop().await;
}
