//! A store of your own: here one around the embedded store that tells what was written, live.
//!
//! `cargo run --example custom_provider` rings a bell ten times and shows each event when it is on disk.
//! Kill it at any moment and run it again: no event comes twice. The store itself is in `feed.rs`; a
//! test runs the whole conformance suite over it. Delete `custom_provider.work` to begin anew.

mod feed;

use std::sync::Arc;

use duroxide::prelude::*;
use examples::{Folder, say};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use feed::{Feed, Written};

#[activity(data(Folder))]
async fn ring(ctx: &ActivityContext, round: u64) -> Result<(), String> {
    let folder = ctx.data::<Folder>()?;
    folder.append_once("rung.csv", &ctx.idempotency_key(), &round.to_string())
}

#[orchestration]
async fn bell(ctx: &OrchestrationContext, rounds: u64) -> Result<u64, String> {
    for round in 1..=rounds {
        ring(ctx, round).await?;
        ctx.schedule_timer(Duration::from_millis(200)).await;
    }
    Ok(rounds)
}

/// Shows what is written, until the store is gone.
async fn show(mut feed: Receiver<Written>) {
    loop {
        match feed.recv().await {
            Ok(Written {
                instance,
                execution,
                event,
            }) => {
                // The name of the event is the tag of its JSON form.
                let json = serde_json::to_value(&event).unwrap_or_default();
                let kind = json
                    .get("type")
                    .and_then(|kind| kind.as_str())
                    .unwrap_or("?");
                say!("{instance}/{}/{} {kind}", execution.0, event.event_id());
            }
            Err(RecvError::Lagged(events)) => say!("({events} events were too fast to be shown)"),
            Err(RecvError::Closed) => return,
        }
    }
}

#[tokio::main]
async fn main() -> examples::Result {
    let work = Folder::of("custom_provider")?;
    let store = Feed::of(Arc::new(work.store("store.redb")?));
    let shown = tokio::spawn(show(store.listen()));
    let runtime = Runtime::builder().store(store).data(work).start().await?;
    examples::run(runtime, async |client| {
        let handle = bell::start(&client, 10).id("bell").if_absent().await?;
        let rounds = handle.result().await?;
        say!("the bell rang {rounds} times");
        Ok(())
    })
    .await?;
    // The store is gone with its last user, and with it the feed.
    Ok(shown.await?)
}
