//! Who gets what: semantics, tags and sessions, with several fetches parked at once.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;

use super::reopening::over;
use super::{LEASE, activity, commit_of, events, id, is_quiet, scheduled, soon, start, turn};
use crate::history::EventKind;
use crate::provider::{
    ActivityFetch, ActivityItem, Provider as _, ProviderError, SessionFetch, TagFilter, TurnFetch,
};
use crate::storage::redb::RedbProvider;
use tokio::task::JoinHandle;

pub(super) fn call(session: Option<&str>, tag: Option<&str>, input: &str) -> EventKind {
    let EventKind::ActivityScheduled {
        name,
        attempt,
        first_attempt,
        ..
    } = scheduled(input)
    else {
        unreachable!()
    };
    EventKind::ActivityScheduled {
        name,
        input: input.to_owned(),
        attempt,
        first_attempt,
        session_id: session.map(str::to_owned),
        tag: tag.map(str::to_owned),
    }
}

/// An instance that schedules these in its first turn.
pub(super) async fn schedule_all(store: &RedbProvider, instance: &str, calls: Vec<EventKind>) {
    start(store, instance).await;
    let item = turn(store).await;
    let mut commit = commit_of(&item, 1);
    commit.history_delta = events(&item, calls);
    commit.activities = super::calls(&commit.history_delta);
    store.commit_turn(&item.lock, commit).await.unwrap();
}

pub(super) fn as_owner(owner: &str, max_sessions: usize, one_at_a_time: bool) -> SessionFetch {
    SessionFetch {
        owner_id: owner.to_owned(),
        lock_timeout: LEASE,
        max_sessions,
        one_at_a_time,
    }
}

pub(super) fn parked(store: &RedbProvider, fetch: ActivityFetch) -> JoinHandle<Vec<String>> {
    let store = store.clone();
    tokio::spawn(async move { inputs(&store.fetch_activities(fetch).await.unwrap()) })
}

pub(super) fn inputs(items: &[ActivityItem]) -> Vec<String> {
    let inputs = items.iter();
    inputs
        .map(|item| item.request.as_ref().unwrap().input.clone())
        .collect()
}

pub(super) async fn get(store: &RedbProvider, fetch: ActivityFetch) -> Vec<ActivityItem> {
    soon(store.fetch_activities(fetch)).await.unwrap()
}

async fn gets_nothing(store: &RedbProvider, fetch: ActivityFetch) -> bool {
    let fetch = store.fetch_activities(fetch);
    tokio::time::timeout(Duration::from_millis(30), fetch)
        .await
        .is_err()
}

