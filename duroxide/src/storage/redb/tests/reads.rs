//! Status, history and lists as they are read, and waiting for changes.

use super::{LEASE, activity, commit_of, events, id, schedule, soon, start, start_of, turn};
use crate::history::{EventId, ExecutionId};
use crate::provider::{InstanceQuery, Provider as _, ProviderAdmin as _, TurnFetch};
use crate::storage::redb::RedbProvider;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_sees_each_change_also_of_what_does_not_exist_yet() {
    let store = RedbProvider::in_memory().unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.wait(&id("a"), 0).await.unwrap() })
    };
    while !store.shared().lock().state.watched.contains_key(&id("a")) {
        tokio::task::yield_now().await;
    }
    start(&store, "a").await;
    assert_eq!(soon(waiting).await.unwrap().change, 1);
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.wait(&id("a"), 1).await.unwrap() })
    };
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 1);
    commit.history_delta = events(&item, []);
    store.commit_turn(&item.lock, commit).await.unwrap();
    let status = soon(waiting).await.unwrap();
    assert_eq!(
        (status.change, status.version.as_deref()),
        (2, Some("1.0.0"))
    );
    assert!(store.shared().lock().state.watched.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_turn_is_news_even_if_it_pins_the_version_that_was_asked_for() {
    let store = RedbProvider::in_memory().unwrap();
    let mut asked = start_of("in");
    asked.version = Some("1.0.0".to_owned());
    store.start(&id("a"), asked).await.unwrap();
    let mut expected = store.status(&id("a")).await.unwrap().unwrap();
    assert!(expected.pending);
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    expected.pending = false;
    expected.change += 1;
    assert_eq!(store.status(&id("a")).await.unwrap(), Some(expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_lists_go_on_where_they_ended() {
    let store = RedbProvider::in_memory().unwrap();
    for name in ["b", "a", "c"] {
        start(&store, name).await;
    }
    let first = store
        .list_instances(&InstanceQuery::default(), None, 2)
        .await
        .unwrap();
    let rest = store
        .list_instances(&InstanceQuery::default(), Some(&id("b")), 2)
        .await
        .unwrap();
    let ids: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|s| s.instance.to_string())
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["1", "2"]).await;
    let work = activity(&store).await;
    store
        .complete_activity(&work.lock, Ok(String::new()))
        .await
        .unwrap();
    let items = soon(store.fetch_turns(TurnFetch::new(10, LEASE)))
        .await
        .unwrap();
    let item = items.iter().find(|i| i.lock.instance == id("b")).unwrap();
    schedule(&store, item, 2, &["4", "5"]).await;
    let mut seen = Vec::new();
    loop {
        let after = EventId(seen.len() as u64);
        let page = store
            .read(&id("b"), ExecutionId(1), after, 2)
            .await
            .unwrap();
        seen.extend(page.events.iter().map(|event| event.event_id.0));
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    let none = store
        .read(&id("z"), ExecutionId(1), EventId::NONE, 5)
        .await
        .unwrap();
    assert!(none.events.is_empty() && !none.more);
}
