//! Forgetting executions that are over.

use duroxide::{ClientError, InstanceFilter, PruneOptions};

use super::by_hand::{ByHand, everywhere, keep, now};

/// An instance in its execution with that number, which waits for its first turn.
async fn executions(hand: &ByHand, id: &str, count: u64) {
    hand.begin(id, |turn| keep(turn, "n", "7").continue_as_new("next"))
        .await;
    for _ in 2..count {
        hand.turn_of(id, |turn| turn.continue_as_new("next")).await;
    }
    hand.turn_of(id, |turn| turn.schedule("charge", "")).await;
}

fn keep_last(count: u32) -> PruneOptions {
    PruneOptions {
        keep_last: Some(count),
        completed_before: None,
    }
}

#[tokio::test]
async fn the_newest_executions_and_all_values_are_kept() {
    everywhere(async |hand| {
        let client = &hand.client;
        executions(hand, "a", 5).await;
        let pruned = client.prune_executions("a", keep_last(3)).await.unwrap();
        assert_eq!(
            (pruned.instances_processed, pruned.executions_deleted),
            (1, 2)
        );
        assert_eq!(client.list_executions("a").await.unwrap(), [3, 4, 5]);
        let long_ago = PruneOptions {
            completed_before: Some(1),
            keep_last: None,
        };
        let pruned = client.prune_executions("a", long_ago).await.unwrap();
        assert_eq!(pruned.executions_deleted, 0);
        for options in [keep_last(0), keep_last(1), PruneOptions::default()] {
            let pruned = client.prune_executions("a", options).await.unwrap();
            assert!(pruned.executions_deleted <= 2);
            assert_eq!(client.list_executions("a").await.unwrap(), [5]);
        }
        assert_eq!(
            client.get_kv_value("a", "n").await.unwrap().as_deref(),
            Some("7")
        );
        let error = client
            .prune_executions("ghost", keep_last(1))
            .await
            .unwrap_err();
        assert!(
            matches!(error, ClientError::InstanceNotFound { .. }),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_bulk_pruning_takes_running_instances_too() {
    everywhere(async |hand| {
        let client = &hand.client;
        executions(hand, "a", 3).await;
        executions(hand, "b", 3).await;
        hand.complete("c").await;
        let ended = InstanceFilter {
            completed_before: Some(now().as_millis() + 1_000),
            ..InstanceFilter::default()
        };
        let pruned = client
            .prune_executions_bulk(ended, keep_last(1))
            .await
            .unwrap();
        assert_eq!(
            (pruned.instances_processed, pruned.executions_deleted),
            (1, 0)
        );
        let all = InstanceFilter::default();
        let pruned = client
            .prune_executions_bulk(all, keep_last(2))
            .await
            .unwrap();
        assert_eq!(
            (pruned.instances_processed, pruned.executions_deleted),
            (3, 2)
        );
        let named = InstanceFilter {
            instance_ids: Some(vec!["a".to_owned()]),
            ..InstanceFilter::default()
        };
        let options = PruneOptions::default();
        let pruned = client.prune_executions_bulk(named, options).await.unwrap();
        assert_eq!(
            (pruned.instances_processed, pruned.executions_deleted),
            (1, 1)
        );
        assert_eq!(pruned.events_deleted, 2);
        assert_eq!(client.list_executions("b").await.unwrap(), [2, 3]);
    })
    .await;
}
