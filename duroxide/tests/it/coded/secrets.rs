//! What users send is not to be found in the file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use duroxide::provider::ProviderRef;
use duroxide::runtime::Runtime;
use duroxide::storage::coded::CodedProvider;
use duroxide::storage::redb::RedbProvider;
use duroxide::{
    ActivityContext, ActivityRegistry, Client, OrchestrationContext, OrchestrationRegistry,
    OrchestrationStatus,
};

use super::Sealed;

const SECRET: &str = "correct-horse-battery";

async fn keeps(ctx: OrchestrationContext, input: String) -> Result<String, String> {
    ctx.set_custom_status(format!("status {SECRET}"));
    ctx.set_kv_value("key", format!("value {SECRET}"));
    let echoed = ctx.schedule_activity("echo", input).await?;
    let refused = ctx.schedule_activity("refuse", "").await.unwrap_err();
    let told = ctx.dequeue_event("talk").await;
    let child = ctx
        .schedule_sub_orchestration("child", told.as_str())
        .await?;
    Ok(format!("{echoed}; {refused}; {told}; {child}"))
}

/// Runs the program to its end and gives what it returned.
async fn run(store: ProviderRef) -> String {
    let activities = ActivityRegistry::builder()
        .register("echo", |_ctx: ActivityContext, text: String| async move {
            Ok(text)
        })
        .register(
            "refuse",
            |_ctx: ActivityContext, _text: String| async move { Err(format!("refused {SECRET}")) },
        )
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register("keeps", keeps)
        .register("child", |_ctx: OrchestrationContext, text: String| async move {
            Ok(format!("child of {text}"))
        })
        .build();
    let runtime = Runtime::start_with_store(Arc::clone(&store), activities, orchestrations).await;
    let client = Client::new(store);
    let input = format!("input {SECRET}");
    client
        .start_orchestration("a", "keeps", input)
        .await
        .unwrap();
    let told = format!("told {SECRET}");
    client.enqueue_event("a", "talk", told).await.unwrap();
    let status = client
        .wait_for_orchestration("a", Duration::from_secs(30))
        .await;
    runtime.shutdown(None).await;
    match status.unwrap() {
        OrchestrationStatus::Completed { output, .. } => output,
        other => panic!("{other:?}"),
    }
}

fn is_in(path: &Path, text: &str) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn w64_a_coded_store_has_no_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coded.redb");
    let store = CodedProvider::new(RedbProvider::open(&path).unwrap(), Sealed);
    let output = run(Arc::new(store)).await;
    let expected = "input S; refused S; told S; child of told S".replace('S', SECRET);
    assert_eq!(output, expected);
    assert!(!is_in(&path, SECRET));
    assert!(is_in(&path, "keeps"), "names stay readable");
    // The same without a codec: the search does find what is there.
    let path = folder.path().join("plain.redb");
    run(Arc::new(RedbProvider::open(&path).unwrap())).await;
    assert!(is_in(&path, SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_codec_cannot_read_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coded.redb");
    let store = RedbProvider::open(&path).unwrap();
    run(Arc::new(CodedProvider::new(store.clone(), Sealed))).await;
    let plain = Client::new(Arc::new(store));
    let status = plain.get_orchestration_status("a").await.unwrap();
    let OrchestrationStatus::Completed { output, .. } = status else {
        panic!("{status:?}");
    };
    assert!(!output.contains(SECRET), "{output}");
}
