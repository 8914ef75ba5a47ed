//! Values of instances, read from outside.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use duroxide::env::{Env, TokioEnv};
use duroxide::time::Timestamp;
use duroxide::{Client, ClientError, join2};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::by_hand::{ByHand, PATIENCE, everywhere, keep, shared, stores};
use super::forgetful::Forgetful;

#[tokio::test]
async fn values_are_read_alone_and_together() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("a", |turn| keep(keep(turn, "n", "7"), "s", "\"x\""))
            .await;
        assert_eq!(
            client.get_kv_value("a", "n").await.unwrap().as_deref(),
            Some("7")
        );
        assert_eq!(client.get_kv_value_typed("a", "n").await.unwrap(), Some(7));
        let text: Option<String> = client.get_kv_value_typed("a", "s").await.unwrap();
        assert_eq!(text.as_deref(), Some("x"));
        assert_eq!(client.get_kv_value("a", "m").await.unwrap(), None);
        assert_eq!(client.get_kv_value("ghost", "n").await.unwrap(), None);
        let all = client.get_kv_all_values("a").await.unwrap();
        let expected = [("n", "7"), ("s", "\"x\"")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(all, HashMap::from(expected));
        assert!(client.get_kv_all_values("ghost").await.unwrap().is_empty());
        let unfit = client.get_kv_value_typed::<Vec<u8>>("a", "n").await;
        assert!(matches!(
            unfit.unwrap_err(),
            ClientError::InvalidInput { .. }
        ));
    })
    .await;
}

#[tokio::test]
async fn a_wait_for_a_value_begins_before_the_start() {
    everywhere(async |hand| {
        let client = &hand.client;
        let waiting = client.wait_for_kv_value_typed::<u8>("a", "n", PATIENCE);
        let working = hand.begin("a", |turn| keep(turn, "n", "7"));
        let (value, ()) = join2(waiting, working).await;
        assert_eq!(value.unwrap(), 7);
        let never = client
            .wait_for_kv_value("a", "m", Duration::from_millis(20))
            .await;
        assert!(matches!(never.unwrap_err(), ClientError::Timeout));
    })
    .await;
}

#[tokio::test]
async fn a_wait_for_a_value_wakes_on_the_change_and_asks_no_clock() {
    everywhere(async |hand| {
        let client = Client::with_env(hand.store.clone(), Arc::new(Sleepless(TokioEnv::new())));
        hand.begin("a", |turn| keep(turn, "other", "1")).await;
        let mut waiting = pin!(client.wait_for_kv_value("a", "n", PATIENCE));
        for key in ["another", "n"] {
            assert!(waiting.as_mut().now_or_never().is_none());
            hand.client.raise_event("a", "go", "").await.unwrap();
            hand.turn_of("a", |turn| keep(turn, key, "7")).await;
        }
        let value = tokio::time::timeout(PATIENCE, waiting).await;
        assert_eq!(value.unwrap().unwrap(), "7");
    })
    .await;
}

/// A world in which no pause ends.
#[derive(Debug)]
struct Sleepless(TokioEnv);

impl Env for Sleepless {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn unique_id(&self) -> u128 {
        self.0.unique_id()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }

    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        self.0.blocking(job);
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_wait_for_a_value_outlives_a_deletion() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("a", |turn| keep(keep(turn, "x", "1"), "y", "2"))
            .await;
        for step in ["1", "2", "3"] {
            client.raise_event("a", "go", "").await.unwrap();
            hand.turn_of("a", |turn| keep(turn, "x", step)).await;
        }
        let waiting = client.wait_for_kv_value("a", "n", PATIENCE);
        let working = async {
            client.delete_instance("a", true).await.unwrap();
            // Counts its changes from the beginning, so below what the wait has seen.
            hand.begin("a", |turn| keep(turn, "n", "new")).await;
        };
        let (value, ()) = join2(waiting, working).await;
        assert_eq!(value.unwrap(), "new");
    })
    .await;
}

#[tokio::test]
async fn the_size_of_an_instance_is_that_of_now() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("a", |turn| keep(turn, "n", "1234")).await;
        client.enqueue_event("a", "cart", "apples").await.unwrap();
        let stats = client.get_orchestration_stats("a").await.unwrap().unwrap();
        assert_eq!(stats.history_event_count, 2);
        assert_eq!(
            (stats.kv_user_key_count, stats.kv_total_value_bytes),
            (1, 4)
        );
        assert_eq!(stats.queue_pending_count, 1);
        assert!(stats.history_size_bytes > 0);
        assert_eq!(client.get_orchestration_stats("ghost").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_store_without_management_says_so_and_still_has_values() {
    for store in stores() {
        let hand = ByHand::new(store);
        hand.begin("a", |turn| keep(turn, "n", "7").complete("out"))
            .await;
        let hand = ByHand::new(shared(Forgetful::new(hand.store, 0)));
        let client = &hand.client;
        assert!(!client.has_management_capability());
        assert_eq!(client.get_kv_value_typed("a", "n").await.unwrap(), Some(7));
        assert!(
            client
                .get_orchestration_status("a")
                .await
                .unwrap()
                .is_terminal()
        );
        assert!(
            !client
                .read_execution_history("a", 1)
                .await
                .unwrap()
                .is_empty()
        );
        let filter = duroxide::InstanceFilter::default();
        let options = duroxide::PruneOptions::default();
        for error in [
            client.get_orchestration_stats("a").await.err(),
            client.list_all_instances().await.err(),
            client.list_instances_by_status("Running").await.err(),
            client.get_instance_info("a").await.err(),
            client.get_instance_tree("a").await.err(),
            client.get_execution_info("a", 1).await.err(),
            client.list_executions("a").await.err(),
            client.get_system_metrics().await.err(),
            client.get_queue_depths().await.err(),
            client.delete_instance("a", true).await.err(),
            client.delete_instance_bulk(filter.clone()).await.err(),
            client.prune_executions("a", options.clone()).await.err(),
            client.prune_executions_bulk(filter, options).await.err(),
        ] {
            assert!(matches!(
                error.unwrap(),
                ClientError::ManagementNotAvailable
            ));
        }
    }
}
