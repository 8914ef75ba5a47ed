//! Annotated functions from the attribute to the result: found, started, stored, run.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::TokioEnv;
use duroxide::provider::model::ModelProvider;
use duroxide::{
    ActivityContext, CallError, Client, OrchestrationContext, OrchestrationError,
    OrchestrationStatus, Runtime, activity, orchestration,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    id: u64,
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum PaymentError {
    #[error("declined after {after} cents")]
    Declined { after: u64 },
}

#[activity]
async fn charge(ctx: &ActivityContext, id: u64, cents: u64) -> Result<Receipt, PaymentError> {
    assert_eq!(ctx.activity_name(), "charge");
    if cents > 1_000 {
        return Err(PaymentError::Declined { after: 1_000 });
    }
    Ok(Receipt { id })
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

async fn dynamic(client: &Client, id: &str, name: &str, input: &str) -> OrchestrationStatus {
    client.start_orchestration(id, name, input).await.unwrap();
    let patience = Duration::from_secs(30);
    client.wait_for_orchestration(id, patience).await.unwrap()
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
    let store = ModelProvider::new(Arc::new(TokioEnv::new()));
    let runtime = Runtime::builder().store(store).start().await.unwrap();
    let client = runtime.client();

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

    runtime.shutdown(None).await;
}
