//! How cost grows: rows 49 to 53. Row 54 is about figures: the benchmark tells percentiles, and its own
//! tests run every workload.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use duroxide::provider::{Provider as _, ProviderRef, TurnFetch};
use duroxide::storage::redb::RedbProvider;
use duroxide::{Client, OrchestrationContext, RuntimeOptions, join_all, select2};
use futures::FutureExt as _;

use super::{memory, world};
use crate::runtime::faults::Faulty;
use crate::runtime::world::{World, completed, program};

#[tokio::test(flavor = "multi_thread")]
async fn w49_a_step_costs_what_is_new() {
    let faulty = Arc::new(Faulty::new(memory(), u64::MAX / 4));
    let store: ProviderRef = Arc::clone(&faulty) as ProviderRef;
    let chain = program(|ctx: OrchestrationContext, text| async move {
        for _ in 0..400 {
            ctx.schedule_activity("echo", text.as_str()).await?;
        }
        Ok(text)
    });
    let world = World::start(store, &chain, RuntimeOptions::default()).await;
    world.output("a", "main", "x").await;
    assert_eq!(faulty.reads.load(Ordering::SeqCst), 0);
    // A fetch, a commit, a fetch of the activity and its completion for each step, and not more with
    // each.
    let calls = faulty.calls.load(Ordering::SeqCst);
    assert!(calls <= 5 * 400, "{calls}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w50_many_come_with_one_fetch_and_one_sync() {
    let store = RedbProvider::in_memory().unwrap();
    let client = Client::new(Arc::new(store.clone()));
    let before = store.io_counts().syncs;
    let ids: Vec<String> = (0..100).map(|n| format!("i-{n}")).collect();
    let starts = ids
        .iter()
        .map(|id| client.start_orchestration(id.as_str(), "o", ""));
    for started in join_all(starts).await {
        started.unwrap();
    }
    assert!(store.io_counts().syncs - before < 100);
    let fetch = TurnFetch::new(1_000, Duration::from_secs(60));
    assert_eq!(store.fetch_turns(fetch).await.unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn w51_work_wakes_who_waits_for_it() {
    let store = memory();
    let client = Client::new(Arc::clone(&store));
    let fetch = TurnFetch::new(1, Duration::from_secs(60));
    let mut parked = std::pin::pin!(store.fetch_turns(fetch));
    assert!(parked.as_mut().now_or_never().is_none());
    client.start_orchestration("a", "o", "").await.unwrap();
    // No poll interval is configured anywhere: the start has woken it.
    let items = tokio::time::timeout(Duration::from_secs(30), parked).await;
    assert_eq!(items.unwrap().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn w52_the_id_of_an_instance_is_not_in_every_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let store: ProviderRef = Arc::new(RedbProvider::open(&path).unwrap());
    let chain = program(|ctx: OrchestrationContext, text| async move {
        for _ in 0..100 {
            ctx.schedule_activity("echo", text.as_str()).await?;
        }
        Ok(text)
    });
    let world = World::start(store, &chain, RuntimeOptions::default()).await;
    let id = "a-needle-in-the-haystack";
    world.output(id, "main", "x").await;
    assert_eq!(world.history(id, 1).await.len(), 202);
    world.stop().await;
    let file = std::fs::read(&path).unwrap();
    let found = file.windows(id.len()).filter(|part| *part == id.as_bytes());
    // Its own rows, and what freed pages still have of them.
    let count = found.count();
    assert!(count < 50, "{count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w53_timers_that_lost_are_gone() {
    let race = program(|ctx: OrchestrationContext, text| async move {
        let late = ctx.schedule_timer(Duration::from_secs(3_600));
        let _forgotten = ctx.schedule_timer(Duration::from_secs(7_200));
        let winner = select2(ctx.schedule_activity("echo", text), late).await;
        Ok(winner.is_first().to_string())
    });
    let world = world(&race).await;
    assert_eq!(completed(world.run("a", "main", "x").await), "true");
    let depths = world.client.get_queue_depths().await.unwrap();
    assert_eq!(depths.timer_queue, 0);
    world.stop().await;
}
