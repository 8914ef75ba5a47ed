//! Texts that users choose: any of them, at any place, comes back as it was.

use crate::history::{EventKind, InstanceId, Message};
use crate::provider::InstanceState;

use super::ProviderFactory;
use super::assertions::messages;
use super::driver::Driver;
use super::turn::{failure, first_start};

/// A payload of one mebibyte passes through every place where there is one.
pub async fn a_large_payload_comes_back(factory: &dyn ProviderFactory) {
    let text: String = ('a'..='z').cycle().take(1 << 20).collect();
    round_trip(factory, &text).await;
}

/// An empty payload is a payload.
pub async fn an_empty_payload_comes_back(factory: &dyn ProviderFactory) {
    round_trip(factory, "").await;
}

/// No character is special.
pub async fn any_character_comes_back(factory: &dyn ProviderFactory) {
    round_trip(
        factory,
        "\0 NUL \u{1} \r\n\t \"'\\ % ; -- ü 漢字 🦀 \u{feff} \u{10ffff} \0",
    )
    .await;
}

async fn round_trip(factory: &dyn ProviderFactory, text: &str) {
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    driver
        .store
        .start(&id, first_start("orders", text))
        .await
        .unwrap();
    let item = driver
        .turn(|turn| turn.schedule("x", text).schedule("y", text))
        .await;
    assert!(matches!(&messages(&item)[0], Message::Start(start) if start.input == text));
    let activity = driver.activity().await;
    assert_eq!(activity.request.as_ref().unwrap().input, text);
    driver.complete(&activity, text).await;
    let item = driver.turn(|turn| turn).await;
    assert!(
        matches!(&messages(&item)[0], Message::ActivityCompleted { result, .. } if result == text)
    );
    let activity = driver.activity().await;
    let failed = driver
        .store
        .complete_activity(&activity.lock, Err(failure(text)));
    failed.await.unwrap();

    let driver = driver.reopen().await;
    let item = driver.turn(|turn| turn.complete(text)).await;
    let expected = failure(text);
    assert!(
        matches!(&messages(&item)[0], Message::ActivityFailed { details, .. } if *details == expected)
    );
    let driver = driver.reopen().await;
    let output = text.to_owned();
    assert_eq!(
        driver.status(&id).await.state,
        InstanceState::Completed { output }
    );
    let texts = driver
        .history(&id)
        .await
        .into_iter()
        .map(|event| match event.kind {
            EventKind::OrchestrationStarted { input, .. }
            | EventKind::ActivityScheduled { input, .. } => input,
            EventKind::ActivityCompleted { result } => result,
            EventKind::ActivityFailed { details } => details.display_message(),
            EventKind::OrchestrationCompleted { output } => output,
            other => panic!("nobody wrote {other:?}"),
        });
    assert!(texts.into_iter().all(|found| found == text));
}
