//! Orchestrations that call orchestrations by their names.

use duroxide::{
    ActivityContext, CallError, ExternalEvent, OrchestrationContext, OrchestrationError,
    OrchestrationStatus, activity, join_all, orchestration, select,
};
use serde::{Deserialize, Serialize};

use crate::world::{Journal, World};

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum Refusal {
    #[error("only {left} left")]
    OutOfStock { left: u32 },
}

#[derive(Serialize, Deserialize, ExternalEvent)]
struct Go;

/// How a child is to end.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum End {
    Well,
    Refused,
    Panicking,
    Waiting,
    AfterAnotherExecution,
}

#[orchestration(version = "1.2.0")]
async fn child(ctx: &OrchestrationContext, end: End, n: u32) -> Result<u32, Refusal> {
    match end {
        End::Well => Ok(2 * n),
        End::Refused => Err(Refusal::OutOfStock { left: n }),
        End::Panicking => panic!("no {n}"),
        End::Waiting => {
            ctx.wait_for::<Go>()
                .await
                .map_err(|_| Refusal::OutOfStock { left: 0 })?;
            Ok(n)
        }
        End::AfterAnotherExecution => child::continue_as_new(ctx, End::Well, n + 1).await,
    }
}

/// What came of the child, whatever it is.
#[orchestration]
async fn parent(
    ctx: &OrchestrationContext,
    end: End,
    id: Option<String>,
    version: Option<String>,
) -> Result<Result<u32, CallError<Refusal>>, String> {
    let mut call = child(ctx, end, 7).summary("the only child");
    if let Some(id) = id {
        call = call.id(id);
    }
    if let Some(version) = version {
        call = call.version(version);
    }
    Ok(call.await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_a_child_reaches_its_parent_as_a_value() {
    let world = World::start().await;
    let client = &world.client;
    let run = async |end: End, id: Option<&str>, version: Option<&str>| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let handle = parent::start(client, end, owned(id), owned(version)).await;
        handle.unwrap().result().await.unwrap()
    };
    assert_eq!(run(End::Well, None, None).await, Ok(14));
    assert_eq!(run(End::AfterAnotherExecution, None, None).await, Ok(16));
    assert_eq!(
        run(End::Refused, Some("mine"), None).await,
        Err(CallError::Failed(Refusal::OutOfStock { left: 7 }))
    );
    assert_eq!(
        run(End::Panicking, None, None).await,
        Err(CallError::Panicked("no 7".to_owned()))
    );
    for (id, version, expected) in [
        // Taken, malformed, reserved; and a version that nobody has.
        (Some("mine"), None, "mine"),
        (Some("no id"), None, "no id"),
        (Some("sub::1"), None, "sub::1"),
        (None, Some("9.0.0"), "never got through"),
    ] {
        match run(End::Well, id, version).await {
            Err(CallError::Rejected(problem)) => {
                assert!(problem.contains(expected), "{problem}");
            }
            other => panic!("{other:?}"),
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_child_is_an_error_that_its_parent_can_catch() {
    let world = World::start().await;
    let client = &world.client;
    let id = Some("waiting".to_owned());
    let handle = parent::start(client, End::Waiting, id, None).await.unwrap();
    let waiting = child::handle(client, "waiting");
    while waiting.cancel("not needed").await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(handle.result().await.unwrap(), Err(CallError::Cancelled));
    assert!(matches!(
        waiting.result().await,
        Err(OrchestrationError::Cancelled { reason }) if reason == "not needed"
    ));
    world.stop().await;
}

/// Loses its child to a race; then starts one that outlives it.
#[orchestration]
async fn careless(ctx: &OrchestrationContext) -> Result<String, CallError<Refusal>> {
    let slow = child(ctx, End::Waiting, 1).id("loser");
    select! {
        n = slow => { n?; }
        n = child(ctx, End::Well, 2) => { n?; }
    }
    Ok(child(ctx, End::Waiting, 3).id("detached").detach())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_child_is_cancelled_and_a_detached_one_is_not() {
    let world = World::start().await;
    let handle = careless::start(&world.client).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), "detached");
    let loser = child::handle(&world.client, "loser");
    assert!(matches!(
        loser.result().await,
        Err(OrchestrationError::Cancelled { .. })
    ));
    let detached = child::handle(&world.client, "detached");
    detached.raise(Go).await.unwrap();
    assert_eq!(detached.result().await.unwrap(), 3);
    world.stop().await;
}

/// Detached without an id, under a bad one, twice under the same.
#[orchestration]
async fn detaching(ctx: &OrchestrationContext, id: Option<String>) -> Result<String, String> {
    let Some(id) = id else {
        return Ok(child(ctx, End::Well, 1).detach());
    };
    let first = child(ctx, End::Well, 1).id(id.clone()).detach();
    child(ctx, End::Well, 2).id(id).detach();
    Ok(first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_start_gives_its_id_at_once() {
    let world = World::start().await;
    let client = &world.client;
    let run = async |id: Option<&str>| {
        let handle = detaching::start(client, id.map(str::to_owned))
            .await
            .unwrap();
        handle.result().await
    };
    let made_up = run(None).await.unwrap();
    assert_eq!(ended(client, &made_up).await, Ok(2));
    assert_eq!(run(Some("own")).await.unwrap(), "own");
    assert_eq!(ended(client, "own").await, Ok(2));
    match run(Some("no id")).await {
        Err(OrchestrationError::Rejected(problem)) => assert!(problem.contains("no id")),
        other => panic!("{other:?}"),
    }
    world.stop().await;
}

/// The end of an instance that is being started.
async fn ended(client: &duroxide::Client, id: &str) -> Result<u32, String> {
    let handle = child::handle(client, id);
    loop {
        match handle.result().await {
            Err(OrchestrationError::Client(duroxide::ClientError::InstanceNotFound { .. })) => {
                tokio::task::yield_now().await;
            }
            other => return other.map_err(|error| error.to_string()),
        }
    }
}

#[orchestration(name = "greeting", version = "1.0.0")]
async fn greeting_v1(ctx: &OrchestrationContext, upgrade: bool) -> Result<String, String> {
    if upgrade {
        return greeting::continue_as_new(ctx, false).await;
    }
    Ok(format!("hello from {}", ctx.orchestration_version()))
}

#[orchestration(name = "greeting", version = "2.0.0")]
async fn greeting(ctx: &OrchestrationContext, downgrade: bool) -> Result<String, String> {
    if downgrade {
        return greeting::continue_as_new(ctx, false).version("1.0.0").await;
    }
    Ok(format!("hi from {}", ctx.orchestration_version()))
}

#[orchestration]
async fn greetings(ctx: &OrchestrationContext) -> Result<Vec<String>, String> {
    let calls = [
        greeting_v1(ctx, false),
        greeting(ctx, false),
        greeting(ctx, false).version("1.0.0"),
        greeting_v1(ctx, true),
        greeting(ctx, true),
    ];
    let all = join_all(calls).limit(2).await;
    Ok(all.into_iter().collect::<Result<_, _>>()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stub_starts_its_own_version() {
    let world = World::start().await;
    let handle = greetings::start(&world.client).await.unwrap();
    let (one, two) = ("hello from 1.0.0", "hi from 2.0.0");
    assert_eq!(handle.result().await.unwrap(), [one, two, one, two, one]);
    world.stop().await;
}

#[orchestration]
async fn factorial(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    if n == 0 {
        return Ok(1);
    }
    Ok(n * factorial(ctx, n - 1).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orchestration_may_call_itself() {
    let world = World::start().await;
    let handle = factorial::start(&world.client, 5).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), 120);
    world.stop().await;
}

#[activity(data(Journal))]
async fn note(ctx: &ActivityContext, line: String) -> Result<String, String> {
    ctx.data::<Journal>()?.add(line.clone());
    Ok(line)
}

/// A step of its own instance.
#[orchestration]
async fn book(ctx: &OrchestrationContext, what: String) -> Result<String, String> {
    Ok(note(ctx, format!("book {what}")).await?)
}

#[orchestration]
async fn trip(ctx: &OrchestrationContext, waits: bool) -> Result<(), CallError<String>> {
    let mut saga = ctx.saga();
    for what in ["train", "hotel"] {
        let booked = book(ctx, what.to_owned()).await?;
        saga.undo(move |ctx| async move { note(&ctx, format!("undo {booked}")).await });
    }
    // Made behind both: who sees its line knows that there is something to undo.
    note(ctx, "pack".to_owned()).await?;
    if waits {
        let _ = ctx.wait_for::<Go>().await;
    }
    Err(CallError::Failed("no weather".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_steps_are_undone_last_first() {
    let expected = [
        "book train",
        "book hotel",
        "pack",
        "undo book hotel",
        "undo book train",
    ];
    for waits in [false, true] {
        let world = World::start().await;
        let handle = trip::start(&world.client, waits).await.unwrap();
        if waits {
            while world.journal.lines().len() < 3 {
                tokio::task::yield_now().await;
            }
            handle.cancel("rain").await.unwrap();
            assert!(matches!(
                handle.result().await,
                Err(OrchestrationError::Cancelled { reason }) if reason == "rain"
            ));
        } else {
            assert!(matches!(
                handle.result().await,
                Err(OrchestrationError::Failed(CallError::Failed(why))) if why == "no weather"
            ));
        }
        assert_eq!(world.journal.lines(), expected);
        world.stop().await;
    }
}

/// Its child ends as cancelled; it cleans up, and notes what it saw.
#[orchestration(cancellation = "cooperative", cleanup_deadline = "30s")]
async fn cooperative(ctx: &OrchestrationContext) -> Result<(), String> {
    note(ctx, "began".to_owned()).await?;
    let seen = child(ctx, End::Waiting, 1).id("its-child").await;
    let line = format!("{seen:?}");
    ctx.shielded(|ctx| async move { note(&ctx, line).await })
        .await?;
    Err("cleaned up".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cooperative_orchestration_sees_its_cancellation() {
    let world = World::start().await;
    let handle = cooperative::start(&world.client).await.unwrap();
    // Behind its first step, and waiting.
    let its_child = child::handle(&world.client, "its-child");
    while matches!(its_child.status().await, Ok(OrchestrationStatus::NotFound)) {
        tokio::task::yield_now().await;
    }
    handle.cancel("enough").await.unwrap();
    assert!(matches!(
        handle.result().await,
        Err(OrchestrationError::Cancelled { reason }) if reason == "enough"
    ));
    assert_eq!(world.journal.lines(), ["began", "Err(Cancelled)"]);
    world.stop().await;
}
