//! The embedded store: rows 17 to 21.

use std::error::Error as _;
use std::sync::Arc;

use duroxide::provider::ProviderError;
use duroxide::storage::redb::{OpenError, RedbProvider};
use duroxide::{Client, ClientError, OrchestrationContext, RuntimeOptions, join_all};

use crate::runtime::world::{World, program};

#[tokio::test(flavor = "multi_thread")]
async fn w17_in_memory_does_no_more_than_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut writes = Vec::new();
    for store in [
        RedbProvider::in_memory().unwrap(),
        RedbProvider::open(folder.path().join("a.redb")).unwrap(),
    ] {
        let echo = program(|ctx: OrchestrationContext, text| async move {
            for _ in 0..20 {
                ctx.schedule_activity("echo", text.as_str()).await?;
            }
            Ok(text)
        });
        let world = World::start(Arc::new(store.clone()), &echo, RuntimeOptions::default()).await;
        world.output("a", "main", "x").await;
        world.stop().await;
        writes.push(store.io_counts().bytes_written);
    }
    assert!(writes[0] <= 2 * writes[1], "{writes:?}");
}

#[test]
fn w18_what_is_no_store_of_ours_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let garbage = vec![7_u8; 100_000];
    std::fs::write(&path, &garbage).unwrap();
    let refusal = RedbProvider::open(&path).unwrap_err();
    assert!(!matches!(refusal, OpenError::InUse), "{refusal}");
    assert_eq!(std::fs::read(&path).unwrap(), garbage);
}

#[tokio::test(flavor = "multi_thread")]
async fn w19_many_writers_never_get_in_each_others_way() {
    let client = Client::new(Arc::new(RedbProvider::in_memory().unwrap()));
    let starts = (0..8).flat_map(|writer| (0..25).map(move |n| format!("{writer}-{n}")));
    let starts: Vec<String> = starts.collect();
    let all = starts
        .iter()
        .map(|id| client.start_orchestration(id.as_str(), "o", ""));
    for started in join_all(all).await {
        started.unwrap();
    }
}

#[test]
fn w20_errors_have_a_kind_and_keep_their_source() {
    let source = std::io::Error::other("the disk is gone");
    let error = ProviderError::Unavailable {
        operation: "commit a turn",
        source: Box::new(source),
    };
    assert!(error.is_retryable());
    assert!(!ProviderError::LockLost.is_retryable());
    let error = ClientError::from(error);
    assert!(error.is_retryable());
    let provider = error.source().unwrap();
    let disk = provider.source().unwrap();
    assert_eq!(disk.to_string(), "the disk is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn w21_a_store_that_is_tidied_up_does_not_grow() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.redb");
    let echo = program(|ctx: OrchestrationContext, text| async move {
        ctx.schedule_activity("echo", text).await
    });
    let store = Arc::new(RedbProvider::open(&path).unwrap());
    let world = World::start(store, &echo, RuntimeOptions::default()).await;
    let mut sizes = Vec::new();
    for number in 0..200 {
        world.output("again", "main", "x").await;
        world.client.delete_instance("again", false).await.unwrap();
        if number == 49 || number == 199 {
            sizes.push(std::fs::metadata(&path).unwrap().len());
        }
    }
    assert!(sizes[1] <= 2 * sizes[0], "{sizes:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_is_full_refuses_events_and_takes_a_request_to_end() {
    let store = RedbProvider::options().max_inbox(10).in_memory().unwrap();
    let client = Client::new(Arc::new(store));
    client.start_orchestration("a", "o", "").await.unwrap();
    client.start_orchestration("b", "o", "").await.unwrap();
    for _ in 0..10 {
        client.enqueue_event("a", "q", "").await.unwrap();
    }
    let refusal = client.enqueue_event("a", "q", "").await.unwrap_err();
    let told = refusal.source().unwrap().to_string();
    assert!(told.contains("10 are allowed"), "{told}");
    client.enqueue_event("b", "q", "").await.unwrap();
    client.cancel_instance("a", "enough").await.unwrap();
}
