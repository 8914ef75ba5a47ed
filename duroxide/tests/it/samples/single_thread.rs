//! One thread, one slot for turns and one for activities.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, BackoffStrategy, Either2, OrchestrationContext,
    OrchestrationRegistry, RetryPolicy, RuntimeOptions, join_all, select2,
};

use super::{app, memory};
use crate::runtime::world::{World, completed, echo, eventually, failed};

fn one_slot_each() -> RuntimeOptions {
    RuntimeOptions {
        orchestration_concurrency: 1,
        worker_concurrency: 1,
        activity_cancellation_grace_period: Duration::from_millis(20),
        ..RuntimeOptions::default()
    }
}

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
    let world = World::start(memory(), &app(echo(), orchestrations), one_slot_each()).await;
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

#[tokio::test]
async fn single_thread_timers_do_not_hold_the_slot() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("sleeps", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_timer(Duration::from_secs(3_600)).await;
            Ok(String::new())
        })
        .register("naps", |ctx: OrchestrationContext, _| async move {
            let naps = (0..5).map(|_| ctx.schedule_timer(Duration::from_millis(5)));
            join_all(naps).await;
            Ok("awake".to_owned())
        });
    let world = World::start(memory(), &app(echo(), orchestrations), one_slot_each()).await;
    world
        .client
        .start_orchestration("s", "sleeps", "")
        .await
        .unwrap();
    assert_eq!(world.output("n", "naps", "").await, "awake");
    assert!(!world.status("s").await.is_terminal());
    world.stop().await;
}

#[tokio::test]
async fn single_thread_events_and_queues() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, _| async move {
            let first = ctx.schedule_wait("go").await;
            let second = ctx.dequeue_event("q").await;
            Ok(format!("{first} {second}"))
        },
    );
    let world = World::start(memory(), &app(echo(), orchestrations), one_slot_each()).await;
    let client = &world.client;
    client.start_orchestration("a", "main", "").await.unwrap();
    client.enqueue_event("a", "q", "two").await.unwrap();
    world.reach("a", 2).await;
    client.raise_event("a", "go", "one").await.unwrap();
    assert_eq!(completed(world.end("a").await), "one two");
    world.stop().await;
}

#[tokio::test]
async fn single_thread_continue_as_new() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, round: String| async move {
            let round: u32 = round.parse().unwrap_or_default();
            ctx.schedule_activity("echo", "x").await?;
            if round == 20 {
                return Ok(ctx.execution_id().to_string());
            }
            ctx.continue_as_new((round + 1).to_string()).await
        },
    );
    let world = World::start(memory(), &app(echo(), orchestrations), one_slot_each()).await;
    assert_eq!(world.output("a", "main", "0").await, "21");
    world.stop().await;
}

#[tokio::test]
async fn single_thread_retries() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let activities = ActivityRegistry::builder()
        .register("flaky", move |_: ActivityContext, _| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                if call < 2 {
                    Err("not yet".to_owned())
                } else {
                    Ok("yes".to_owned())
                }
            }
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, _| async move {
            let delay = Duration::from_millis(1);
            let policy = RetryPolicy::new(5).with_backoff(BackoffStrategy::Fixed { delay });
            ctx.schedule_activity_with_retry("flaky", "", policy).await
        },
    );
    let world = World::start(memory(), &app(activities, orchestrations), one_slot_each()).await;
    assert_eq!(world.output("a", "main", "").await, "yes");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    world.stop().await;
}

/// An activity that hears of its cancellation ends, and gives its slot to the next one.
#[tokio::test]
async fn single_thread_cancellation_frees_the_only_slot() {
    let activities = ActivityRegistry::builder()
        .register("listens", |ctx: ActivityContext, _| async move {
            ctx.cancelled().await;
            Ok("heard".to_owned())
        })
        .register("quick", |_: ActivityContext, text: String| async move {
            Ok(text)
        })
        .build();
    let world = race_of("listens", activities).await;
    assert_eq!(world.output("a", "main", "").await, "too slow; next");
    world.stop().await;
}

/// One that does not listen is dropped behind its grace period.
#[tokio::test]
async fn single_thread_a_runaway_activity_is_dropped() {
    let activities = ActivityRegistry::builder()
        .register("deaf", |_: ActivityContext, _| async move {
            std::future::pending::<()>().await;
            Ok(String::new())
        })
        .register("quick", |_: ActivityContext, text: String| async move {
            Ok(text)
        })
        .build();
    let world = race_of("deaf", activities).await;
    assert_eq!(world.output("a", "main", "").await, "too slow; next");
    world.stop().await;
}

/// `main` gives up on an activity, and then calls another one.
async fn race_of(slow: &'static str, activities: ActivityRegistry) -> World {
    let orchestrations = OrchestrationRegistry::builder().register(
        "main",
        move |ctx: OrchestrationContext, _| async move {
            let call = ctx.schedule_activity(slow, "");
            let timer = ctx.schedule_timer(Duration::from_millis(20));
            let told = match select2(call, timer).await {
                Either2::First(answer) => answer?,
                Either2::Second(()) => "too slow".to_owned(),
            };
            let next = ctx.schedule_activity("quick", "next").await?;
            Ok(format!("{told}; {next}"))
        },
    );
    let options = RuntimeOptions {
        // A cancelled activity learns of it with the next renewal of its lock.
        worker_lock_timeout: Duration::from_millis(300),
        ..one_slot_each()
    };
    World::start(memory(), &app(activities, orchestrations), options).await
}

#[tokio::test]
async fn single_thread_cancelled_parents_take_their_children() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let calls =
                ["x", "y"].map(|id| ctx.schedule_sub_orchestration_with_id("child", id, ""));
            let _never = join_all(calls).await;
            Ok(String::new())
        })
        .register("child", |ctx: OrchestrationContext, _| async move {
            Ok(ctx.schedule_wait("never").await)
        });
    let world = World::start(memory(), &app(echo(), orchestrations), one_slot_each()).await;
    let client = &world.client;
    client.start_orchestration("a", "main", "").await.unwrap();
    for child in ["x", "y"] {
        world.exists(child).await;
        world.reach(child, 2).await;
    }
    client.cancel_instance("a", "enough").await.unwrap();
    assert_eq!(failed(world.end("a").await).to_string(), "canceled: enough");
    for child in ["x", "y"] {
        let told = failed(world.end(child).await);
        assert_eq!(told.to_string(), "canceled: parent canceled");
    }
    eventually(async || client.get_queue_depths().await.unwrap().orchestrator_queue == 0).await;
    world.stop().await;
}
