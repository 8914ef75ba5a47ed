//! Deleting instances.

use duroxide::{ClientError, InstanceFilter, OrchestrationStatus};

use super::by_hand::{child, everywhere, now};

#[tokio::test]
async fn what_runs_is_deleted_by_force_only() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("a", |turn| turn.schedule("charge", "")).await;
        // Between two executions it runs as well.
        hand.begin("b", |turn| turn.continue_as_new("next")).await;
        for id in ["a", "b"] {
            let error = client.delete_instance(id, false).await.unwrap_err();
            assert!(
                matches!(&error, ClientError::InstanceStillRunning { instance_id } if instance_id == id),
                "{error}"
            );
        }
        let bulk = client.delete_instance_bulk(InstanceFilter::default()).await.unwrap();
        assert_eq!(bulk.instances_deleted, 0);
        let deleted = client.delete_instance("a", true).await.unwrap();
        assert_eq!((deleted.instances_deleted, deleted.executions_deleted), (1, 1));
        assert_eq!((deleted.events_deleted, deleted.queue_messages_deleted), (2, 1));
        let status = client.get_orchestration_status("a").await.unwrap();
        assert_eq!(status, OrchestrationStatus::NotFound);
        // The id is free.
        let deleted = client.delete_instance("b", true).await.unwrap();
        assert_eq!(deleted.executions_deleted, 2);
        hand.complete("a").await;
    })
    .await;
}

#[tokio::test]
async fn a_tree_goes_as_one_and_no_child_alone() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("root", |turn| child(turn, "root", "kid").complete("out")).await;
        let error = client.delete_instance("kid", true).await.unwrap_err();
        assert!(matches!(error, ClientError::CannotDeleteSubOrchestration { .. }), "{error}");
        // The root has ended, and what it started runs.
        let error = client.delete_instance("root", false).await.unwrap_err();
        assert!(
            matches!(&error, ClientError::InstanceStillRunning { instance_id } if instance_id == "kid"),
            "{error}"
        );
        hand.turn_of("kid", |turn| turn.complete("out")).await;
        let deleted = client.delete_instance("root", false).await.unwrap();
        assert_eq!(deleted.instances_deleted, 2);
        assert!(client.list_all_instances().await.unwrap().is_empty());
        let error = client.delete_instance("root", false).await.unwrap_err();
        assert!(matches!(error, ClientError::InstanceNotFound { .. }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_bulk_deletion_takes_what_its_filter_says() {
    everywhere(async |hand| {
        let client = &hand.client;
        for id in ["a", "b", "c", "d"] {
            hand.complete(id).await;
        }
        hand.begin("root", |turn| child(turn, "root", "kid").complete("out"))
            .await;
        let named = |ids: &[&str]| InstanceFilter {
            instance_ids: Some(ids.iter().map(|&id| id.to_owned()).collect()),
            ..InstanceFilter::default()
        };
        // Nothing, what is missing, what is a child, and what has a running child: all passed over.
        for ids in [&[] as &[&str], &["ghost"], &["kid"], &["root"]] {
            let deleted = client.delete_instance_bulk(named(ids)).await.unwrap();
            assert_eq!(deleted.instances_deleted, 0, "{ids:?}");
        }
        let deleted = client
            .delete_instance_bulk(named(&["a", "a", "ghost"]))
            .await
            .unwrap();
        assert_eq!(deleted.instances_deleted, 1);
        let long_ago = InstanceFilter {
            completed_before: Some(1),
            ..InstanceFilter::default()
        };
        let deleted = client.delete_instance_bulk(long_ago).await.unwrap();
        assert_eq!(deleted.instances_deleted, 0);
        let one = InstanceFilter {
            completed_before: Some(now().as_millis() + 1_000),
            limit: Some(1),
            ..InstanceFilter::default()
        };
        let deleted = client.delete_instance_bulk(one).await.unwrap();
        assert_eq!(deleted.instances_deleted, 1);
        hand.turn_of("kid", |turn| turn.complete("out")).await;
        let deleted = client
            .delete_instance_bulk(InstanceFilter::default())
            .await
            .unwrap();
        assert_eq!(deleted.instances_deleted, 4);
        assert!(client.list_all_instances().await.unwrap().is_empty());
        let error = client
            .delete_instance_bulk(named(&["a b"]))
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::InvalidInput { .. }), "{error}");
    })
    .await;
}
