//! What a turn does to other instances, and what it shows and keeps.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;

use super::failures::flaky;
use super::reopening::{copy_of, over};
use super::{
    LEASE, activity, commit_of, end_of, events, history, id, is_quiet, schedule, soon, start,
    start_of, turn,
};
use crate::history::{
    AppErrorKind, ErrorDetails, EventKind, ExecutionId, KvEntry, Message, Parent, Start,
};
use crate::provider::{
    ChildStart, Committed, KvChange, Provider as _, ProviderAdmin as _, ProviderError, TurnCommit,
    TurnFetch, TurnItem, TurnOutcome,
};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::bodies::encode_turn;
use crate::storage::redb::commits::Looked;
use crate::storage::redb::incoming::Numbers;
use crate::time::Timestamp;

/// A turn that starts these children.
pub(super) fn starting(item: &TurnItem, turn_id: u128, children: &[&str]) -> TurnCommit {
    let mut commit = commit_of(item, turn_id);
    let scheduled = children
        .iter()
        .map(|child| EventKind::SubOrchestrationScheduled {
            name: "Order".to_owned(),
            version: None,
            instance: (*child).to_owned(),
            input: "in".to_owned(),
        });
    commit.history_delta = events(item, scheduled);
    let execution_id = item.execution_id;
    for event in &commit.history_delta {
        let EventKind::SubOrchestrationScheduled { instance, .. } = &event.kind else {
            continue;
        };
        let source = event.event_id;
        let parent = Parent {
            instance: item.lock.instance.clone(),
            execution_id,
            source,
        };
        commit.starts.push(ChildStart {
            instance: id(instance),
            start: Start {
                parent: Some(parent),
                ..start_of("in")
            },
            if_taken: Some(Message::SubOrchestrationFailed {
                execution_id,
                source,
                details: ErrorDetails::application(AppErrorKind::OrchestrationFailed, "taken"),
            }),
        });
    }
    commit
}

