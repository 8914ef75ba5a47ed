//! Rows that cannot be read.

use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;
use ::redb::{Database, ReadableTable as _};

use super::children::starting;
use super::reopening::{Shared, over};
use super::{
    LEASE, activity, commit_of, events, history, id, schedule, set_timers, soon, start, turn,
};
use crate::env::{Env as _, TokioEnv};
use crate::history::{AppErrorKind, ErrorDetails, EventId, EventKind, ExecutionId};
use crate::provider::{
    InstanceQuery, Provider as _, ProviderAdmin as _, ProviderError, TurnFetch, TurnOutcome,
};
use crate::storage::redb::schema::{ACTIVITIES, HISTORY, INBOX, INSTANCES, TIMERS};

fn with_tables(memory: &Arc<InMemoryBackend>, change: impl FnOnce(&::redb::WriteTransaction)) {
    let database = Database::builder()
        .create_with_backend(Shared(Arc::clone(memory)))
        .unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_at_the_head_of_the_queues_stops_nobody_else() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "bad").await;
    start(&store, "good").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    drop(store);
    with_tables(&memory, |transaction| {
        let mut inbox = transaction.open_table(INBOX).unwrap();
        inbox.insert((0, 1), [1, 2, 3].as_slice()).unwrap();
        // Nobody knows whose this is.
        inbox.insert((0, 77), [1, 2, 3].as_slice()).unwrap();
        let mut activities = transaction.open_table(ACTIVITIES).unwrap();
        activities.insert((0, 1, 1, 1), [9].as_slice()).unwrap();
        activities.insert((9, 77, 1, 1), [9].as_slice()).unwrap();
        let mut timers = transaction.open_table(TIMERS).unwrap();
        timers.insert((5, 1, 1, 9), [9].as_slice()).unwrap();
    });
    let store = over(&memory);
    let mut turns = Vec::new();
    while turns.len() < 2 {
        turns.extend(
            soon(store.fetch_turns(TurnFetch::new(10, LEASE)))
                .await
                .unwrap(),
        );
    }
    turns.sort_by_key(|item| item.lock.instance.clone());
    let [bad, good] = turns.as_slice() else {
        panic!("{turns:?}");
    };
    assert_eq!(bad.lock.instance, id("bad"));
    assert_eq!(bad.messages.len(), 2);
    assert!(bad.messages.iter().all(|message| message.message.is_err()));
    assert!(good.messages.iter().all(|message| message.message.is_ok()));
    let bad = activity(&store).await;
    assert_eq!((&bad.instance, bad.request.is_err()), (&id("bad"), true));
    let good = activity(&store).await;
    assert_eq!(good.request.unwrap().input, "x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_of_history_is_an_error_and_only_for_its_owner() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    for (turn_id, name) in [(1, "bad"), (2, "good"), (3, "row")] {
        start(&store, name).await;
        let item = turn(&store).await;
        schedule(&store, &item, turn_id, &["x"]).await;
    }
    drop(store);
    with_tables(&memory, |transaction| {
        let mut history = transaction.open_table(HISTORY).unwrap();
        let mut row = history.get((1, 1, 1)).unwrap().unwrap().value().to_vec();
        *row.last_mut().unwrap() ^= 1;
        history.insert((1, 1, 1), row.as_slice()).unwrap();
        let mut instances = transaction.open_table(INSTANCES).unwrap();
        instances.insert(3, [0].as_slice()).unwrap();
    });
    let store = over(&memory);
    let read = store
        .read(&id("bad"), ExecutionId(1), EventId::NONE, 10)
        .await;
    assert!(matches!(
        read,
        Err(ProviderError::Corrupt {
            event_id: EventId(1),
            ..
        })
    ));
    let status = store.status(&id("row")).await;
    assert!(matches!(status, Err(ProviderError::Corrupt { .. })));
    assert_eq!(history(&store, "good").await.len(), 2);
    let bad = activity(&store).await;
    assert_eq!((&bad.instance, bad.request.is_err()), (&id("bad"), true));
    let good = activity(&store).await;
    assert_eq!((&good.instance, good.request.is_ok()), (&id("good"), true));
    // The owner can still be brought to an end, and what is wrong stays to be seen.
    store
        .complete_activity(&bad.lock, Ok(String::new()))
        .await
        .unwrap();
    let item = turn(&store).await;
    let mut end = commit_of(&item, 9);
    let details = ErrorDetails::application(AppErrorKind::OrchestrationFailed, "bad bytes");
    end.history_delta = events(
        &item,
        [EventKind::OrchestrationFailed {
            details: details.clone(),
        }],
    );
    end.outcome = TurnOutcome::Failed { details };
    store.commit_turn(&item.lock, end).await.unwrap();
    let status = store.status(&id("bad")).await.unwrap().unwrap();
    assert!(status.state.is_terminal());
    let read = store
        .read(&id("bad"), ExecutionId(1), EventId::NONE, 10)
        .await;
    assert!(matches!(read, Err(ProviderError::Corrupt { .. })));
}