pub(super) async fn all_parked(store: &RedbProvider, fetches: u64) {
    while store.shared().lock().state.activity_lot.tickets() < fetches {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_wakes_the_fetch_that_wants_it_whatever_else_is_parked() {
    let store = RedbProvider::in_memory().unwrap();
    for round in 0..20 {
        let fetch = || ActivityFetch::new(1, LEASE);
        let before = store.shared().lock().state.activity_lot.tickets();
        let gpu = parked(&store, fetch().tags(TagFilter::tags(["gpu"])));
        let cpu = parked(&store, fetch().tags(TagFilter::tags(["cpu"])));
        let plain = parked(&store, fetch());
        let sessions = fetch().tags(TagFilter::tags(["s"]));
        let sessions = parked(&store, sessions.sessions(as_owner("w", 99, false)));
        all_parked(&store, before + 4).await;
        let calls = vec![
            call(Some(&format!("s{round}")), Some("s"), "sessions"),
            call(None, Some("cpu"), "cpu"),
            call(None, None, "plain"),
            call(None, Some("gpu"), "gpu"),
        ];
        schedule_all(&store, &format!("i{round}"), calls).await;
        assert_eq!(soon(gpu).await.unwrap(), ["gpu"]);
        assert_eq!(soon(cpu).await.unwrap(), ["cpu"]);
        assert_eq!(soon(plain).await.unwrap(), ["plain"]);
        assert_eq!(soon(sessions).await.unwrap(), ["sessions"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_piece_of_work_wakes_one_of_many_that_want_the_same() {
    let store = RedbProvider::in_memory().unwrap();
    let all: Vec<_> = (0..8)
        .map(|_| parked(&store, ActivityFetch::new(1, LEASE)))
        .collect();
    all_parked(&store, 8).await;
    schedule_all(&store, "a", vec![call(None, None, "x")]).await;
    soon(async {
        while !all.iter().any(JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // The others were not woken: they are parked as before.
    let parked = store.shared().lock().state.activity_lot.parked();
    assert_eq!(parked, 7);
    for one in all {
        one.abort();
    }
}

/// However many want something else, and whoever of them has been there longest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_up_does_not_go_round_among_those_who_do_not_want_the_work() {
    let store = RedbProvider::in_memory().unwrap();
    let fetch = |tag| ActivityFetch::new(1, LEASE).tags(TagFilter::tags([tag]));
    let others = ["gpu", "cpu"].map(|tag| parked(&store, fetch(tag)));
    all_parked(&store, 2).await;
    let plain = parked(&store, ActivityFetch::new(1, LEASE));
    all_parked(&store, 3).await;
    schedule_all(&store, "a", vec![call(None, None, "plain")]).await;
    assert_eq!(soon(plain).await.unwrap(), ["plain"]);
    for other in others {
        other.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_that_wants_nothing_gets_nothing() {
    let store = RedbProvider::in_memory().unwrap();
    // There is nothing, and whoever waits for nothing does not wait for that.
    let none = soon(store.fetch_turns(TurnFetch::new(0, LEASE))).await;
    assert_eq!(none.unwrap().len(), 0);
    assert!(get(&store, ActivityFetch::new(0, LEASE)).await.is_empty());
    schedule_all(&store, "a", vec![call(None, None, "x")]).await;
    start(&store, "b").await;
    let none = soon(store.fetch_turns(TurnFetch::new(0, LEASE))).await;
    assert_eq!(none.unwrap().len(), 0);
    assert!(get(&store, ActivityFetch::new(0, LEASE)).await.is_empty());
    // What has no semantics yet is for all that have any.
    let mut fetch = TurnFetch::new(1, LEASE);
    fetch.semantics = RangeInclusive::new(1, 0);
    let fetch = store.fetch_turns(fetch);
    let short = Duration::from_millis(30);
    assert!(tokio::time::timeout(short, fetch).await.is_err());
    assert_eq!(turn(&store).await.lock.instance, id("b"));
}

/// Whoever took it may be gone: then it is for those who were parked all the time, and whom nothing
/// else will wake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_was_taken_and_not_done_goes_to_a_fetch_that_was_parked_before() {
    let store = RedbProvider::in_memory().unwrap();
    let both = [1, 2].map(|_| {
        let store = store.clone();
        let short = TurnFetch::new(1, Duration::from_millis(200));
        tokio::spawn(async move { store.fetch_turns(short).await.unwrap() })
    });
    while store.shared().lock().state.turn_lot.tickets() < 2 {
        tokio::task::yield_now().await;
    }
    start(&store, "a").await;
    let mut attempts = Vec::new();
    for one in both {
        let items = soon(one).await.unwrap();
        attempts.push(items[0].messages[0].attempt);
    }
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_that_was_taken_and_not_done_goes_to_a_fetch_that_was_parked_before() {
    let store = RedbProvider::in_memory().unwrap();
    let short = ActivityFetch::new(1, Duration::from_millis(200));
    let both = [1, 2].map(|_| parked(&store, short.clone()));
    all_parked(&store, 2).await;
    schedule_all(&store, "a", vec![call(None, None, "x")]).await;
    for one in both {
        assert_eq!(soon(one).await.unwrap(), ["x"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_up_for_what_was_not_taken_goes_to_somebody_else() {
    let store = RedbProvider::in_memory().unwrap();
    let both = TagFilter::default_and(["gpu"]);
    let fetch = ActivityFetch::new(1, LEASE).tags(both);
    let both = parked(&store, fetch);
    all_parked(&store, 1).await;
    let gpu = ActivityFetch::new(1, LEASE).tags(TagFilter::tags(["gpu"]));
    let gpu = parked(&store, gpu);
    all_parked(&store, 2).await;
    // Both tags at once: whoever the first wake-up goes to, both are taken.
    let calls = vec![call(None, None, "plain"), call(None, Some("gpu"), "gpu")];
    schedule_all(&store, "a", calls).await;
    assert_eq!(soon(gpu).await.unwrap(), ["gpu"]);
    assert_eq!(soon(both).await.unwrap(), ["plain"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_has_one_owner_until_its_claim_runs_out() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = ["1", "2", "3"].map(|input| call(Some("s"), None, input));
    schedule_all(&store, "a", calls.to_vec()).await;
    let fetch = |owner: &str, lock_timeout| {
        let mut sessions = as_owner(owner, 1, false);
        sessions.lock_timeout = lock_timeout;
        ActivityFetch::new(1, LEASE).sessions(sessions)
    };
    assert!(gets_nothing(&store, ActivityFetch::new(1, LEASE)).await);
    let short = Duration::from_millis(200);
    let first = get(&store, fetch("w", short)).await;
    let other = parked(&store, fetch("v", LEASE));
    // The other gets the next one when the claim runs out, and the first can still be completed.
    assert_eq!(soon(other).await.unwrap(), ["2"]);
    assert!(gets_nothing(&store, fetch("w", short)).await);
    assert_eq!(
        store
            .renew_sessions(&["w".to_owned()], LEASE, LEASE)
            .await
            .unwrap(),
        0
    );
    let owners = ["v".to_owned(), "v".to_owned()];
    assert_eq!(
        store.renew_sessions(&owners, LEASE, LEASE).await.unwrap(),
        1
    );
    let done = store.complete_activity(&first[0].lock, Ok(String::new()));
    done.await.unwrap();
    assert_eq!(inputs(&get(&store, fetch("v", LEASE)).await), ["3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_at_its_limit_takes_a_new_session_when_a_claim_ends() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = vec![call(Some("s"), None, "1"), call(Some("t"), None, "2")];
    schedule_all(&store, "a", calls).await;
    let mut sessions = as_owner("w", 1, false);
    sessions.lock_timeout = Duration::from_millis(200);
    let fetch = ActivityFetch::new(9, LEASE).sessions(sessions);
    assert_eq!(inputs(&get(&store, fetch.clone()).await), ["1"]);
    assert_eq!(inputs(&get(&store, fetch).await), ["2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_at_a_time_means_in_the_order_of_scheduling() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = vec![
        call(Some("s"), Some("a"), "1"),
        call(Some("s"), Some("b"), "2"),
        call(Some("s"), Some("a"), "3"),
        call(Some("t"), Some("a"), "4"),
    ];
    schedule_all(&store, "i", calls).await;
    let fetch = ActivityFetch::new(9, LEASE)
        .tags(TagFilter::Any)
        .sessions(as_owner("w", 9, true));
    let first = get(&store, fetch.clone()).await;
    assert_eq!(inputs(&first), ["1", "4"]);
    let back = store.abandon_activity(&first[0].lock, Duration::from_millis(100), false);
    back.await.unwrap();
    // It is put off, and the others wait for it; those who do not take it do not wait.
    let again = parked(&store, fetch.clone());
    assert_eq!(soon(again).await.unwrap(), ["1"]);
    let open = store.shared().lock().state.activities.of_instance(1);
    assert_eq!(open.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_filter_does_not_take_holds_it_up_only_while_it_runs() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = vec![
        call(Some("s"), Some("a"), "1"),
        call(Some("s"), Some("b"), "2"),
    ];
    schedule_all(&store, "i", calls).await;
    let fetch = |tag| {
        ActivityFetch::new(9, LEASE)
            .tags(TagFilter::tags([tag]))
            .sessions(as_owner("w", 9, true))
    };
    let second = get(&store, fetch("b")).await;
    assert_eq!(inputs(&second), ["2"]);
    let first = parked(&store, fetch("a"));
    all_parked(&store, 1).await;
    let done = store.complete_activity(&second[0].lock, Ok(String::new()));
    done.await.unwrap();
    assert_eq!(soon(first).await.unwrap(), ["1"]);
}

/// What nobody has read yet is for everybody, until somebody has read it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_in_the_queue_that_proves_to_be_pinned_waits_for_whoever_replays_it() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    schedule_all(&store, "a", vec![call(None, None, "x")]).await;
    let work = activity(&store).await;
    let done = store.complete_activity(&work.lock, Ok(String::new()));
    done.await.unwrap();
    let old = turn(&store).await;
    drop(store);
    let store = over(&memory);
    // For a late commit it is read.
    let late = store.commit_turn(&old.lock, commit_of(&old, 9)).await;
    assert!(matches!(late, Err(ProviderError::LockLost)));
    let fetch = TurnFetch::new(1, LEASE).semantics(2..=9);
    let mut new = store.fetch_turns(fetch);
    assert!(futures::poll!(&mut new).is_pending());
    let fetch = TurnFetch::new(1, LEASE).semantics(1..=1);
    let item = soon(store.fetch_turns(fetch)).await.unwrap().remove(0);
    assert_eq!(item.lock.instance, id("a"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_of_other_semantics_are_passed_over_and_wake_whoever_replays_them() {
    let store = RedbProvider::in_memory().unwrap();
    schedule_all(&store, "a", vec![call(None, None, "x")]).await;
    let old = {
        let store = store.clone();
        let fetch = TurnFetch::new(1, LEASE).semantics(1..=1);
        tokio::spawn(async move { store.fetch_turns(fetch).await.unwrap() })
    };
    while !store.shared().lock().state.turn_lot.is_attended() {
        tokio::task::yield_now().await;
    }
    let fetch = TurnFetch::new(1, LEASE).semantics(2..=9);
    let mut new = Box::pin(store.fetch_turns(fetch));
    assert!(futures::poll!(&mut new).is_pending());
    let work = activity(&store).await;
    let done = store.complete_activity(&work.lock, Ok(String::new()));
    done.await.unwrap();
    let item = soon(old).await.unwrap().remove(0);
    assert_eq!(
        (item.lock.instance.clone(), item.messages[0].attempt),
        (id("a"), 1)
    );
    // Before its first turn an instance is for everybody.
    start(&store, "b").await;
    let item = soon(new).await.unwrap().remove(0);
    assert_eq!(item.lock.instance, id("b"));
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_fetch_hands_its_wake_up_to_one_that_wants_the_same() {
    let store = RedbProvider::in_memory().unwrap();
    for round in 0..30 {
        let tags = TagFilter::tags(["gpu"]);
        let mut dropped = store.fetch_activities(ActivityFetch::new(1, LEASE).tags(tags.clone()));
        assert!(futures::poll!(&mut dropped).is_pending());
        let before = store.shared().lock().state.activity_lot.tickets();
        let other = parked(&store, ActivityFetch::new(1, LEASE).tags(TagFilter::Any));
        let none = parked(&store, ActivityFetch::new(1, LEASE).tags(TagFilter::None));
        all_parked(&store, before + 2).await;
        let calls = vec![call(None, Some("gpu"), "gpu")];
        schedule_all(&store, &format!("i{round}"), calls).await;
        drop(dropped);
        assert_eq!(soon(other).await.unwrap(), ["gpu"]);
        none.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_activity_lets_the_next_of_its_session_start() {
    let store = RedbProvider::in_memory().unwrap();
    let calls = vec![call(Some("s"), None, "1"), call(Some("s"), None, "2")];
    schedule_all(&store, "a", calls).await;
    let fetch = ActivityFetch::new(9, LEASE).sessions(as_owner("w", 9, true));
    let running = get(&store, fetch.clone()).await;
    let raised = super::poke();
    store.enqueue(&id("a"), 7, raised).await.unwrap();
    let item = turn(&store).await;
    let next = parked(&store, fetch);
    all_parked(&store, 1).await;
    let mut commit = commit_of(&item, 2);
    commit.cancelled_activities = vec![running[0].source];
    store.commit_turn(&item.lock, commit).await.unwrap();
    let late = store.renew_activity(&running[0].lock, LEASE).await;
    assert!(matches!(late, Err(ProviderError::LockLost)));
    assert_eq!(soon(next).await.unwrap(), ["2"]);
}
