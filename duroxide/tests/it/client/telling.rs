//! Telling instances something.

use duroxide::ClientError;
use duroxide::history::Message;
use duroxide::provider::TurnItem;

use super::by_hand::{ByHand, everywhere, shared, stores};
use super::forgetful::Forgetful;

/// What came behind the start.
fn told(item: &TurnItem) -> Vec<Message> {
    let messages = item.messages.iter().skip(1);
    messages
        .map(|inbox| inbox.message.clone().unwrap())
        .collect()
}

#[tokio::test]
async fn every_message_arrives_as_it_was_meant_and_in_order() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.start("a").await;
        client.raise_event("a", "paid", "cash").await.unwrap();
        client
            .raise_event_typed("a", "paid", &"card")
            .await
            .unwrap();
        client.enqueue_event("a", "cart", "apples").await.unwrap();
        client
            .enqueue_event_typed("a", "cart", &(1, "x"))
            .await
            .unwrap();
        #[expect(deprecated, reason = "the old name is there too")]
        client
            .raise_event_persistent("a", "cart", "pears")
            .await
            .unwrap();
        client.cancel_instance("a", "too late").await.unwrap();
        client.terminate_instance("a", "at once").await.unwrap();
        let item = hand.turn_of("a", |turn| turn.complete("out")).await;
        let event = |data: &str| Message::ExternalEvent {
            name: "paid".to_owned(),
            data: data.to_owned(),
        };
        let queued = |data: &str| Message::QueueEvent {
            queue: "cart".to_owned(),
            data: data.to_owned(),
        };
        let ending = |reason: &str, terminate| Message::CancelRequested {
            reason: reason.to_owned(),
            terminate,
        };
        let expected = [
            event("cash"),
            event("card"),
            queued("apples"),
            queued("[1,\"x\"]"),
            queued("pears"),
            ending("too late", false),
            ending("at once", true),
        ];
        assert_eq!(told(&item), expected);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_without_an_error() {
    everywhere(async |hand| {
        let client = &hand.client;
        for error in [
            client.raise_event("ghost", "e", "").await,
            client.enqueue_event("ghost", "q", "").await,
            client.cancel_instance("ghost", "why").await,
            client.terminate_instance("ghost", "why").await,
        ] {
            let error = error.unwrap_err();
            assert!(
                matches!(&error, ClientError::InstanceNotFound { instance_id } if instance_id == "ghost"),
                "{error}"
            );
        }
        // And nobody is held up by it.
        hand.complete("a").await;
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_ignores_what_it_is_told() {
    everywhere(async |hand| {
        hand.complete("a").await;
        hand.client.cancel_instance("a", "too late").await.unwrap();
        let status = hand.client.get_orchestration_status("a").await.unwrap();
        assert!(matches!(
            status,
            duroxide::OrchestrationStatus::Completed { .. }
        ));
    })
    .await;
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_arrives_once() {
    for store in stores() {
        let hand = ByHand::new(store);
        hand.start("a").await;
        let store = shared(Forgetful::new(hand.store, 4));
        let hand = ByHand::new(store);
        hand.client
            .enqueue_event("a", "cart", "apples")
            .await
            .unwrap();
        hand.client.cancel_instance("a", "why").await.unwrap();
        let item = hand.turn_of("a", |turn| turn.complete("out")).await;
        assert_eq!(told(&item).len(), 2);
    }
}