/// Which timers it set stands in its history. Where that cannot be read all timers are looked at, and
/// those of others stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_without_a_readable_history_leaves_no_timer_when_it_is_deleted() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    let day = Duration::from_secs(86_400);
    let due = TokioEnv::new().now().saturating_add(day);
    for (turn_id, name) in [(1, "bad"), (2, "good")] {
        start(&store, name).await;
        let item = turn(&store).await;
        set_timers(&store, &item, turn_id, &[due, due.saturating_add(day)]).await;
    }
    drop(store);
    let timers = || {
        let mut owners = Vec::new();
        with_tables(&memory, |transaction| {
            let timers = transaction.open_table(TIMERS).unwrap();
            let keys = timers.iter().unwrap().map(|row| row.unwrap().0.value());
            owners.extend(keys.map(|(_, instance, ..)| instance));
        });
        owners
    };
    assert_eq!(timers(), [1, 2, 1, 2]);
    with_tables(&memory, |transaction| {
        let mut history = transaction.open_table(HISTORY).unwrap();
        history.insert((1, 1, 1), [9].as_slice()).unwrap();
    });
    let store = over(&memory);
    let deleted = soon(store.delete(&[id("bad")], true)).await.unwrap();
    assert_eq!((deleted.instances, deleted.queued), (1, 2));
    drop(store);
    assert_eq!(timers(), [2, 2]);
}

/// Whose child it is says another row. Else its parent could not be deleted any more: there is
/// nobody to be deleted with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_whose_row_cannot_be_read_goes_and_is_no_child_any_more() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "other").await;
    start(&store, "parent").await;
    let items = [turn(&store).await, turn(&store).await];
    for (item, child) in items.iter().zip(["its", "bad"]) {
        let commit = starting(item, 1, &[child]);
        store.commit_turn(&item.lock, commit).await.unwrap();
    }
    drop(store);
    with_tables(&memory, |transaction| {
        let mut instances = transaction.open_table(INSTANCES).unwrap();
        instances.insert(4, [0].as_slice()).unwrap();
    });
    let store = over(&memory);
    let status = store.status(&id("bad")).await;
    assert!(matches!(status, Err(ProviderError::Corrupt { .. })));
    let deleted = soon(store.delete(&[id("bad")], true)).await.unwrap();
    assert_eq!(deleted.instances, 1);
    assert_eq!(store.children(&id("parent")).await.unwrap(), []);
    assert_eq!(store.children(&id("other")).await.unwrap(), [id("its")]);
    let deleted = soon(store.delete(&[id("parent")], true)).await.unwrap();
    assert_eq!(deleted.instances, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_some_does_not_fail_for_one_that_is_not_among_them() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a-good").await;
    start(&store, "b-bad").await;
    drop(store);
    with_tables(&memory, |transaction| {
        let mut instances = transaction.open_table(INSTANCES).unwrap();
        instances.insert(2, [0].as_slice()).unwrap();
    });
    let store = over(&memory);
    let mut query = InstanceQuery::default();
    let all = store.list_instances(&query, None, 9).await;
    assert!(
        matches!(&all, Err(ProviderError::Corrupt { instance, .. }) if *instance == id("b-bad")),
        "{all:?}"
    );
    query.id_prefix = Some("a-".to_owned());
    let some = store.list_instances(&query, None, 9).await.unwrap();
    let ids: Vec<_> = some.into_iter().map(|status| status.instance).collect();
    assert_eq!(ids, [id("a-good")]);
}
