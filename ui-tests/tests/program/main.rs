//! Annotated functions from the attribute to the result: found, started, stored, run.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, a panic is the report"
)]

mod children;
mod routes;
mod world;

use std::time::Duration;

use duroxide::{
    ActivityContext, CallError, Client, ClientError, ExternalEvent, OrchestrationContext,
    OrchestrationError, OrchestrationStatus, activity, orchestration,
};
use serde::{Deserialize, Serialize};

use crate::world::World;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    id: u64,
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum PaymentError {
    #[error("declined after {after} cents")]
    Declined { after: u64 },
    #[error("busy")]
    Busy,
}

#[activity]
async fn charge(ctx: &ActivityContext, id: u64, cents: u64) -> Result<Receipt, PaymentError> {
    assert_eq!(ctx.activity_name(), "charge");
    if cents > 1_000 {
        return Err(PaymentError::Declined { after: 1_000 });
    }
    Ok(Receipt { id })
}

/// Busy in its first two attempts; hangs in its third.
#[activity(
    timeout = "400ms",
    retry(max_attempts = 4, initial = "1ms"),
    no_retry = [PaymentError::Declined { .. }],
)]
async fn charge_slowly(ctx: &ActivityContext, cents: u64) -> Result<u32, PaymentError> {
    match ctx.attempt() {
        1 | 2 => Err(PaymentError::Busy),
        3 => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(3)
        }
        _ if cents > 1_000 => Err(PaymentError::Declined { after: 1_000 }),
        attempt => Ok(attempt),
    }
}

/// What came of the call, with the options of the attribute and with others.
#[orchestration]
async fn pay_slowly(
    ctx: &OrchestrationContext,
    cents: u64,
    attempts: Option<u32>,
) -> Result<String, String> {
    let call = charge_slowly(ctx, cents);
    let call = match attempts {
        Some(attempts) => call.attempts(attempts),
        None => call,
    };
    Ok(format!("{:?}", call.await))
}

#[activity(retry(max_attempts = 5, initial = "1ms"), no_retry = [PaymentError::Declined { .. }])]
async fn decline(ctx: &ActivityContext) -> Result<(), PaymentError> {
    let after = ctx.attempt().into();
    Err(PaymentError::Declined { after })
}

/// The attempt at which it gave up.
#[orchestration]
async fn be_declined(ctx: &OrchestrationContext) -> Result<u64, String> {
    match decline(ctx).await {
        Err(CallError::Failed(PaymentError::Declined { after })) => Ok(after),
        other => Err(format!("{other:?}")),
    }
}

/// Charges; what is too much is charged by half.
#[orchestration(name = "pay", version = "2.0.0")]
async fn pay(ctx: &OrchestrationContext, id: u64, cents: u64) -> Result<Receipt, PaymentError> {
    match charge(ctx, id, cents).await {
        Ok(receipt) => Ok(receipt),
        Err(CallError::Failed(declined)) if cents > 4_000 => Err(declined),
        Err(_) => pay::continue_as_new(ctx, id + 1, cents / 2).await,
    }
}

#[orchestration]
async fn greet(_ctx: OrchestrationContext, names: Vec<String>) -> Result<String, String> {
    Ok(names.join(" and "))
}

#[orchestration]
async fn nothing(_ctx: OrchestrationContext) -> Result<(), String> {
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_retried_as_the_attribute_says_and_the_options_of_the_call() {
    let world = World::start().await;
    let client = world.client.clone();
    for (cents, attempts, expected) in [
        (990, None, "Ok(4)"),
        (5_000, None, "Err(Failed(Declined { after: 1000 }))"),
        // The error is not final, but the attempts are used up.
        (990, Some(1), "Err(Failed(Busy))"),
        (990, Some(3), "Err(TimedOut)"),
        (990, Some(9), "Ok(4)"),
        (
            990,
            Some(0),
            r#"Err(Rejected("the retry policy of the call of `charge_slowly` allows no attempt"))"#,
        ),
    ] {
        let handle = pay_slowly::start(&client, cents, attempts).await.unwrap();
        assert_eq!(handle.result().await.unwrap(), expected);
    }
    let handle = be_declined::start(&client).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), 1);
    world.stop().await;
}

