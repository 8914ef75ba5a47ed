//! Starting instances: what is refused, and what becomes of lost answers.

use duroxide::ClientError;

use super::by_hand::{ByHand, everywhere, shared, stores};
use super::forgetful::Forgetful;

#[tokio::test]
async fn ids_of_sub_orchestrations_are_refused() {
    everywhere(async |hand| {
        for id in ["sub::2", "order::sub::2", "a::sub::b::sub::c"] {
            let error = hand.client.start_orchestration(id, "orders", "in").await;
            let error = error.unwrap_err();
            assert!(matches!(error, ClientError::InvalidInput { .. }), "{error}");
            assert!(error.to_string().contains("sub::"), "{error}");
        }
        for id in ["sub:2", "subs::2", "a-sub::2"] {
            hand.start(id).await;
        }
        assert_eq!(hand.client.list_all_instances().await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_value_travels_as_json_and_a_string_as_it_is() {
    everywhere(async |hand| {
        let client = &hand.client;
        client
            .start_orchestration_typed("a", "orders", vec![1, 2])
            .await
            .unwrap();
        let item = hand.turn_of("a", |turn| turn.complete("7")).await;
        assert_eq!(input_of(&item), "[1,2]");
        client
            .start_orchestration_versioned_typed("b", "orders", "2.0.0", "x y")
            .await
            .unwrap();
        let item = hand.turn_of("b", |turn| turn.complete("seven")).await;
        assert_eq!(
            (input_of(&item).as_str(), item.version.as_deref()),
            ("x y", Some("2.0.0"))
        );

        let impossible = std::collections::BTreeMap::from([((1, 2), 3)]);
        let error = client
            .start_orchestration_typed("c", "orders", impossible)
            .await;
        assert!(matches!(
            error.unwrap_err(),
            ClientError::InvalidInput { .. }
        ));
    })
    .await;
}

fn input_of(item: &duroxide::provider::TurnItem) -> String {
    match &item.messages[0].message {
        Ok(duroxide::history::Message::Start(start)) => start.input.clone(),
        other => panic!("unexpected: {other:?}"),
    }
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_made_again_and_once() {
    for store in stores() {
        let hand = ByHand::new(shared(Forgetful::new(store, 3)));
        hand.start("a").await;
        hand.complete_only("a").await;
        // The same again is fine, another one is not.
        hand.start("a").await;
        let other = hand
            .client
            .start_orchestration("a", "orders", "other")
            .await;
        assert!(matches!(
            other.unwrap_err(),
            ClientError::AlreadyExists { .. }
        ));
    }
}

#[tokio::test]
async fn a_store_that_never_answers_is_an_error() {
    for store in stores() {
        let hand = ByHand::new(shared(Forgetful::new(store, u32::MAX)));
        let error = hand.client.start_orchestration("a", "orders", "in").await;
        let error = error.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert!(matches!(error, ClientError::Provider(_)), "{error}");
    }
}

impl ByHand {
    async fn complete_only(&self, id: &str) {
        let item = self.turn_of(id, |turn| turn.complete("out")).await;
        assert_eq!(item.messages.len(), 1);
    }
}
