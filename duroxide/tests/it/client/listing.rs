//! Lists, infos, trees and sums.

use std::collections::BTreeSet;
use std::time::SystemTime;

use duroxide::{ClientError, EventKind, InstancePhase, InstanceSearch, SystemMetrics};

use super::by_hand::{ByHand, cancelled, child, everywhere, now, show};

/// One instance in each phase: their ids are the phases.
async fn one_of_each(hand: &ByHand) {
    hand.begin("running", |turn| turn.schedule("charge", ""))
        .await;
    hand.begin("completed", |turn| turn.complete("out")).await;
    hand.begin("failed", |turn| turn.fail("no money")).await;
    hand.begin("cancelled", |turn| cancelled(turn, "too late"))
        .await;
    hand.begin("pending-again", |turn| turn.continue_as_new("next"))
        .await;
    hand.start("pending").await;
}

async fn ids(hand: &ByHand, search: InstanceSearch) -> Vec<String> {
    let page = hand.client.list_instances(&search).await.unwrap();
    assert_eq!(page.next, None);
    page.instances
        .into_iter()
        .map(|info| info.instance_id)
        .collect()
}

#[tokio::test]
async fn instances_are_found_by_phase_status_name_and_prefix() {
    everywhere(async |hand| {
        one_of_each(hand).await;
        let client = &hand.client;
        let search = InstanceSearch::new;
        for (phase, expected) in [
            (
                InstancePhase::Pending,
                &["pending", "pending-again"] as &[&str],
            ),
            (InstancePhase::Running, &["running"]),
            (InstancePhase::Completed, &["completed"]),
            (InstancePhase::Failed, &["failed"]),
            (InstancePhase::Cancelled, &["cancelled"]),
        ] {
            assert_eq!(ids(hand, search().phase(phase)).await, expected, "{phase}");
        }
        for (status, expected) in [
            (
                "Running",
                &["pending", "pending-again", "running"] as &[&str],
            ),
            ("Completed", &["completed"]),
            ("Failed", &["cancelled", "failed"]),
            ("Cancelled", &["cancelled"]),
            ("ContinuedAsNew", &[]),
        ] {
            assert_eq!(
                client.list_instances_by_status(status).await.unwrap(),
                expected
            );
        }
        let unknown = client
            .list_instances_by_status("running")
            .await
            .unwrap_err();
        assert!(
            unknown.to_string().contains("no status `running`"),
            "{unknown}"
        );
        assert_eq!(client.list_all_instances().await.unwrap().len(), 6);
        assert_eq!(
            ids(hand, search().id_prefix("pend")).await,
            ["pending", "pending-again"]
        );
        assert_eq!(ids(hand, search().orchestration("none")).await, [""; 0]);
        let named = search()
            .orchestration("orders")
            .phase(InstancePhase::Failed);
        assert_eq!(ids(hand, named).await, ["failed"]);
        let long_ago = search().ended_before(SystemTime::UNIX_EPOCH);
        assert_eq!(ids(hand, long_ago).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn pages_cover_everything_once() {
    everywhere(async |hand| {
        for number in 0..23 {
            let id = format!("i{number:02}");
            if number % 2 == 0 {
                hand.complete(&id).await;
            } else {
                hand.begin(&id, |turn| turn.fail("odd")).await;
            }
        }
        for size in [1, 2, 6, 12, 23, 100] {
            for (phase, count) in [(InstancePhase::Completed, 12), (InstancePhase::Failed, 11)] {
                let mut search = InstanceSearch::new().phase(phase).page_size(size);
                let mut seen = BTreeSet::new();
                let mut pages = 0;
                loop {
                    let page = hand.client.list_instances(&search).await.unwrap();
                    pages += 1;
                    assert!(page.instances.len() <= size);
                    for info in page.instances {
                        assert_eq!(info.phase, phase);
                        assert!(seen.insert(info.instance_id), "twice");
                    }
                    let Some(next) = page.next else { break };
                    search = search.after(next);
                }
                assert_eq!(seen.len(), count);
                assert_eq!(pages, count.div_ceil(size));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_info_has_true_times_and_texts() {
    everywhere(async |hand| {
        let before = now();
        one_of_each(hand).await;
        let client = &hand.client;
        client
            .start_orchestration_versioned("shown", "orders", "2.1.0", "in")
            .await
            .unwrap();
        hand.show_all().await;
        for id in client.list_all_instances().await.unwrap() {
            let info = client.get_instance_info(&id).await.unwrap();
            assert!(before.as_millis() <= info.created_at, "{info:?}");
            assert!(info.created_at <= info.updated_at, "{info:?}");
            assert!(info.updated_at <= now().as_millis(), "{info:?}");
            let name = if id == "pending-again" {
                "successor"
            } else {
                "orders"
            };
            assert_eq!(info.orchestration_name, name);
        }
        let info = client.get_instance_info("cancelled").await.unwrap();
        assert_eq!(
            (info.status.as_str(), info.phase),
            ("Failed", InstancePhase::Cancelled)
        );
        assert_eq!(info.output.as_deref(), Some("canceled: too late"));
        let info = client.get_instance_info("failed").await.unwrap();
        assert_eq!(info.output.as_deref(), Some("no money"));
        let info = client.get_instance_info("pending-again").await.unwrap();
        assert_eq!(
            (info.status.as_str(), info.current_execution_id),
            ("Running", 2)
        );
        let info = client.get_instance_info("shown").await.unwrap();
        assert_eq!(info.orchestration_version, "2.1.0");
        assert_eq!(info.custom_status.as_deref(), Some("here"));
        let ghost = client.get_instance_info("ghost").await.unwrap_err();
        assert!(matches!(ghost, ClientError::InstanceNotFound { .. }));
    })
    .await;
}

impl ByHand {
    /// Lets all that is pending show a status.
    async fn show_all(&self) {
        use duroxide::provider::conformance::{ALL, LONG, Turn};
        let fetch = duroxide::provider::TurnFetch::new(ALL, LONG);
        let items = self.store.fetch_turns(fetch).await.unwrap();
        for item in items {
            let commit = show(Turn::of(&item), Some("here")).commit;
            self.store.commit_turn(&item.lock, commit).await.unwrap();
        }
    }
}

#[tokio::test]
async fn executions_are_listed_with_their_ends() {
    everywhere(async |hand| {
        let client = &hand.client;
        hand.begin("a", |turn| turn.continue_as_new("second")).await;
        hand.turn_of("a", |turn| turn.continue_as_new("third"))
            .await;
        assert_eq!(client.list_executions("a").await.unwrap(), [1, 2, 3]);
        let first = client.get_execution_info("a", 1).await.unwrap();
        assert_eq!(
            (first.status.as_str(), first.event_count),
            ("ContinuedAsNew", 2)
        );
        assert!(first.completed_at.is_some() && first.started_at > 0);
        let third = client.get_execution_info("a", 3).await.unwrap();
        assert_eq!((third.status.as_str(), third.event_count), ("Running", 0));
        assert!(third.started_at > 0, "when it was asked for");
        assert_eq!(third.completed_at, None);
        hand.turn_of("a", |turn| turn.fail("no")).await;
        let third = client.get_execution_info("a", 3).await.unwrap();
        assert_eq!(
            (third.status.as_str(), third.output.as_deref()),
            ("Failed", Some("no"))
        );
        let missing = client.get_execution_info("a", 4).await.unwrap_err();
        assert!(missing.to_string().contains("no execution 4"), "{missing}");
        assert!(matches!(
            client.get_execution_info("ghost", 1).await.unwrap_err(),
            ClientError::InstanceNotFound { .. }
        ));
        assert!(client.list_executions("ghost").await.unwrap().is_empty());

        let history = client.read_execution_history("a", 3).await.unwrap();
        assert!(matches!(
            &history[0].kind,
            EventKind::OrchestrationStarted { .. }
        ));
        assert_eq!(
            (history[0].event_id(), history[0].source_event_id()),
            (1, None)
        );
        assert!(history[1].is_terminal() && history[1].timestamp_ms() > 0);
        assert!(history[1].event_id == 2);
        assert!(
            client
                .read_execution_history("a", 9)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_tree_has_all_below_its_root() {
    everywhere(async |hand| {
        hand.begin("root", |turn| {
            child(child(turn, "root", "one"), "root", "two")
        })
        .await;
        hand.turn_of("one", |turn| child(turn, "one", "deep")).await;
        let client = &hand.client;
        let tree = client.get_instance_tree("root").await.unwrap();
        assert_eq!(tree.root_id, "root");
        assert_eq!(tree.all_ids, ["root", "one", "two", "deep"]);
        assert_eq!((tree.size(), tree.is_root_only()), (4, false));
        assert!(
            client
                .get_instance_tree("two")
                .await
                .unwrap()
                .is_root_only()
        );
        let info = client.get_instance_info("deep").await.unwrap();
        assert_eq!(info.parent_instance_id.as_deref(), Some("one"));
        assert_eq!(
            ids(hand, InstanceSearch::new().roots_only()).await,
            ["root"]
        );
        assert!(client.get_instance_tree("ghost").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn sums_are_those_of_now() {
    everywhere(async |hand| {
        one_of_each(hand).await;
        let expected = SystemMetrics {
            total_instances: 6,
            total_executions: 7,
            running_instances: 3,
            completed_instances: 1,
            failed_instances: 2,
            total_events: 10,
        };
        assert_eq!(hand.client.get_system_metrics().await.unwrap(), expected);
        let depths = hand.client.get_queue_depths().await.unwrap();
        assert_eq!(
            (
                depths.orchestrator_queue,
                depths.worker_queue,
                depths.timer_queue
            ),
            (2, 1, 0)
        );
    })
    .await;
}
