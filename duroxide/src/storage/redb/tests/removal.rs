//! Deleting: nothing is left, in memory or on disk.

use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;
use ::redb::{Database, ReadableDatabase as _, ReadableTableMetadata as _};

use super::children::{ending, starting};
use super::reopening::{Shared, copy_of, over, over_with};
use super::{
    LEASE, activity, commit_of, end_of, events, id, is_quiet, scheduled, soon, start, timers_of,
    turn,
};
use crate::env::{Env as _, TokioEnv};
use crate::history::{Event, EventId, EventKind, KvEntry, Message};
use crate::provider::{
    Deleted, InstanceQuery, KvChange, Provider as _, ProviderAdmin as _, ProviderError, Totals,
};
use crate::storage::redb::incoming::{ENQUEUE, Numbers};
use crate::storage::redb::schema::{
    ACTIVITIES, ATTEMPTS, CHILDREN, CUSTOM_STATUS, HISTORY, IDS, INBOX, INSTANCES, QUIET_TURNS,
    TIMERS, VALUES,
};
use crate::storage::redb::{Commits, RedbProvider};
use crate::time::Timestamp;

/// How many rows there are in each table.
fn rows(memory: &Arc<InMemoryBackend>) -> [u64; 11] {
    let copy = copy_of(memory);
    // Opening brings the tables up to date.
    drop(over(&copy));
    let database = Database::builder()
        .create_with_backend(Shared(copy))
        .unwrap();
    let transaction = database.begin_read().unwrap();
    macro_rules! len {
        ($table:ident) => {
            transaction.open_table($table).unwrap().len().unwrap()
        };
    }
    [
        len!(IDS),
        len!(INSTANCES),
        len!(HISTORY),
        len!(INBOX),
        len!(ACTIVITIES),
        len!(TIMERS),
        len!(ATTEMPTS),
        len!(QUIET_TURNS),
        len!(CUSTOM_STATUS),
        len!(VALUES),
        len!(CHILDREN),
    ]
}