/// The end of a child, told to its parent.
pub(super) fn ending(item: &TurnItem, turn_id: u128) -> TurnCommit {
    let parent = item.parent.clone().unwrap();
    let mut commit = end_of(item, turn_id, "done");
    let message = Message::SubOrchestrationCompleted {
        execution_id: parent.execution_id,
        source: parent.source,
        result: "done".to_owned(),
    };
    commit.messages.push((parent.instance, message));
    commit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_costs_no_fsync_of_its_own_and_shares_that_of_its_end() {
    let store = RedbProvider::options().hold(Duration::from_secs(5));
    let store = store.in_memory().unwrap();
    start(&store, "p").await;
    let item = turn(&store).await;
    let before = store.io_counts();
    let commit = starting(&item, 1, &["c"]);
    store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(store.io_counts().since(before).syncs, 1);

    let child = turn(&store).await;
    assert_eq!(child.parent.as_ref().unwrap().instance, id("p"));
    let before = store.io_counts();
    // Somebody waits for the parent: the end of the child waits for its turn.
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move {
            let item = turn(&store).await;
            let end = end_of(&item, 3, "end");
            store.commit_turn(&item.lock, end).await.unwrap();
        })
    };
    while !store.shared().lock().state.turn_lot.is_attended() {
        tokio::task::yield_now().await;
    }
    let end = ending(&child, 2);
    store.commit_turn(&child.lock, end).await.unwrap();
    soon(waiting).await.unwrap();
    assert_eq!(store.io_counts().since(before).syncs, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_taken_starts_nothing_and_says_so() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "taken").await;
    let other = turn(&store).await;
    start(&store, "p").await;
    let item = turn(&store).await;
    let mut commit = starting(&item, 1, &["taken", "twice", "twice"]);
    commit.starts.swap(1, 2);
    let answers: Vec<_> = [0, 2]
        .map(|at: usize| commit.starts[at].if_taken.clone().unwrap())
        .into();
    store.commit_turn(&item.lock, commit).await.unwrap();
    // The child, and the parent with two answers.
    let mut items = [turn(&store).await, turn(&store).await];
    items.sort_by_key(|item| item.lock.instance.to_string());
    let told = items[0].messages.iter();
    let told: Vec<_> = told.map(|it| it.message.clone().unwrap()).collect();
    assert_eq!((items[0].lock.instance.clone(), told), (id("p"), answers));
    assert_eq!(items[1].lock.instance, id("twice"));
    assert!(is_quiet(&store).await);
    assert_eq!(store.children(&id("p")).await.unwrap(), [id("twice")]);
    drop(other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_is_not_durable_yet_is_taken_and_not_seen() {
    let (store, countdown) = flaky();
    start(&store, "p").await;
    let item = turn(&store).await;
    let commit = starting(&item, 1, &["c"]);
    // As the verb does it, without waiting for the disk.
    let record = encode_turn(1, &commit.history_delta).unwrap();
    {
        let shared = store.shared();
        let now = shared.now();
        let mut core = shared.lock();
        let looked = Looked::default();
        let state = &mut core.state;
        let step = state.commit_turn(&item.lock, commit.clone(), Some(record), &looked, now);
        assert!(step.is_ok());
        let fetch = TurnFetch::new(9, LEASE);
        let taken = state.take_turns(&fetch, now, || 1);
        assert!(taken.turns.is_empty() && taken.unread.is_empty());
        let again = Numbers::default();
        assert!(again.of(state, &id("c")).is_some(), "the id is taken");
        // The group is lost.
        countdown.store(1, Ordering::SeqCst);
        shared.rouse(&core);
    }
    soon(async {
        while store.shared().lock().state.incarnation < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // The outcome is unknown, but it is one outcome: all of the turn, or nothing.
    let statuses = soon(async {
        loop {
            if let Ok(parent) = store.status(&id("p")).await
                && let Ok(child) = store.status(&id("c")).await
            {
                return (parent.unwrap(), child);
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (parent, child) = statuses;
    assert_eq!(parent.pending, child.is_none());
    if child.is_none() {
        start(&store, "c").await;
    }
    let fetch = store.fetch_turns(TurnFetch::new(9, LEASE));
    let items = soon(fetch).await.unwrap();
    assert!(items.iter().any(|item| item.lock.instance == id("c")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_reach_instances_that_memory_does_not_know() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    for name in ["sleeper", "p"] {
        start(&store, name).await;
        let item = turn(&store).await;
        let mut commit = commit_of(&item, 1);
        commit.history_delta = events(&item, []);
        store.commit_turn(&item.lock, commit).await.unwrap();
    }
    let store = over(&copy_of(&memory));
    let raised = super::poke();
    store.enqueue(&id("p"), 7, raised).await.unwrap();
    let item = turn(&store).await;
    let stop = Message::CancelRequested {
        reason: "enough".to_owned(),
        terminate: false,
    };
    let mut commit = commit_of(&item, 2);
    commit.messages = vec![(id("nobody"), stop.clone()), (id("sleeper"), stop.clone())];
    store.commit_turn(&item.lock, commit).await.unwrap();
    let item = turn(&store).await;
    assert_eq!(item.lock.instance, id("sleeper"));
    assert_eq!(item.messages[0].message, Ok(stop));
    assert_eq!(store.status(&id("nobody")).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_does_not_overtake_a_start_that_is_put_off() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "c").await;
    let item = turn(&store).await;
    let late = Duration::from_secs(3_600);
    store.abandon_turn(&item.lock, late, true).await.unwrap();
    start(&store, "p").await;
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 1);
    let stop = Message::CancelRequested {
        reason: "enough".to_owned(),
        terminate: true,
    };
    commit.messages = vec![(id("c"), stop.clone())];
    store.commit_turn(&item.lock, commit).await.unwrap();
    store.enqueue(&id("c"), 0, stop).await.unwrap();
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_and_kept_survives_and_wakes_whoever_waits() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    let entry = |key: &str, value: &str| KvEntry {
        key: key.to_owned(),
        value: value.to_owned(),
        updated_at: Timestamp::from_millis(5),
    };
    let set = |key: &str, value: &str| EventKind::KeyValueSet {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let shows = |status: Option<&str>| EventKind::CustomStatusUpdated {
        status: status.map(str::to_owned),
    };
    let mut commit = commit_of(&item, 1);
    let kinds = [set("k", "1"), set("l", "2"), shows(Some("half"))];
    commit.history_delta = events(&item, kinds);
    commit.kv = vec![
        KvChange::Set(entry("k", "1")),
        KvChange::Set(entry("l", "2")),
    ];
    commit.custom_status = Some(Some("half".to_owned()));
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.wait(&id("a"), 1).await.unwrap() })
    };
    store.commit_turn(&item.lock, commit).await.unwrap();
    let status = soon(waiting).await.unwrap();
    assert_eq!(status.custom_status.as_deref(), Some("half"));
    assert_eq!((status.custom_status_version, status.pending), (1, false));

    let store = over(&copy_of(&memory));
    assert_eq!(store.status(&id("a")).await.unwrap(), Some(status.clone()));
    let all = store.kv_entries(&id("a")).await.unwrap();
    assert_eq!(all, [entry("k", "1"), entry("l", "2")]);
    let raised = super::poke();
    store.enqueue(&id("a"), 7, raised).await.unwrap();
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 2);
    let kinds = [
        set("m", "3"),
        EventKind::KeyValuesCleared,
        set("l", "4"),
        shows(None),
    ];
    commit.history_delta = events(&item, kinds);
    commit.kv = vec![
        KvChange::Set(entry("m", "3")),
        KvChange::ClearAll,
        KvChange::Set(entry("l", "4")),
    ];
    commit.custom_status = Some(None);
    store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(store.kv_entries(&id("a")).await.unwrap(), [entry("l", "4")]);
    assert_eq!(store.kv(&id("a"), "k").await.unwrap(), None);
    let after = store.status(&id("a")).await.unwrap().unwrap();
    assert_eq!(
        (after.custom_status, after.custom_status_version),
        (None, 2)
    );
    assert!(after.change > status.change);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_whose_execution_is_forgotten_is_still_recognised() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    let work = activity(&store).await;
    let done = store.complete_activity(&work.lock, Ok(String::new()));
    done.await.unwrap();
    let item = turn(&store).await;
    let next = Start {
        execution_id: ExecutionId(2),
        ..start_of("next")
    };
    let mut commit = commit_of(&item, 2);
    let input = next.input.clone();
    let version = None;
    let kinds = [EventKind::OrchestrationContinuedAsNew { input, version }];
    commit.history_delta = events(&item, kinds);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    commit.forget_before = Some(ExecutionId(2));
    store.commit_turn(&item.lock, commit.clone()).await.unwrap();

    let store = over(&copy_of(&memory));
    let again = store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied);
    assert!(history(&store, "a").await.is_empty());
    let next = turn(&store).await;
    assert_eq!((next.execution_id, next.last_turn_id), (ExecutionId(2), 2));
    let late = store.complete_activity(&work.lock, Ok(String::new())).await;
    assert!(matches!(late, Err(ProviderError::LockLost)));
}
