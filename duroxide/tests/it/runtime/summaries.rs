//! What calls say to people: in the log, once, and nowhere in the history.

use duroxide::prelude::*;

use super::log::log;
use super::world::{live_on_and_off, stores};

#[activity]
async fn greet_guest(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(format!("hello {name}"))
}

#[orchestration]
async fn greet_as_child(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    Ok(greet_guest(ctx, name).await?)
}

#[orchestration]
async fn greet_twice(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
    let call = greet_guest(ctx, name.clone()).attempts(2);
    let one = call.summary(format!("by hand: {name}")).await?;
    let call = greet_as_child(ctx, name.clone());
    let two = call.summary(format!("by a child: {name}")).await?;
    Ok(format!("{one}, {two}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_is_logged_once_and_not_recorded() {
    let log = log();
    for (run, options) in live_on_and_off().into_iter().enumerate() {
        for (store_index, store) in stores().into_iter().enumerate() {
            let builder = Runtime::builder().store(store).options(options.clone());
            let runtime = builder.start().await.unwrap();
            let client = runtime.client();
            let name = format!("guest-{run}-{store_index}");
            let id = format!("summary-{run}-{store_index}");
            let handle = greet_twice::start(&client, name.clone()).id(id.as_str());
            let greeted = handle.await.unwrap().result().await.unwrap();
            assert_eq!(greeted, format!("hello {name}, hello {name}"));
            let said = log.lines("duroxide::orchestration", |line| {
                line.message.contains(&name)
            });
            let said: Vec<_> = said.iter().map(|line| line.message.as_str()).collect();
            let expected = [
                format!("activity `greet_guest`: by hand: {name}"),
                format!("orchestration `greet_as_child`: by a child: {name}"),
            ];
            assert_eq!(said, expected);
            let history = client.read_execution_history(id.as_str(), 1).await.unwrap();
            let history = serde_json::to_string(&history).unwrap();
            assert!(!history.contains("by hand") && !history.contains("by a child"));
            runtime.shutdown(None).await;
        }
    }
}
