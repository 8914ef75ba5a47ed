//! Activities of sessions that are put off, released or cancelled, and who hears of it.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::routing::{all_parked, as_owner, call, get, inputs, parked, schedule_all};
use super::world::World;
use super::{LEASE, commit_of, id, soon, turn};
use crate::provider::{ActivityFetch, ActivityItem, Provider as _, TagFilter};
use crate::storage::redb::RedbProvider;

/// Of the owner `w`, one of a session at a time.
fn in_order(tags: TagFilter) -> ActivityFetch {
    ActivityFetch::new(9, LEASE)
        .tags(tags)
        .sessions(as_owner("w", 9, true))
}

/// Two activities of one session, the first for tag `a` and the second for `b`; the first was taken.
async fn first_of_two() -> (RedbProvider, Vec<ActivityItem>) {
    let store = RedbProvider::in_memory().unwrap();
    let calls = vec![
        call(Some("s"), Some("a"), "1"),
        call(Some("s"), Some("b"), "2"),
    ];
    schedule_all(&store, "i", calls).await;
    let first = get(&store, in_order(TagFilter::tags(["a"]))).await;
    assert_eq!(inputs(&first), ["1"]);
    (store, first)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_off_does_not_run_and_holds_up_only_those_who_take_it() {
    let (store, first) = first_of_two().await;
    let back = store.abandon_activity(&first[0].lock, LEASE, false);
    back.await.unwrap();
    let second = get(&store, in_order(TagFilter::tags(["b"]))).await;
    assert_eq!(inputs(&second), ["2"]);
}

/// Its lease has run out, so that others could take it; whoever had it puts it off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_that_is_put_off_late_is_put_off_all_the_same() {
    for session in [None, Some("s")] {
        let world = World::new();
        let store = world.store();
        schedule_all(&store, "i", vec![call(session, None, "1")]).await;
        let second = Duration::from_secs(1);
        let fetch = ActivityFetch::new(1, second).sessions(as_owner("w", 9, false));
        let first = get(&store, fetch.clone()).await;
        world.pass(second * 2);
        // Somebody looks, and wants something else.
        let gpu = ActivityFetch::new(1, LEASE).tags(TagFilter::tags(["gpu"]));
        let mut gpu = store.fetch_activities(gpu);
        assert!(futures::poll!(&mut gpu).is_pending());
        let back = store.abandon_activity(&first[0].lock, LEASE, false);
        back.await.unwrap();
        let mut next = store.fetch_activities(fetch.clone());
        assert!(futures::poll!(&mut next).is_pending(), "{session:?}");
        drop(next);
        world.pass(LEASE);
        assert_eq!(inputs(&get(&store, fetch).await), ["1"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_at_its_limit_takes_another_session_when_its_own_are_released() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = vec![call(Some("s"), None, "1"), call(Some("t"), None, "2")];
    schedule_all(&store, "a", calls).await;
    let fetch = ActivityFetch::new(9, LEASE).sessions(as_owner("w", 1, false));
    assert_eq!(inputs(&get(&store, fetch.clone()).await), ["1"]);
    let next = parked(&store, fetch);
    all_parked(&store, 1).await;
    let released = store.release_sessions(&["w".to_owned()]).await.unwrap();
    assert_eq!(released, 1);
    assert_eq!(soon(next).await.unwrap(), ["2"]);
}

/// What one may not take, as something else of its filter comes first, is for another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_off_wakes_whoever_may_take_the_next() {
    let (store, first) = first_of_two().await;
    // The first of them keeps watch, and two have to wait for what is put off.
    let filters = [
        TagFilter::tags(["gpu"]),
        TagFilter::tags(["a", "b"]),
        TagFilter::Any,
        TagFilter::tags(["b"]),
    ];
    let mut waiting = Vec::new();
    for (tags, others) in filters.into_iter().zip(1..) {
        waiting.push(parked(&store, in_order(tags)));
        all_parked(&store, others).await;
    }
    let back = store.abandon_activity(&first[0].lock, LEASE, false);
    back.await.unwrap();
    let next = waiting.pop().unwrap();
    assert_eq!(soon(next).await.unwrap(), ["2"]);
    for other in waiting {
        other.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_what_was_put_off_goes_on_when_it_is_cancelled() {
    let (store, first) = first_of_two().await;
    let back = store.abandon_activity(&first[0].lock, LEASE, false);
    back.await.unwrap();
    let both = parked(&store, in_order(TagFilter::tags(["a", "b"])));
    all_parked(&store, 1).await;
    let raised = super::poke();
    store.enqueue(&id("i"), 7, raised).await.unwrap();
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 2);
    commit.cancelled_activities = vec![first[0].source];
    store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(soon(both).await.unwrap(), ["2"]);
}

/// Of one owner, one activity at a time.
fn one_for(owner: &str, max_sessions: usize, one_at_a_time: bool) -> ActivityFetch {
    let sessions = as_owner(owner, max_sessions, one_at_a_time);
    ActivityFetch::new(1, LEASE).sessions(sessions)
}

/// Parks these, one behind the other. Somebody who wants nothing of all this keeps watch.
async fn all_waiting(
    store: &RedbProvider,
    fetches: Vec<ActivityFetch>,
) -> Vec<JoinHandle<Vec<String>>> {
    let watch = ActivityFetch::new(1, LEASE).tags(TagFilter::tags(["gpu"]));
    let mut waiting = Vec::new();
    for (fetch, tickets) in [watch].into_iter().chain(fetches).zip(1..) {
        waiting.push(parked(store, fetch));
        all_parked(store, tickets).await;
    }
    waiting
}

/// Not those who own as many as they may, and not those who wait for what runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_released_wakes_whoever_may_claim_it() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = [("t", "1"), ("u", "2"), ("s", "3"), ("s", "4")];
    let calls = calls.map(|(session, input)| call(Some(session), None, input));
    schedule_all(&store, "i", calls.to_vec()).await;
    for (owner, input) in [("a", "1"), ("b", "2"), ("w", "3")] {
        let taken = get(&store, one_for(owner, 1, false)).await;
        assert_eq!(inputs(&taken), [input]);
    }
    let fetches = vec![
        one_for("a", 1, false),
        one_for("b", 1, false),
        one_for("c", 9, true),
        one_for("d", 9, true),
        one_for("v", 9, false),
    ];
    let mut waiting = all_waiting(&store, fetches).await;
    let released = store.release_sessions(&["w".to_owned()]).await.unwrap();
    assert_eq!(released, 1);
    assert_eq!(soon(waiting.pop().unwrap()).await.unwrap(), ["4"]);
    for other in waiting {
        other.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_of_a_session_wakes_its_owner_and_nobody_else() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = ["1", "2"].map(|input| call(Some("s"), None, input));
    schedule_all(&store, "i", calls.to_vec()).await;
    let first = get(&store, one_for("w", 9, true)).await;
    assert_eq!(inputs(&first), ["1"]);
    let fetches = vec![
        one_for("a", 9, false),
        one_for("b", 9, false),
        one_for("c", 9, true),
        one_for("d", 9, true),
        one_for("w", 9, true),
    ];
    let mut waiting = all_waiting(&store, fetches).await;
    let done = store.complete_activity(&first[0].lock, Ok(String::new()));
    done.await.unwrap();
    assert_eq!(soon(waiting.pop().unwrap()).await.unwrap(), ["2"]);
    for other in waiting {
        other.abort();
    }
}
