//! Loops that never end, in bounded room.

use std::time::Duration;

use duroxide::storage::redb::{Durability, RedbProvider};
use duroxide::{
    ActivityContext, ActivityRegistry, Either2, OrchestrationContext, OrchestrationRegistry,
    RuntimeOptions,
};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{PATIENCE, World, completed, echo, eventually, shared};
use crate::support::is_long;

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
    if is_long() { 10_000 } else { 1_000 }
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

/// Says to this program that it is the process in which an eternal loop is measured.
const ALONE: &str = "DUROXIDE_MEASURES_ALONE";

/// What an eternal loop takes in memory does not grow either. Measured in a process of its own, because
/// other tests of this one take memory as they please.
#[test]
fn an_eternal_loop_keeps_its_memory_flat() {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        println!("{}", runtime.block_on(measure_an_eternal_loop()));
        return;
    }
    if resident_kib().is_none() {
        // Nobody to be asked: this system has no such file.
        return;
    }
    let name = "samples::continue_as_new::an_eternal_loop_keeps_its_memory_flat";
    let alone = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&alone.stdout);
    println!("{told}");
    let errors = String::from_utf8_lossy(&alone.stderr);
    assert!(alone.status.success(), "{told}\n{errors}");
    assert!(told.contains("KiB at the end"), "it measured: {told}");
}

/// The memory that this process has, if the system tells.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A round with everything that leaves something somewhere: an activity, a timer that fires and one
/// that loses, an event, a child, a value and a status.
async fn measure_an_eternal_loop() -> String {
    let last: u64 = if is_long() { 10_000 } else { 2_000 };
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Eternal",
            move |ctx: OrchestrationContext, round: String| async move {
                let round: u64 = round.parse().map_err(|_| "no number")?;
                ctx.set_kv_value("round", round.to_string());
                ctx.set_custom_status(round.to_string());
                let token = ctx.dequeue_event("tokens");
                let never = ctx.schedule_timer(Duration::from_secs(3_600));
                ctx.schedule_activity("tell", round.to_string()).await?;
                let Either2::First(_token) = ctx.select2(token, never).await else {
                    return Err("an hour has passed".to_owned());
                };
                ctx.schedule_timer(Duration::ZERO).await;
                if round.is_multiple_of(10) {
                    ctx.schedule_sub_orchestration("child", "x".repeat(100))
                        .await?;
                }
                if round == last {
                    return Ok(round.to_string());
                }
                ctx.continue_as_new((round + 1).to_string()).await
            },
        )
        .register(
            "child",
            |_: OrchestrationContext, text| async move { Ok(text) },
        );
    // The loop tells itself, so that no event is sent before the one that it waits for.
    let activities = ActivityRegistry::builder()
        .register("tell", |ctx: ActivityContext, round: String| async move {
            let client = ctx.get_client();
            let sent = client.enqueue_event(ctx.instance_id(), "tokens", round);
            sent.await.map_err(|error| error.to_string())?;
            Ok(String::new())
        })
        .build();
    let disk = Disk::new();
    let options = RuntimeOptions {
        keep_executions: Some(2),
        ..Default::default()
    };
    // What a disk takes its time for is not of interest here.
    let store = RedbProvider::options()
        .durability(Durability::LosesLastSeconds)
        .open(disk.folder.path().join("eternal.redb"))
        .unwrap();
    let world = World::start(shared(store), &app(activities, orchestrations), options).await;
    let client = &world.client;
    client
        .start_orchestration("a", "Eternal", "1")
        .await
        .unwrap();
    let fifth = last / 5;
    let mut early = None;
    let mut seen = 0;
    let minutes = PATIENCE * 40;
    loop {
        let status = client
            .wait_for_status_change("a", seen, Duration::ZERO, minutes)
            .await
            .unwrap();
        seen = status.custom_status_version();
        if seen >= fifth && early.is_none() {
            early = resident_kib();
        }
        if status.is_terminal() {
            assert_eq!(completed(status), last.to_string());
            break;
        }
    }
    let (early, late) = (early.unwrap(), resident_kib().unwrap());
    let told = format!("{last} rounds: {early} KiB after a fifth, {late} KiB at the end");
    // Children stay until somebody deletes them: each a row in the caches, up to their bounds.
    assert!(late <= early + 8 * 1024, "{told}");
    world.stop().await;
    told
}
