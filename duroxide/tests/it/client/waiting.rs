//! Waiting for ends and for statuses.

use std::time::Duration;

use duroxide::{ClientError, OrchestrationStatus, join2};

use super::by_hand::{ByHand, PATIENCE, everywhere, shared, show, stores};
use super::forgetful::Forgetful;

const UNUSED: Duration = Duration::from_secs(3600);
const AT_ONCE: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_wait_begins_before_the_start_and_wakes_at_the_end() {
    everywhere(async |hand| {
        let waiting = hand.client.wait_for_orchestration("a", PATIENCE);
        let working = async {
            hand.begin("a", |turn| turn.continue_as_new("again")).await;
            hand.turn_of("a", |turn| turn.complete("out")).await;
        };
        let (status, ()) = join2(waiting, working).await;
        let OrchestrationStatus::Completed { output, .. } = status.unwrap() else {
            panic!("it completed");
        };
        assert_eq!(output, "out");
    })
    .await;
}

#[tokio::test]
async fn a_wait_ends_with_its_time() {
    everywhere(async |hand| {
        let client = &hand.client;
        let missing = client.wait_for_orchestration("a", AT_ONCE).await;
        assert!(matches!(missing.unwrap_err(), ClientError::Timeout));
        hand.begin("a", |turn| turn.schedule("charge", "")).await;
        let running = client.wait_for_orchestration("a", AT_ONCE).await;
        assert!(running.unwrap_err().is_retryable());
        let status = client.wait_for_status_change("a", 0, UNUSED, AT_ONCE).await;
        assert!(matches!(status.unwrap_err(), ClientError::Timeout));
    })
    .await;
}

#[tokio::test]
async fn a_typed_wait_reads_the_output_or_tells_the_failure() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("json", |turn| turn.complete("[1,2]")).await;
        hand.begin("text", |turn| turn.complete("two words")).await;
        hand.begin("bad", |turn| turn.fail("no money")).await;
        let json = client
            .wait_for_orchestration_typed::<Vec<u8>>("json", PATIENCE)
            .await;
        assert_eq!(json.unwrap(), Ok(vec![1, 2]));
        let text = client
            .wait_for_orchestration_typed::<String>("text", PATIENCE)
            .await;
        assert_eq!(text.unwrap(), Ok("two words".to_owned()));
        let bad = client
            .wait_for_orchestration_typed::<String>("bad", PATIENCE)
            .await;
        assert_eq!(bad.unwrap(), Err("no money".to_owned()));
        let unfit = client
            .wait_for_orchestration_typed::<u8>("text", PATIENCE)
            .await;
        let error = unfit.unwrap_err();
        assert!(matches!(error, ClientError::InvalidInput { .. }), "{error}");
        assert!(error.to_string().contains("u8"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn every_change_of_the_status_wakes_and_so_does_the_end() {
    everywhere(async |hand| {
        let watching = async {
            let mut seen = Vec::new();
            let mut version = 0;
            loop {
                let status = hand
                    .client
                    .wait_for_status_change("a", version, UNUSED, PATIENCE)
                    .await
                    .unwrap();
                version = status.custom_status_version();
                seen.push((status.custom_status().map(str::to_owned), version));
                if status.is_terminal() {
                    return seen;
                }
            }
        };
        let working = async {
            hand.begin("a", |turn| show(turn, Some("packing"))).await;
            // A turn is one change, however often it shows something: so one at a time.
            for (event, status) in [("b", Some("sending")), ("c", None)] {
                hand.client.raise_event("a", event, "").await.unwrap();
                hand.turn_of("a", |turn| show(turn, status)).await;
            }
            hand.client.raise_event("a", "d", "").await.unwrap();
            hand.turn_of("a", |turn| turn.complete("out")).await;
        };
        let (seen, ()) = join2(watching, working).await;
        let last = seen.last().unwrap();
        assert_eq!(last, &(None, 3));
        assert!(
            seen.iter().is_sorted_by_key(|(_, version)| *version),
            "{seen:?}"
        );
        assert!(seen.len() <= 4, "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn a_status_is_there_in_every_state() {
    everywhere(async |hand| {
        hand.begin("a", |turn| show(turn, Some("packing"))).await;
        hand.begin("b", |turn| show(turn, Some("sent")).complete("out"))
            .await;
        hand.begin("c", |turn| show(turn, Some("lost")).fail("no"))
            .await;
        for (id, expected) in [("a", "packing"), ("b", "sent"), ("c", "lost")] {
            let status = hand.client.get_orchestration_status(id).await.unwrap();
            assert_eq!(status.custom_status(), Some(expected));
            assert_eq!(status.custom_status_version(), 1);
        }
        let missing = hand.client.get_orchestration_status("d").await.unwrap();
        assert_eq!(missing, OrchestrationStatus::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_is_away_for_a_moment_is_waited_for() {
    for store in stores() {
        let hand = ByHand::new(store);
        hand.begin("a", |turn| {
            super::by_hand::keep(turn, "k", "v").complete("out")
        })
        .await;
        let hand = ByHand::new(shared(Forgetful::new(hand.store, 5)));
        let status = hand.client.wait_for_orchestration("a", PATIENCE).await;
        assert!(status.unwrap().is_terminal());
        let hand = ByHand::new(shared(Forgetful::new(hand.store, 5)));
        let value = hand.client.wait_for_kv_value("a", "k", PATIENCE).await;
        assert_eq!(value.unwrap(), "v");
    }
}
