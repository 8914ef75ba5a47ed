//! A runtime on a disk that fails now and then: the store stops acknowledging, comes back without a
//! restart, and every instance comes to its end.

use std::sync::Arc;
use std::time::Duration;

use duroxide::provider::{Provider as _, ProviderError};
use duroxide::runtime::Runtime;
use duroxide::storage::redb::RedbProvider;
use duroxide::{
    ActivityContext, ActivityRegistry, Client, OrchestrationContext, OrchestrationRegistry,
    OrchestrationStatus,
};

use super::lives::eventually;
use super::seeds::seeds;
use super::sim_disk::{Plan, SimDisk, Tear};
use super::view;
use crate::support::{dice::Dice, is_long};

const PATIENCE: Duration = Duration::from_secs(60);
const INSTANCES: u64 = 12;

async fn order(ctx: OrchestrationContext, input: String) -> Result<String, String> {
    let first = ctx.schedule_activity("echo", input.as_str()).await?;
    ctx.set_custom_status("first is done");
    ctx.schedule_timer(Duration::from_millis(3)).await;
    let child = ctx
        .schedule_sub_orchestration("child", first.as_str())
        .await?;
    ctx.set_kv_value("child", child.as_str());
    let go = ctx.dequeue_event("go").await;
    let last = ctx.schedule_activity("echo", child).await?;
    Ok(format!("{last} {go}"))
}

fn activities() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("echo", |_: ActivityContext, text: String| async move {
            Ok(text)
        })
        .build()
}

fn orchestrations() -> OrchestrationRegistry {
    OrchestrationRegistry::builder()
        .register("order", order)
        .register(
            "child",
            |ctx: OrchestrationContext, input: String| async move {
                ctx.schedule_activity("echo", format!("{input}'s child"))
                    .await
            },
        )
        .build()
}

/// What a caller does about an outcome that is unknown: the same call once more.
async fn insist<E: Into<duroxide::ClientError>>(call: impl AsyncFn() -> Result<(), E>) {
    loop {
        match call().await.map_err(Into::into) {
            Ok(()) => return,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// Lets the disk fail so many times, each time at another operation.
async fn fail_now_and_then(disk: &SimDisk, random: &mut Dice, failures: u64, client: &Client) {
    for number in 0..failures {
        disk.plan(Plan {
            fail_at: Some(1 + random.below(40)),
            forgetful: random.one_in(2),
            ..Plan::default()
        });
        // Work of its own: there may be no other any more.
        let mut extra = 0;
        while !disk.fired() {
            let id = format!("extra-{number}-{extra}");
            drop(client.start_orchestration(id.as_str(), "child", "x").await);
            extra += 1;
        }
    }
    disk.plan(Plan::default());
}

#[test]
fn every_instance_ends_on_a_disk_that_fails_now_and_then() {
    let failures = if is_long() { 400 } else { 15 };
    let seed = seeds(1, 1).next().unwrap();
    println!("DUROXIDE_SEED={seed}");
    let tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = { tokio }.worker_threads(2).enable_all().build().unwrap();
    tokio.block_on(async {
        let mut random = Dice::new(seed);
        let disk = SimDisk::new();
        let opened = disk.clone();
        let store = RedbProvider::options().open_backend(move || Ok(opened.clone()));
        let store = Arc::new(store.unwrap());
        let runtime =
            Runtime::start_with_store(store.clone(), activities(), orchestrations()).await;
        let client = runtime.client();
        let ids: Vec<String> = (0..INSTANCES)
            .map(|number| format!("order-{number}"))
            .collect();
        let work = async {
            for id in &ids {
                insist(async || {
                    client
                        .start_orchestration(id.as_str(), "order", id.as_str())
                        .await
                })
                .await;
            }
            for id in &ids {
                insist(async || client.enqueue_event(id.as_str(), "go", "now").await).await;
            }
        };
        let trouble = fail_now_and_then(&disk, &mut random, failures, &client);
        tokio::join!(work, trouble);
        for id in &ids {
            let ended = client.wait_for_orchestration(id, PATIENCE).await.unwrap();
            let OrchestrationStatus::Completed { output, .. } = ended else {
                panic!("{id}: {ended:?}");
            };
            assert_eq!(output, format!("{id}'s child now"));
        }
        runtime.shutdown(None).await;
        // Whatever ended was on the disk: it is there when power is lost right now.
        drop(client);
        drop(store);
        let found = disk.crash(Tear::Nothing, &mut random);
        let store = RedbProvider::options()
            .open_backend(move || Ok(found.clone()))
            .unwrap();
        let client = Client::new(Arc::new(store));
        for id in &ids {
            let status = client.get_orchestration_status(id).await.unwrap();
            assert!(
                matches!(status, OrchestrationStatus::Completed { .. }),
                "{id}: {status:?}"
            );
        }
    });
}

/// I39, I40, without chance: the sync of a start fails. Its outcome is unknown, nothing is
/// acknowledged as long as the disk is away, and the same handle works again when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_disk_is_away_says_so_and_comes_back_in_the_same_handle() {
    let disk = SimDisk::new();
    let opened = disk.clone();
    let store = RedbProvider::options()
        .open_backend(move || Ok(opened.clone()))
        .unwrap();
    let start = duroxide::provider::conformance::first_start("orders", "in");
    let (a, b) = (view::instance("a"), view::instance("b"));
    store.start(&a, start.clone()).await.unwrap();
    disk.plan(Plan {
        fail_at: Some(1),
        lasting: true,
        ..Plan::default()
    });
    for _ in 0..3 {
        let answer = store.start(&b, start.clone()).await;
        let Err(ProviderError::Unavailable { operation, .. }) = &answer else {
            panic!("acknowledged without a disk: {answer:?}");
        };
        assert_eq!(*operation, "start an instance");
    }
    disk.plan(Plan::default());
    let back = eventually(async || store.start(&b, start.clone()).await.is_ok()).await;
    back.unwrap();
    assert!(store.status(&a).await.unwrap().is_some());
    assert!(store.status(&b).await.unwrap().is_some());
}