async fn dynamic(client: &Client, id: &str, name: &str, input: &str) -> OrchestrationStatus {
    client.start_orchestration(id, name, input).await.unwrap();
    let patience = Duration::from_secs(30);
    client.wait_for_orchestration(id, patience).await.unwrap()
}

/// What happens to a cart.
#[derive(Serialize, Deserialize, ExternalEvent)]
#[event(name = "cart")]
enum CartEvent {
    Added(String),
    CheckedOut,
}

/// Starts over with each item; what it did not wait for yet goes along.
#[orchestration]
async fn cart(ctx: &OrchestrationContext, mut items: Vec<String>) -> Result<String, String> {
    match ctx.wait_for::<CartEvent>().await {
        Ok(CartEvent::Added(item)) => items.push(item),
        Ok(CartEvent::CheckedOut) => return Ok(items.join(", ")),
        Err(error) => items.push(error.into()),
    }
    cart::continue_as_new(ctx, items).await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_whoever_waits_for_their_type() {
    let world = World::start().await;
    let client = world.client.clone();
    let handle = cart::start(&client, Vec::new()).id("cart-7").await.unwrap();
    let added = |item: &str| CartEvent::Added(item.to_owned());
    handle.raise(added("apples")).await.unwrap();
    // As text, and wrong: an error of the wait, which the next one is not troubled by.
    client.enqueue_event("cart-7", "cart", "7").await.unwrap();
    handle.raise(added("pears")).await.unwrap();
    handle.raise(CartEvent::CheckedOut).await.unwrap();
    let items = handle.result().await.unwrap();
    let expected = "apples, the event `cart` cannot be read: cannot decode `program::CartEvent`";
    assert!(items.starts_with(expected), "{items}");
    assert!(items.ends_with(", pears"), "{items}");
    let nobody = cart::handle(&client, "cart-8");
    assert!(matches!(
        nobody.raise(CartEvent::CheckedOut).await,
        Err(ClientError::InstanceNotFound { .. })
    ));
    world.stop().await;
}

fn output(status: OrchestrationStatus) -> Result<String, String> {
    match status {
        OrchestrationStatus::Completed { output, .. } => Ok(output),
        OrchestrationStatus::Failed { details, .. } => Err(details.display_message()),
        other => Err(format!("{other:?}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn annotated_functions_run_without_further_words() {
    let world = World::start().await;
    let client = world.client.clone();

    let handle = pay::start(&client, 7, 990).id("a").await.unwrap();
    assert_eq!(handle.result().await.unwrap(), Receipt { id: 7 });
    assert!(pay::start(&client, 7, 990).id("a").await.is_err());
    let again = pay::start(&client, 7, 990).id("a").if_absent();
    assert!(!again.await.unwrap().created());
    let handle = pay::handle(&client, "a");
    assert_eq!(handle.result().await.unwrap(), Receipt { id: 7 });

    // Started over twice, with other arguments.
    let handle = pay::start(&client, 1, 3_000).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), Receipt { id: 3 });

    // The error is the user's own again.
    let handle = pay::start(&client, 7, 5_000).await.unwrap();
    match handle.result().await {
        Err(OrchestrationError::Failed(error)) => {
            assert_eq!(error, PaymentError::Declined { after: 1_000 });
        }
        other => panic!("{other:?}"),
    }

    let handle = greet::start(&client, vec!["Ada".to_owned(), "Bob".to_owned()]);
    assert_eq!(handle.await.unwrap().result().await.unwrap(), "Ada and Bob");
    let handle = nothing::start(&client).await.unwrap();
    assert!(handle.result().await.is_ok());

    // By name, as text: what the stored form is.
    let status = dynamic(&client, "b", "greet", r#"["Ada"]"#).await;
    assert_eq!(output(status), Ok(r#""Ada""#.to_owned()));
    let status = dynamic(&client, "c", "pay", r#"{"cents":1,"id":2}"#).await;
    assert_eq!(output(status), Ok(r#"{"id":2}"#.to_owned()));
    let status = dynamic(&client, "d", "nothing", "null").await;
    assert_eq!(output(status), Ok("null".to_owned()));
    let status = dynamic(&client, "e", "greet", "7").await;
    assert!(output(status).unwrap_err().contains("cannot decode"));

    world.stop().await;
}
