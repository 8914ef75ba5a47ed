//! Payloads under authenticated encryption that is bound to their place: what was changed, moved or
//! written under another key is not read, and concerns its own instance alone.

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use async_trait::async_trait;
use duroxide::history::{EventId, EventKind, ExecutionId, InstanceId, KvEntry};
use duroxide::provider::conformance::first_start;
use duroxide::provider::{Layer, Provider, ProviderError, ProviderRef};
use duroxide::storage::coded::{CodedProvider, PayloadCodec, PayloadPlace};
use duroxide::storage::redb::RedbProvider;
use duroxide::{Client, ClientError, OrchestrationContext, RuntimeOptions};

use crate::runtime::world::{Program, World, completed, failed, program, shared};

/// AES-256-GCM-SIV: it stays safe when a nonce comes twice, so one does for all.
struct Sealed(Aes256GcmSiv);

impl Sealed {
    fn with_key(key: u8) -> Self {
        Self(Aes256GcmSiv::new(&[key; 32].into()))
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AES-256-GCM-SIV")
    }
}

impl PayloadCodec for Sealed {
    fn encode(&self, place: &PayloadPlace, payload: &str) -> Result<String, String> {
        let aad = place.to_string();
        let payload = Payload {
            msg: payload.as_bytes(),
            aad: aad.as_bytes(),
        };
        let sealed = self.0.encrypt(&Nonce::default(), payload).unwrap();
        let digits = |byte: &u8| {
            [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap())
        };
        Ok(sealed.iter().flat_map(digits).collect())
    }

    fn decode(&self, place: &PayloadPlace, stored: &str) -> Result<String, String> {
        let bytes = (0..stored.len()).step_by(2).map(|at| {
            let pair = stored.get(at..at + 2).ok_or("half a byte is missing")?;
            u8::from_str_radix(pair, 16).map_err(|_| "this is no hexadecimal")
        });
        let bytes = bytes.collect::<Result<Vec<u8>, &str>>()?;
        let aad = place.to_string();
        let payload = Payload {
            msg: &bytes,
            aad: aad.as_bytes(),
        };
        let opened = self.0.decrypt(&Nonce::default(), payload);
        let opened = opened.map_err(|_| "changed, moved, or of another key")?;
        String::from_utf8(opened).map_err(|error| error.to_string())
    }
}

/// `main` keeps its input under two keys, and ends with an event.
fn keeps() -> Program {
    program(|ctx: OrchestrationContext, input: String| async move {
        ctx.set_kv_value("one", format!("one {input}"));
        ctx.set_kv_value("two", format!("two {input}"));
        ctx.set_custom_status(format!("status {input}"));
        let echoed = ctx.schedule_activity("echo", input).await?;
        let told = ctx.schedule_wait("go").await;
        Ok(format!("{echoed} {told}"))
    })
}

/// A store below, and one instance `a` whose payloads are sealed with the first key.
async fn begun() -> (ProviderRef, World) {
    let raw = shared(RedbProvider::in_memory().unwrap());
    let coded = shared(CodedProvider::new(Below(raw.clone()), Sealed::with_key(1)));
    let world = World::start(coded, &keeps(), RuntimeOptions::default()).await;
    let started = world.client.start_orchestration("a", "main", "in");
    started.await.unwrap();
    world.reach("a", 7).await;
    (raw, world)
}

/// The store below, as a value of its own.
#[derive(Debug)]
struct Below(ProviderRef);

impl Layer for Below {
    fn below(&self) -> &dyn Provider {
        &*self.0
    }
}

/// Gives the value of the other key.
#[derive(Debug)]
struct Swapping(ProviderRef);

#[async_trait]
impl Layer for Swapping {
    fn below(&self) -> &dyn Provider {
        &*self.0
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        let other = if key == "one" { "two" } else { "one" };
        let entry = self.below().kv(instance, other).await?;
        Ok(entry.map(|entry| KvEntry {
            key: key.to_owned(),
            ..entry
        }))
    }
}

fn is_corrupt<T>(answer: &Result<T, ClientError>) -> bool {
    matches!(
        answer,
        Err(ClientError::Provider(ProviderError::Corrupt { .. }))
    )
}

fn id(text: &str) -> InstanceId {
    InstanceId::new(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_is_read_with_its_key_and_with_no_other() {
    let (raw, world) = begun().await;
    let read = world.client.get_kv_value("a", "one").await.unwrap();
    assert_eq!(read.as_deref(), Some("one in"));
    let stored = raw.kv(&id("a"), "one").await.unwrap().unwrap().value;
    assert!(!stored.contains("in") && stored != "one in", "{stored}");
    world.stop().await;
    let other = shared(CodedProvider::new(Below(raw.clone()), Sealed::with_key(2)));
    let client = Client::new(other.clone());
    assert!(is_corrupt(&client.get_kv_value("a", "one").await));
    assert!(is_corrupt(&client.get_orchestration_status("a").await));
    assert!(is_corrupt(&client.read_execution_history("a", 1).await));
    // Those of the right key are not the worse for it.
    let right = shared(CodedProvider::new(Below(raw), Sealed::with_key(1)));
    let world = World::start(right, &keeps(), RuntimeOptions::default()).await;
    world.client.raise_event("a", "go", "on").await.unwrap();
    assert_eq!(completed(world.end("a").await), "in on");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_was_moved_to_another_key_is_refused() {
    let (raw, world) = begun().await;
    let swapped = CodedProvider::new(Swapping(raw), Sealed::with_key(1));
    let client = Client::new(shared(swapped));
    for key in ["one", "two"] {
        assert!(is_corrupt(&client.get_kv_value("a", key).await), "{key}");
    }
    world.stop().await;
}

/// Somebody who can write to the store gives an instance the input of another one, or an event that
/// another one got. It is not read; the instance comes to an end, and nobody else is touched.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_to_another_instance_ends_that_one_and_no_other() {
    let (raw, world) = begun().await;
    let a = id("a");
    let page = raw.read(&a, ExecutionId::FIRST, EventId::NONE, 10);
    let first = page.await.unwrap().events.remove(0);
    let EventKind::OrchestrationStarted { input, .. } = first.kind else {
        panic!("{first:?}");
    };
    assert!(!input.contains("in"), "{input}");
    // The thief's instance.
    let start = first_start("main", &input);
    raw.start(&id("thief"), start).await.unwrap();
    let details = failed(world.end("thief").await);
    assert!(!details.to_string().contains("one in"), "{details}");
    // Changed by one digit.
    let changed = if input.starts_with('0') { "1" } else { "0" };
    let changed = format!("{changed}{}", &input[1..]);
    raw.start(&id("changed"), first_start("main", &changed))
        .await
        .unwrap();
    failed(world.end("changed").await);
    world.client.raise_event("a", "go", "on").await.unwrap();
    assert_eq!(completed(world.end("a").await), "in on");
    world.stop().await;
}
