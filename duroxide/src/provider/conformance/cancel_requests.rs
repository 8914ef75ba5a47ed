//! Requests to end, from outside: they are kept and delivered like events.

use std::pin::pin;

use futures_util::FutureExt as _;

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, Message, Parent};
use crate::provider::{Enqueued, ProviderError, TurnFetch};

use super::asking::cancel;
use super::assertions::{messages, only};
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

fn event() -> Message {
    Message::ExternalEvent {
        name: "e".to_owned(),
        data: String::new(),
    }
}

/// Reason and urgency arrive as they were sent.
pub async fn a_request_arrives_as_it_was_sent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    for (number, terminate) in [(1, false), (2, true)] {
        let request = Message::CancelRequested {
            reason: "why \u{1f980} not".to_owned(),
            terminate,
        };
        let sent = driver.store.enqueue(&id, number, request.clone()).await;
        assert_eq!(sent.unwrap(), Enqueued::Accepted);
        assert_eq!(messages(&driver.turn(|turn| turn).await), [request]);
    }
    let kinds = driver.kinds(&id).await;
    assert!(matches!(
        kinds[..],
        [
            EventKind::OrchestrationCancelRequested {
                terminate: false,
                ..
            },
            EventKind::OrchestrationCancelRequested {
                terminate: true,
                ..
            }
        ]
    ));
}

/// A request for nobody is refused, and holds nobody up.
pub async fn a_request_for_an_unknown_instance_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let ghost = InstanceId::new("ghost").unwrap();
    let refused = driver.store.enqueue(&ghost, 1, cancel("x")).await;
    assert!(
        matches!(refused, Err(ProviderError::InstanceNotFound)),
        "{refused:?}"
    );
    driver.begin("a", |turn| turn.complete("")).await;
    let ghost = driver.start("ghost").await;
    assert_eq!(driver.fetch_turn_of(&ghost).await.messages.len(), 1);
}

/// A request before the first turn is kept, and follows the start.
pub async fn a_request_before_the_first_turn_is_kept(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    driver.store.enqueue(&id, 1, cancel("x")).await.unwrap();
    let received = messages(&driver.fetch().await);
    assert!(matches!(received[0], Message::Start(_)));
    assert_eq!(received[1..], [cancel("x")]);
}

/// It keeps its place among events.
pub async fn a_request_keeps_its_place(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let sent = [event(), cancel("x"), event()];
    for (number, message) in (1..).zip(sent.clone()) {
        driver.store.enqueue(&id, number, message).await.unwrap();
    }
    assert_eq!(messages(&driver.fetch().await), sent);
}

/// Sent again under the same id it is one message.
pub async fn a_request_sent_again_is_one_message(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    for expected in [Enqueued::Accepted, Enqueued::Duplicate] {
        let sent = driver.store.enqueue(&id, 7, cancel("x")).await;
        assert_eq!(sent.unwrap(), expected);
    }
    assert_eq!(messages(&driver.fetch().await), [cancel("x")]);
}

/// After the end it is handed out as such, and changes nothing.
pub async fn a_request_after_the_end_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.ended("a").await;
    let before = driver.status(&id).await;
    driver.store.enqueue(&id, 1, cancel("x")).await.unwrap();
    let item = driver.turn(|turn| turn).await;
    assert!(item.ended);
    assert_eq!(driver.status(&id).await, before);
    driver.expect_no_turn().await;
}

/// It follows an instance to its next execution.
pub async fn a_request_follows_the_next_start(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    driver.store.enqueue(&id, 1, event()).await.unwrap();
    driver.store.enqueue(&id, 2, cancel("x")).await.unwrap();
    let item = driver.fetch().await;
    let first = item.messages[0].id;
    let turn = Turn::consuming(&item, |message| message == first).continue_as_new("");
    driver.commit(&item, turn).await;
    let received = messages(&driver.fetch().await);
    assert!(matches!(received[0], Message::Start(_)));
    assert_eq!(received[1..], [cancel("x")]);
}

/// It survives a crash.
pub async fn a_request_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    driver.store.enqueue(&id, 1, cancel("x")).await.unwrap();
    let driver = driver.reopen().await;
    assert_eq!(messages(&driver.fetch().await), [cancel("x")]);
}

/// It wakes a parked fetch.
pub async fn a_request_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.store.enqueue(&id, 1, cancel("x")).await.unwrap();
    let woken = only(driver.patiently(parked).await.unwrap());
    assert_eq!(messages(&woken), [cancel("x")]);
}

/// A parent tells its child to end, and may end before that. The child hears which call it was.
pub async fn a_parent_cancels_its_child(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let parent = driver.begin("a", |turn| turn.child("b")).await;
    driver.turn(|turn| turn).await;
    driver.store.enqueue(&parent, 1, cancel("x")).await.unwrap();
    driver
        .turn(|turn| turn.cancel_child(EventId(2), "b").fail("cancelled"))
        .await;
    let driver = driver.reopen().await;
    let item = driver.turn(|turn| turn.fail("cancelled")).await;
    let reason = "parent".to_owned();
    let call = Parent {
        instance: parent.clone(),
        execution_id: ExecutionId::FIRST,
        source: EventId(2),
    };
    let told = Message::CancelChild {
        parent: call,
        reason,
    };
    assert_eq!(messages(&item), [told]);
    let told = driver.turn(|turn| turn).await;
    assert!(told.ended && told.lock.instance == parent, "{told:?}");
    driver.expect_no_turn().await;
}
