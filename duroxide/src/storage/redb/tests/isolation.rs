//! Activities that were out in one crash after the other: one of them may be the cause.

use std::sync::Arc;

use ::redb::backends::InMemoryBackend;

use super::reopening::{copy_of, over};
use super::{LEASE, id, is_quiet, schedule, soon, start, turn};
use crate::provider::{ActivityFetch, ActivityItem, Provider as _, TagFilter};
use crate::storage::redb::RedbProvider;

const ALL: usize = 100;

async fn all(store: &RedbProvider) -> Vec<ActivityItem> {
    soon(store.fetch_activities(ActivityFetch::new(ALL, LEASE)))
        .await
        .unwrap()
}

/// A store with one activity in each of these instances, after so many lives that died with all
/// of them out.
async fn after_crashes(instances: &[&str], lives: usize) -> RedbProvider {
    let mut memory = Arc::new(InMemoryBackend::new());
    let mut store = over(&memory);
    for (turn_id, instance) in (1..).zip(instances) {
        start(&store, instance).await;
        let item = turn(&store).await;
        schedule(&store, &item, turn_id, &["x"]).await;
    }
    for _ in 0..lives {
        let out = all(&store).await;
        assert_eq!(out.len(), instances.len());
        memory = copy_of(&memory);
        store = over(&memory);
    }
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_three_crashes_they_start_one_at_a_time() {
    let store = after_crashes(&["a", "b", "c"], 3).await;
    for expected in ["a", "b", "c"] {
        let out = all(&store).await;
        let [alone] = &out[..] else {
            panic!("{out:?}");
        };
        assert_eq!((&alone.instance, alone.attempt), (&id(expected), 3));
        assert!(is_quiet(&store).await, "the next one waits");
        let done = store.complete_activity(&alone.lock, Ok(String::new()));
        done.await.unwrap();
        // Its completion is for the orchestration.
        turn(&store).await;
    }
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cause_of_the_crashes_takes_nobody_with_it() {
    let mut memory = Arc::new(InMemoryBackend::new());
    let mut store = over(&memory);
    for (turn_id, instance) in [(1, "bad"), (2, "good"), (3, "fine")] {
        start(&store, instance).await;
        let item = turn(&store).await;
        schedule(&store, &item, turn_id, &["x"]).await;
    }
    let mut worst = [0, 0];
    let mut lives = 0;
    // Whatever is out dies with the bad one; what is out alone gets done.
    while worst[0] <= 10 {
        let out = all(&store).await;
        for item in &out {
            let index = usize::from(item.instance != id("bad"));
            worst[index] = worst[index].max(item.attempt);
        }
        if out.iter().all(|item| item.instance != id("bad")) {
            for item in out {
                let done = store.complete_activity(&item.lock, Ok(String::new()));
                done.await.unwrap();
            }
            continue;
        }
        lives += 1;
        memory = copy_of(&memory);
        store = over(&memory);
    }
    assert!(worst[1] <= 3, "{worst:?} in {lives} lives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_back_lets_the_next_one_start() {
    let store = after_crashes(&["a", "b"], 3).await;
    let first = all(&store).await.remove(0);
    let back = store.abandon_activity(&first.lock, LEASE, true);
    back.await.unwrap();
    let second = all(&store).await.remove(0);
    assert_eq!(second.instance, id("b"));
}

/// Also if somebody else is the one who keeps watch, and does not want it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_one_wakes_whoever_wants_it() {
    let store = after_crashes(&["a", "b"], 3).await;
    let first = all(&store).await.remove(0);
    let gpu = ActivityFetch::new(1, LEASE).tags(TagFilter::tags(["gpu"]));
    let mut gpu = store.fetch_activities(gpu);
    assert!(futures::poll!(&mut gpu).is_pending());
    let mut next = store.fetch_activities(ActivityFetch::new(1, LEASE));
    assert!(futures::poll!(&mut next).is_pending());
    let done = store.complete_activity(&first.lock, Ok(String::new()));
    done.await.unwrap();
    let second = soon(next).await.unwrap().remove(0);
    assert_eq!(second.instance, id("b"));
}
