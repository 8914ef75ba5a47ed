//! Where activities run, and what they need there.

use duroxide::runtime::StartError;
use duroxide::{
    ActivityContext, CallError, OrchestrationContext, Runtime, activity, orchestration,
};
use serde::{Deserialize, Serialize};

use crate::world::{World, store};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    tag: Option<String>,
    session: Option<String>,
    worker: String,
}

#[activity(tag = "gpu")]
async fn tagged(ctx: &ActivityContext) -> Result<Place, String> {
    whereabouts(ctx, 0).await
}

/// Fails in its first attempts.
#[activity]
async fn whereabouts(ctx: &ActivityContext, failures: u32) -> Result<Place, String> {
    if ctx.attempt() <= failures {
        return Err("not yet".to_owned());
    }
    Ok(Place {
        tag: ctx.tag().map(str::to_owned),
        session: ctx.session_id().map(str::to_owned),
        worker: ctx.worker_id().to_owned(),
    })
}

#[orchestration]
async fn places(ctx: &OrchestrationContext) -> Result<Vec<Place>, String> {
    Ok(vec![
        tagged(ctx).await?,
        tagged(ctx).tag("cpu").await?,
        whereabouts(ctx, 0).await?,
        // Every attempt has the tag and the session.
        whereabouts(ctx, 1)
            .attempts(2)
            .tag("cpu")
            .on_session("s")
            .await?,
        whereabouts(ctx, 0).on_session("s").await?,
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_say_where_they_run() {
    let world = World::start().await;
    let handle = places::start(&world.client).await.unwrap();
    let places = handle.result().await.unwrap();
    let routes: Vec<_> = places
        .iter()
        .map(|place| (place.tag.as_deref(), place.session.as_deref()))
        .collect();
    assert_eq!(
        routes,
        [
            (Some("gpu"), None),
            (Some("cpu"), None),
            (None, None),
            (Some("cpu"), Some("s")),
            (None, Some("s")),
        ]
    );
    assert_eq!(places[3].worker, places[4].worker);
    world.stop().await;
}

#[orchestration]
async fn nowhere(ctx: &OrchestrationContext) -> Result<Vec<CallError<String>>, String> {
    let calls = [
        tagged(ctx).tag(""),
        tagged(ctx).tag("x".repeat(257)),
        whereabouts(ctx, 0).on_session(String::new()),
    ];
    let mut refused = Vec::new();
    for call in calls {
        refused.extend(call.await.err());
    }
    Ok(refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_is_an_error_of_the_call() {
    let world = World::start().await;
    let handle = nowhere::start(&world.client).await.unwrap();
    let refused = handle.result().await.unwrap();
    let texts: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "rejected: the tag of the call of `tagged` has 0 bytes; 1 to 256 are allowed",
            "rejected: the tag of the call of `tagged` has 257 bytes; 1 to 256 are allowed",
            "rejected: the session of the call of `whereabouts` has 0 bytes; 1 to 256 are allowed",
        ]
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_an_activity_needs_is_asked_for_at_the_start() {
    let error = Runtime::builder().store(store()).start().await.unwrap_err();
    assert!(matches!(error, StartError::MissingData(_)), "{error:?}");
    assert!(error.to_string().contains("Journal"), "{error}");
}
