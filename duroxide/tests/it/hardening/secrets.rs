//! A canary in everything that may be a secret: it shows up in no debug text, and in no error of
//! somebody else's. Log lines and labels are searched in `runtime/metrics.rs`.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use duroxide::runtime::Runtime;
use duroxide::storage::coded::{CodedProvider, PayloadCodec, PayloadPlace};
use duroxide::storage::redb::{OpenError, RedbOptions, RedbProvider};
use duroxide::{
    ActivityContext, ActivityRegistry, Client, OrchestrationContext, OrchestrationRegistry,
    RuntimeOptions,
};

const CANARY: &str = "canary-77c1";

/// A program's own secret: its `Debug` says too much, which is why nobody shows it.
#[derive(Debug)]
struct Password(#[expect(dead_code, reason = "shown by `Debug` only")] &'static str);

struct Keyed;

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed")
    }
}

impl PayloadCodec for Keyed {
    fn encode(&self, _: &PayloadPlace, payload: &str) -> Result<String, String> {
        Ok(payload.chars().rev().collect())
    }
    fn decode(&self, _: &PayloadPlace, stored: &str) -> Result<String, String> {
        Ok(stored.chars().rev().collect())
    }
}

#[duroxide::orchestration]
async fn hardening_waits(ctx: &OrchestrationContext, _text: String) -> Result<String, String> {
    Ok(ctx.schedule_wait("go").await)
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn no_debug_text_shows_what_a_program_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let options = RedbProvider::options();
    let store = options
        .clone()
        .open(folder.path().join("app.redb"))
        .unwrap();
    let coded = CodedProvider::new(store.clone(), Keyed);
    let builder = Runtime::builder()
        .store(coded.clone())
        .data(Password(CANARY));
    let mut texts = vec![format!("{builder:?}")];
    let runtime = builder.start().await.unwrap();
    let client = runtime.client();
    let call = hardening_waits::start(&client, CANARY.to_owned()).id("a");
    texts.push(format!("{call:?}"));
    let handle = call.await.unwrap();
    let context = ActivityContext::for_test().with_data(Password(CANARY));
    texts.extend([
        format!("{runtime:?}"),
        format!("{client:?}"),
        format!("{handle:?}"),
        format!("{context:?}"),
        format!("{options:?}"),
        format!("{store:?}"),
        format!("{coded:?}"),
        format!("{:?}", RuntimeOptions::default()),
        duroxide::provider::Provider::describe(&coded),
    ]);
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
    runtime.shutdown(None).await;
}

/// A payload that is too long is told by its length; a file that cannot be opened, without what is in it.
#[tokio::test(flavor = "multi_thread")]
async fn no_error_shows_what_was_sent_or_stored() {
    let store = RedbOptions::default().max_payload_bytes(100);
    let client = Client::new(Arc::new(store.in_memory().unwrap()));
    client.start_orchestration("a", "main", "").await.unwrap();
    let long = CANARY.repeat(20);
    let errors = [
        client.start_orchestration("b", "main", long.as_str()).await,
        client.raise_event("a", "go", long.as_str()).await,
        client.enqueue_event("a", "q", long.as_str()).await,
        client.cancel_instance("a", long.as_str()).await,
    ];
    for error in errors.map(Result::unwrap_err) {
        let text = with_causes(&error);
        assert!(!text.contains(CANARY), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    std::fs::write(&path, long.as_bytes()).unwrap();
    let error: OpenError = RedbProvider::open(&path).unwrap_err();
    let text = with_causes(&error);
    assert!(!text.contains(CANARY), "{text}");
}

/// What does not fit its type is told with what is there instead, and cut: an error is no way to move a
/// payload of a megabyte.
#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_an_error_is_short_however_long_the_payload() {
    let registry = OrchestrationRegistry::builder()
        .register_typed("typed", |_: OrchestrationContext, number: u64| async move {
            Ok(number)
        });
    let store = crate::runtime::world::shared(RedbProvider::in_memory().unwrap());
    let none = ActivityRegistry::builder().build();
    let runtime = Runtime::start_with_store(store, none, registry.build()).await;
    let client = runtime.client();
    let long = "x".repeat(1 << 20);
    client
        .start_orchestration("a", "typed", format!("\"{}\"", &long[2..]))
        .await
        .unwrap();
    let ended = client.wait_for_orchestration("a", crate::runtime::world::PATIENCE);
    let details = crate::runtime::world::failed(ended.await.unwrap());
    let text = details.to_string();
    assert!(
        text.contains("u64") && text.len() < 4 << 10,
        "{}",
        text.len()
    );
    let version = client.start_orchestration_versioned("b", "typed", "v".repeat(9_999), "");
    assert!(version.await.unwrap_err().to_string().len() < 4 << 10);
    runtime.shutdown(None).await;
}
