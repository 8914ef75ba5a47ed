//! Loops that never end, in bounded room.

use std::time::Duration;

use duroxide::{Either2, OrchestrationContext, OrchestrationRegistry, RuntimeOptions};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{PATIENCE, World, completed, echo, eventually};

/// A service does its rounds under a configuration that changes under way: each round looks into
/// the mailbox, and what it did not read waits for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn config_hot_reload_persistent_events() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "Service",
        |ctx: OrchestrationContext, config: String| async move {
            ctx.set_custom_status(&config);
            ctx.schedule_activity("echo", &config).await?;
            let pause = ctx.schedule_timer(Duration::from_millis(2));
            match ctx.select2(ctx.dequeue_event("config"), pause).await {
                Either2::First(new) if new == "stop" => Ok(format!("last: {config}")),
                Either2::First(new) => {
                    let seen = ctx.get_kv_value("seen").unwrap_or_default();
                    ctx.set_kv_value("seen", format!("{seen}{new};"));
                    ctx.continue_as_new(new).await
                }
                Either2::Second(()) => ctx.continue_as_new(config).await,
            }
        },
    );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    let client = &world.client;
    client
        .start_orchestration("a", "Service", "level=0")
        .await
        .unwrap();
    for level in 1..=5 {
        let config = format!("level={level}");
        client
            .enqueue_event("a", "config", config.as_str())
            .await
            .unwrap();
        eventually(async || world.status("a").await.custom_status() == Some(&config)).await;
    }
    // A burst: all of it is read, in order, however the rounds fall.
    for config in ["x", "y", "z", "stop"] {
        client.enqueue_event("a", "config", config).await.unwrap();
    }
    assert_eq!(completed(world.end("a").await), "last: z");
    let seen = client.get_kv_value("a", "seen").await.unwrap().unwrap();
    assert_eq!(seen, "level=1;level=2;level=3;level=4;level=5;x;y;z;");
    world.stop().await;
}

fn generations() -> u64 {
    let long = std::env::var("DUROXIDE_LONG").is_ok_and(|value| value == "1");
    if long { 10_000 } else { 1_000 }
}

/// What an eternal loop leaves behind does not grow: two executions, and a file as large as after
/// a fifth of the way.
#[tokio::test(flavor = "multi_thread")]
async fn an_eternal_loop_keeps_two_executions_and_its_file_small() {
    let last = generations();
    let orchestrations = OrchestrationRegistry::builder().register(
        "Eternal",
        move |ctx: OrchestrationContext, generation: String| async move {
            let generation: u64 = generation.parse().map_err(|_| "no number")?;
            ctx.schedule_activity("echo", "x".repeat(200)).await?;
            ctx.set_kv_value("generation", generation.to_string());
            if generation == last / 5 {
                ctx.schedule_wait("measured").await;
            }
            if generation == last {
                return Ok(generation.to_string());
            }
            ctx.continue_as_new((generation + 1).to_string()).await
        },
    );
    let disk = Disk::new();
    let options = RuntimeOptions {
        keep_executions: Some(2),
        ..Default::default()
    };
    let world = World::start(disk.open(), &app(echo(), orchestrations), options).await;
    let client = &world.client;
    client
        .start_orchestration("a", "Eternal", "1")
        .await
        .unwrap();
    let fifth = last / 5;
    let minutes = PATIENCE * 40;
    let waits = async {
        // The fifth event of that generation is its wait.
        while world.history("a", fifth).await.len() < 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(minutes, waits).await.unwrap();
    let early = disk.len();
    let kept = client.list_executions("a").await.unwrap();
    assert_eq!(kept, [fifth - 1, fifth]);
    client.raise_event("a", "measured", "").await.unwrap();
    let end = client.wait_for_orchestration("a", minutes).await.unwrap();
    assert_eq!(completed(end), last.to_string());
    let kept = client.list_executions("a").await.unwrap();
    assert_eq!(kept, [last - 1, last]);
    for gone in [1, fifth, last - 2] {
        assert!(world.history("a", gone).await.is_empty(), "{gone}");
    }
    let late = disk.len();
    println!("{last} generations: {early} bytes after a fifth, {late} at the end");
    assert!(late * 2 <= early * 3, "{early} bytes became {late}");
    world.stop().await;
}
