//! The embedded store through its contract, in memory: checks, records, the writer's groups and
//! hand-overs between threads, everything but the disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use duroxide::history::{EventId, ExecutionId, InstanceId, Message};
use duroxide::provider::{Provider, TurnCommit, TurnFetch, TurnItem};
use duroxide::storage::redb::RedbProvider;
use futures::future::join_all;
use tokio::runtime::{Builder, Runtime};

use crate::steps::Shape;

/// A store, and instances with ids that were never used.
struct Store {
    tokio: Runtime,
    provider: RedbProvider,
    next: AtomicU64,
}

impl Store {
    fn new() -> Self {
        Self {
            tokio: Builder::new_current_thread().enable_all().build().unwrap(),
            provider: RedbProvider::in_memory().unwrap(),
            next: AtomicU64::new(1),
        }
    }

    fn instance(&self) -> InstanceId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        InstanceId::new(format!("i-{number}")).unwrap()
    }

    /// A start that is durable.
    async fn start(&self) -> InstanceId {
        let instance = self.instance();
        let Message::Start(start) = Shape::Chain.start(1) else {
            panic!("a start is a start");
        };
        self.provider.start(&instance, start).await.unwrap();
        instance
    }

    /// Locks so many instances that were started.
    async fn fetch(&self, count: usize) -> Vec<TurnItem> {
        let mut items = Vec::new();
        while items.len() < count {
            let fetch = TurnFetch::new(count - items.len(), Duration::from_secs(60));
            items.append(&mut self.provider.fetch_turns(fetch).await.unwrap());
        }
        items
    }

    fn started(&self, count: usize) -> Vec<TurnItem> {
        self.tokio.block_on(async {
            join_all((0..count).map(|_| self.start())).await;
            self.fetch(count).await
        })
    }
}

/// The turn of a chain of so many activities, as one commit: its whole history.
fn commit_of(item: &TurnItem, activities: u64, turn_id: u128) -> TurnCommit {
    let consumed = item.messages.iter().map(|message| message.id).collect();
    let mut history_delta = Shape::Chain.history(activities);
    // It goes on.
    history_delta.pop();
    TurnCommit {
        history_delta,
        ..TurnCommit::new(turn_id, ExecutionId::FIRST, consumed)
    }
}

/// Items are starts: each creates an instance and is acknowledged.
#[divan::bench(args = [1, 64])]
fn starts_at_once(bencher: Bencher<'_, '_>, count: usize) {
    let store = Store::new();
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let starts = (0..count).map(|_| store.start());
        store.tokio.block_on(join_all(starts));
    });
}

/// Items are first turns, of three events each.
#[divan::bench(args = [1, 64])]
fn commits_at_once(bencher: Bencher<'_, '_>, count: usize) {
    let store = Store::new();
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| {
            let items = store.started(count).into_iter();
            let commits = items.map(|item| {
                let turn_id = u128::from(item.lock.epoch);
                let commit = commit_of(&item, 1, turn_id);
                (item, commit)
            });
            commits.collect::<Vec<_>>()
        })
        .bench_local_values(|commits| {
            let commits = commits.into_iter().map(|(item, commit)| {
                let provider = &store.provider;
                async move { provider.commit_turn(&item.lock, commit).await.unwrap() }
            });
            store.tokio.block_on(join_all(commits))
        });
}

/// Items are events: encoded, written, and made durable.
#[divan::bench(args = [1, 1_000])]
fn one_commit_with_activities(bencher: Bencher<'_, '_>, activities: u64) {
    let store = Store::new();
    bencher
        .counter(ItemsCount::new(2 * activities + 1))
        .with_inputs(|| {
            let item = store.started(1).pop().unwrap();
            let commit = commit_of(&item, activities, u128::from(item.lock.epoch));
            (item, commit)
        })
        .bench_local_values(|(item, commit)| {
            let commit = store.provider.commit_turn(&item.lock, commit);
            store.tokio.block_on(commit).unwrap()
        });
}

/// Items are events: found and decoded.
#[divan::bench(args = [1, 1_000])]
fn read_of_activities(bencher: Bencher<'_, '_>, activities: u64) {
    let store = Store::new();
    let item = store.started(1).pop().unwrap();
    let commit = commit_of(&item, activities, 1);
    let events = commit.history_delta.len();
    let commit = store.provider.commit_turn(&item.lock, commit);
    store.tokio.block_on(commit).unwrap();
    let (provider, instance) = (&store.provider, &item.lock.instance);
    bencher.counter(ItemsCount::new(events)).bench_local(|| {
        let read = provider.read(instance, ExecutionId::FIRST, EventId::NONE, events);
        let page = store.tokio.block_on(read).unwrap();
        assert_eq!(page.events.len(), events);
    });
}
