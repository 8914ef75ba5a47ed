//! Typed starts and handles.

use std::time::Duration;

use duroxide::history::Message;
use duroxide::{
    ClientError, InstancePhase, OrchestrationContext, OrchestrationError, orchestration,
};

use super::by_hand::{ByHand, PATIENCE, cancelled, everywhere, keep, shared, show, stores};
use super::forgetful::Forgetful;

#[orchestration(name = "client.pack")]
async fn pack(_ctx: &OrchestrationContext, items: Vec<String>) -> Result<usize, String> {
    Ok(items.len())
}

#[tokio::test]
async fn a_handle_shows_what_its_instance_shows_and_keeps() {
    everywhere(async |hand| {
        let items = vec!["apple".to_owned()];
        let handle = pack::start(&hand.client, items).id("a").await.unwrap();
        assert!(handle.created());
        assert_eq!(handle.info().await.unwrap().phase, InstancePhase::Pending);
        assert_eq!(handle.custom_status().await.unwrap(), None);
        hand.turn_of("a", |turn| keep(show(turn, Some("packing")), "n", "1"))
            .await;
        let status = handle.wait_for_status_change(0, PATIENCE).await.unwrap();
        assert_eq!(status.custom_status(), Some("packing"));
        assert_eq!(
            handle.custom_status().await.unwrap().as_deref(),
            Some("packing")
        );
        assert_eq!(handle.kv_value::<u8>("n").await.unwrap(), Some(1));
        assert_eq!(
            handle.wait_for_kv_value::<u8>("n", PATIENCE).await.unwrap(),
            1
        );
        let late = handle
            .wait_for_status_change(1, Duration::from_millis(20))
            .await;
        assert!(matches!(late.unwrap_err(), ClientError::Timeout));
    })
    .await;
}

#[tokio::test]
async fn a_handle_cancels_and_terminates() {
    everywhere(async |hand| {
        let handle = pack::start(&hand.client, Vec::new()).id("a").await.unwrap();
        handle.cancel("too late").await.unwrap();
        handle.terminate("at once").await.unwrap();
        let item = hand.turn_of("a", |turn| cancelled(turn, "too late")).await;
        let asked = |place: usize| match &item.messages[place].message {
            Ok(Message::CancelRequested { terminate, .. }) => *terminate,
            other => panic!("unexpected: {other:?}"),
        };
        assert_eq!((asked(1), asked(2)), (false, true));
        match handle.result().await.unwrap_err() {
            OrchestrationError::Cancelled { reason } => assert_eq!(reason, "too late"),
            other => panic!("unexpected: {other:?}"),
        }
        assert_eq!(handle.info().await.unwrap().phase, InstancePhase::Cancelled);
    })
    .await;
}

#[tokio::test]
async fn a_handle_on_nothing_says_so() {
    everywhere(async |hand| {
        let handle = pack::handle(&hand.client, "ghost");
        for error in [
            handle.custom_status().await.unwrap_err(),
            handle.info().await.unwrap_err(),
            handle.cancel("why").await.unwrap_err(),
            handle.terminate("why").await.unwrap_err(),
        ] {
            assert!(
                matches!(error, ClientError::InstanceNotFound { .. }),
                "{error}"
            );
        }
        assert!(matches!(
            handle.result().await.unwrap_err(),
            OrchestrationError::Client(ClientError::InstanceNotFound { .. })
        ));
    })
    .await;
}

/// From the first look on: how long it takes to come to an end does not matter.
#[tokio::test]
async fn the_result_of_an_instance_is_waited_for_while_the_store_is_away() {
    for store in stores() {
        let hand = ByHand::new(store);
        hand.begin("a", |turn| turn.complete("2")).await;
        let hand = ByHand::new(shared(Forgetful::new(hand.store, 8)));
        let handle = pack::handle(&hand.client, "a");
        assert_eq!(handle.result().await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_typed_start_fail() {
    for store in stores() {
        let hand = ByHand::new(shared(Forgetful::new(store, 3)));
        let handle = pack::start(&hand.client, Vec::new()).id("a").await.unwrap();
        assert!(handle.created());
        let again = pack::start(&hand.client, Vec::new())
            .id("a")
            .await
            .unwrap_err();
        assert!(matches!(again, ClientError::AlreadyExists { .. }));
        let found = pack::start(&hand.client, Vec::new())
            .id("a")
            .if_absent()
            .await
            .unwrap();
        assert!(!found.created());
        let error = pack::start(&hand.client, Vec::new())
            .id("x::sub::1")
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::InvalidInput { .. }));
    }
}