/// An instance with something in every table: it is locked, and so is one of its activities.
async fn busy(store: &RedbProvider, instance: &str) {
    start(store, instance).await;
    let item = turn(store).await;
    let now = TokioEnv::new().now();
    let at = |seconds| EventKind::TimerCreated {
        fire_at: now.saturating_add(Duration::from_secs(seconds)),
    };
    let mut commit = starting(&item, 1, &[&format!("{instance}-child")]);
    let first = commit.history_delta.len();
    let mut last = commit.history_delta.last().unwrap().event_id;
    let kinds = [
        scheduled("x"),
        scheduled("y"),
        at(0),
        at(20),
        at(90_000),
        EventKind::KeyValueSet {
            key: "k".to_owned(),
            value: "v".to_owned(),
        },
        EventKind::CustomStatusUpdated {
            status: Some("busy".to_owned()),
        },
    ];
    for kind in kinds {
        last = last.next();
        let at = Timestamp::from_millis(5);
        let event = Event::new(last, None, at, kind);
        commit.history_delta.push(event);
    }
    commit.activities = commit.history_delta[first..first + 2]
        .iter()
        .map(|event| event.event_id)
        .collect();
    commit.timers = timers_of(&commit.history_delta);
    commit.kv = vec![KvChange::Set(KvEntry {
        key: "k".to_owned(),
        value: "v".to_owned(),
        updated_at: Timestamp::from_millis(5),
    })];
    commit.custom_status = Some(Some("busy".to_owned()));
    store.commit_turn(&item.lock, commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_what_was_deleted() {
    nothing_is_left(Commits::Tables).await;
    nothing_is_left(Commits::Journal).await;
}

async fn nothing_is_left(commits: Commits) {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over_with(&memory, commits);
    busy(&store, "a").await;
    // Rows that were found at open have their attempts counted on disk.
    let memory = copy_of(&memory);
    let store = over_with(&memory, commits);
    let work = activity(&store).await;
    let locked = [turn(&store).await, turn(&store).await];
    let raised = super::poke();
    store.enqueue(&id("a"), 7, raised).await.unwrap();
    let before = rows(&memory);
    assert!(
        before.iter().filter(|count| **count == 0).count() <= 1,
        "{before:?}"
    );

    let ids = [id("a"), id("a-child"), id("nobody")];
    let refused = store.delete(&ids, false).await;
    assert!(matches!(&refused, Err(ProviderError::Refused(why)) if why.contains("has not ended")));
    let refused = store.delete(&ids[..1], true).await;
    assert!(matches!(&refused, Err(ProviderError::Refused(why)) if why.contains("a-child")));
    assert_eq!(rows(&memory), before);

    let deleted = store.delete(&ids, true).await.unwrap();
    let expected = Deleted {
        instances: 2,
        executions: 2,
        events: 9,
        // The start of the child, an event, a timer that fired, two that did not, two activities.
        queued: 7,
    };
    assert_eq!(deleted, expected);
    assert_eq!(rows(&memory), [0; 11]);
    assert_eq!(store.totals().await.unwrap(), Totals::default());
    for item in locked {
        let late = store.commit_turn(&item.lock, commit_of(&item, 9)).await;
        assert!(matches!(late, Err(ProviderError::LockLost)));
    }
    let late = store.complete_activity(&work.lock, Ok(String::new())).await;
    assert!(matches!(late, Err(ProviderError::LockLost)));
    {
        let core = store.shared().lock();
        let state = &core.state;
        assert!(state.inboxes.is_empty() && state.by_id.is_empty());
        assert!(state.buried.is_empty() && state.removal.is_none());
        assert_eq!(state.resident, 0);
    }
    // The id is free at once, and starts anew.
    start(&store, "a").await;
    let item = turn(&store).await;
    assert_eq!(
        (item.last_event_id, item.messages.len()),
        (EventId::NONE, 1)
    );
    assert_eq!(store.kv_entries(&id("a")).await.unwrap(), []);
    assert!(is_quiet(&store).await);
    let store = over(&copy_of(&memory));
    assert_eq!(turn(&store).await.lock.instance, id("a"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_durable_yet_is_deleted_too() {
    let store = RedbProvider::in_memory().unwrap();
    for round in 0..20_u128 {
        start(&store, "a").await;
        let item = turn(&store).await;
        let far = TokioEnv::new().now().saturating_add(LEASE * 100);
        let mut commit = starting(&item, round + 1, &["c"]);
        let last = commit.history_delta.last().unwrap().event_id.next();
        let kind = EventKind::TimerCreated { fire_at: far };
        let at = Timestamp::from_millis(5);
        let event = Event::new(last, None, at, kind);
        commit.history_delta.push(event);
        commit.timers = timers_of(&commit.history_delta);
        // Both at once: whichever comes first, nothing is left.
        let ids = [id("a"), id("c")];
        let (committed, deleted) = tokio::join!(
            store.commit_turn(&item.lock, commit),
            store.delete(&ids, true)
        );
        assert!(matches!(committed, Ok(_) | Err(ProviderError::LockLost)));
        if deleted.is_err() {
            // The child came in between.
            store.delete(&ids, true).await.unwrap();
        } else if store.status(&id("c")).await.unwrap().is_some() {
            panic!("an orphan");
        }
        let depths = store.queue_depths().await.unwrap();
        assert_eq!((depths.timer_queue, depths.orchestrator_queue), (0, 0));
    }
    let everything = InstanceQuery::default();
    let all = store.list_instances(&everything, None, 9);
    assert_eq!(all.await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_that_stays_hears_of_a_child_that_was_deleted() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "p").await;
    let item = turn(&store).await;
    let commit = starting(&item, 1, &["c", "d"]);
    store.commit_turn(&item.lock, commit).await.unwrap();
    for _ in 0..2 {
        let child = turn(&store).await;
        if child.lock.instance == id("d") {
            let end = ending(&child, 2);
            store.commit_turn(&child.lock, end).await.unwrap();
        }
    }
    let item = turn(&store).await;
    store
        .commit_turn(&item.lock, commit_of(&item, 3))
        .await
        .unwrap();
    store.delete(&[id("c"), id("d")], true).await.unwrap();
    let item = turn(&store).await;
    // One notice: the other had ended.
    assert_eq!(
        (item.lock.instance.clone(), item.messages.len()),
        (id("p"), 1)
    );
    let told = item.messages[0].message.clone().unwrap();
    assert!(
        matches!(told, Message::SubOrchestrationFailed { .. }),
        "{told:?}"
    );
    assert_eq!(store.children(&id("p")).await.unwrap(), []);
    let end = end_of(&item, 4, "end");
    store.commit_turn(&item.lock, end).await.unwrap();
    store.delete(&[id("p")], false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_of_many_turns_goes_as_a_whole() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    for turn_id in 1..=50 {
        let item = turn(&store).await;
        let raised = super::poke();
        let mut commit = commit_of(&item, turn_id);
        commit.history_delta = events(&item, [scheduled("x")]);
        store.commit_turn(&item.lock, commit).await.unwrap();
        store.enqueue(&id("a"), turn_id, raised).await.unwrap();
    }
    let item = turn(&store).await;
    let end = end_of(&item, 99, "end");
    store.commit_turn(&item.lock, end).await.unwrap();
    let deleted = soon(store.delete(&[id("a")], false)).await.unwrap();
    assert_eq!((deleted.events, deleted.queued), (52, 0));
    assert_eq!(rows(&memory), [0; 11]);
}

/// Whoever sends something looks up where it goes to, and then takes the mutex: what is deleted in
/// between is noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_after_somebody_looked_it_up_is_not_found() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    let end = end_of(&item, 1, "end");
    store.commit_turn(&item.lock, end).await.unwrap();
    drop(store);
    // Memory knows nothing of it any more.
    let store = over(&memory);
    let a = id("a");
    let mut numbers = Numbers::look_up(store.shared(), ENQUEUE, [&a]).unwrap();
    let mut found = || {
        let find = store.shared().act(ENQUEUE, |state, disk, _| {
            numbers.refresh(state, disk).unwrap();
            numbers.of(state, &a)
        });
        find.unwrap()
    };
    assert_eq!(found(), Some(1));
    store.delete(&[id("a")], false).await.unwrap();
    assert_eq!(found(), None);
    // Its id can be used again.
    start(&store, "a").await;
    assert_eq!(found(), Some(2));
}

/// The place of [`ATTEMPTS`] in what [`rows`] gives.
const ROWS_OF_ATTEMPTS: usize = 6;

/// How often something was handed out matters no more when it is done with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_out_often_leaves_nothing_when_it_is_done() {
    let memory = Arc::new(InMemoryBackend::new());
    let mut store = over(&memory);
    start(&store, "a").await;
    for _ in 0..2 {
        turn(&store).await;
        drop(store);
        store = over(&memory);
    }
    let item = turn(&store).await;
    assert_eq!(rows(&memory)[ROWS_OF_ATTEMPTS], 1, "the start");
    let mut commit = commit_of(&item, 1);
    commit.history_delta = events(&item, [scheduled("x")]);
    commit.activities = vec![EventId(2)];
    store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(rows(&memory)[ROWS_OF_ATTEMPTS], 0);
    for _ in 0..2 {
        activity(&store).await;
        drop(store);
        store = over(&memory);
    }
    let work = activity(&store).await;
    assert_eq!(rows(&memory)[ROWS_OF_ATTEMPTS], 1, "the activity");
    let done = store.complete_activity(&work.lock, Ok(String::new()));
    done.await.unwrap();
    assert_eq!(rows(&memory)[ROWS_OF_ATTEMPTS], 0);
}
