//! What survives, and what a new life makes of the old one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redb::StorageBackend;
use ::redb::backends::InMemoryBackend;

use super::{
    LEASE, activity, commit_of, end_of, events, history, id, schedule, scheduled, soon, start, turn,
};
use crate::history::{EventId, ExecutionId, Message};
use crate::provider::{
    Committed, Provider as _, ProviderAdmin as _, ProviderError, TurnFetch, TurnOutcome,
};
use crate::storage::redb::shared_memory::SharedMemory;
use crate::storage::redb::{Commits, RedbProvider};

/// A store whose bytes can be looked at while it is open.
pub(super) fn over(memory: &Arc<InMemoryBackend>) -> RedbProvider {
    over_with(memory, Commits::default())
}

pub(super) fn over_with(memory: &Arc<InMemoryBackend>, commits: Commits) -> RedbProvider {
    let memory = Shared(Arc::clone(memory));
    let factory = move || Ok(memory.clone());
    let options = RedbProvider::options().commits(commits);
    options.open_backend(factory).unwrap()
}

/// A copy of the bytes as they are now: what a kill leaves.
pub(super) fn copy_of(memory: &Arc<InMemoryBackend>) -> Arc<InMemoryBackend> {
    let copy = InMemoryBackend::new();
    let mut bytes = vec![0; usize::try_from(memory.len().unwrap()).unwrap()];
    memory.read(0, &mut bytes).unwrap();
    copy.set_len(bytes.len() as u64).unwrap();
    copy.write(0, &bytes).unwrap();
    Arc::new(copy)
}

#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) Arc<InMemoryBackend>);

impl StorageBackend for Shared {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    start(&store, "b").await;
    let first = turn(&store).await;
    assert_eq!(first.lock.instance, id("a"));
    schedule(&store, &first, 1, &["x", "y"]).await;
    let second = turn(&store).await;
    let end = end_of(&second, 2, "b's");
    store.commit_turn(&second.lock, end.clone()).await.unwrap();
    start(&store, "c").await;
    let third = turn(&store).await;
    let quiet = commit_of(&third, 3);
    store.commit_turn(&third.lock, quiet.clone()).await.unwrap();
    let work = activity(&store).await;
    store
        .complete_activity(&work.lock, Ok("x done".to_owned()))
        .await
        .unwrap();

    let store = over(&copy_of(&memory));
    assert_eq!(history(&store, "a").await.len(), 3);
    let status = store.status(&id("b")).await.unwrap().unwrap();
    assert!(status.state.is_terminal());
    // The same turns once more, also the one that left no event.
    for (lock, commit) in [(&second.lock, end), (&third.lock, quiet)] {
        let again = store.commit_turn(lock, commit).await.unwrap();
        assert_eq!(again, Committed::AlreadyApplied);
    }

    let item = turn(&store).await;
    assert_eq!(
        (&item.lock.instance, item.last_event_id),
        (&id("a"), EventId(3))
    );
    assert!(item.lock.epoch > third.lock.epoch);
    let message = item.messages[0].message.as_ref().unwrap();
    assert!(matches!(
        message,
        Message::ActivityCompleted {
            source: EventId(2),
            ..
        }
    ));
    let work = activity(&store).await;
    assert_eq!(work.request.unwrap().input, "y");
    let old = store
        .complete_activity(&first_lock(&store), Ok(String::new()))
        .await;
    assert!(matches!(old, Err(ProviderError::LockLost)));
}

fn first_lock(_store: &RedbProvider) -> crate::provider::ActivityLock {
    crate::provider::ActivityLock {
        activity: 1,
        epoch: 1,
        token: 1,
    }
}

/// Numbers of instances, messages and activities are not given twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_in_a_new_life_leaves_alone_what_is_there() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    start(&store, "b").await;

    let memory = copy_of(&memory);
    let store = over(&memory);
    for message_id in 0..3 {
        let raised = super::poke();
        store.enqueue(&id("b"), message_id, raised).await.unwrap();
    }
    let item = turn(&store).await;
    assert_eq!((&item.lock.instance, item.messages.len()), (&id("b"), 4));
    for name in ["c", "d"] {
        start(&store, name).await;
        let item = turn(&store).await;
        assert_eq!(item.lock.instance, id(name));
        schedule(&store, &item, 2, &[name]).await;
    }

    let store = over(&copy_of(&memory));
    for name in ["a", "b", "c", "d"] {
        assert!(store.status(&id(name)).await.unwrap().is_some());
    }
    let item = turn(&store).await;
    assert_eq!((&item.lock.instance, item.messages.len()), (&id("b"), 4));
    for (instance, input) in [("a", "x"), ("c", "c"), ("d", "d")] {
        let work = activity(&store).await;
        assert_eq!(work.instance, id(instance));
        assert_eq!(work.request.unwrap().input, input);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_of_an_earlier_life_are_lost() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let old = turn(&store).await;
    let store = over(&copy_of(&memory));
    let commit = store.commit_turn(&old.lock, commit_of(&old, 1)).await;
    assert!(matches!(commit, Err(ProviderError::LockLost)));
    let renew = store.renew_turn(&old.lock, LEASE).await;
    assert!(matches!(renew, Err(ProviderError::LockLost)));
    assert!(turn(&store).await.lock.epoch > old.lock.epoch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_attempts_of_what_survives_grow_and_others_do_not() {
    let mut memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "suspect").await;
    start(&store, "worker").await;
    let first = turn(&store).await;
    assert_eq!(first.lock.instance, id("suspect"));
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    drop(store);
    for life in 1..=3 {
        // Opened, and nothing fetched: nobody is to blame.
        drop(over(&memory));
        memory = copy_of(&memory);
        let store = over(&memory);
        assert_eq!(turn(&store).await.messages[0].attempt, life);
        assert_eq!(activity(&store).await.attempt, life);
        memory = copy_of(&memory);
    }
    let store = over(&memory);
    let item = turn(&store).await;
    assert_eq!(item.messages[0].attempt, 4);
    store
        .abandon_turn(&item.lock, Duration::ZERO, true)
        .await
        .unwrap();
    let item = turn(&store).await;
    assert_eq!(item.messages[0].attempt, 4);
    store
        .commit_turn(&item.lock, commit_of(&item, 5))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_execution_begins_with_its_start_and_keeps_what_was_left() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x", "y"]).await;
    let work = activity(&store).await;
    store
        .complete_activity(&work.lock, Ok(String::new()))
        .await
        .unwrap();
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 2);
    commit.consumed.clear();
    let (next, continued) = super::again();
    commit.history_delta = events(&item, [scheduled("z"), continued]);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    store.commit_turn(&item.lock, commit.clone()).await.unwrap();
    for store in [store, over(&copy_of(&memory))] {
        let item = turn(&store).await;
        assert_eq!(item.execution_id, ExecutionId(2));
        assert_eq!(item.last_event_id, EventId::NONE);
        assert!(matches!(item.messages[0].message, Ok(Message::Start(_))));
        assert_eq!(item.messages.len(), 2);
        let again = store.commit_turn(&item.lock, commit.clone()).await.unwrap();
        assert_eq!(again, Committed::AlreadyApplied);
    }
}

/// Where the execution with the last turn is forgotten, a row of its own keeps the turn's id, until there is
/// a newer turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_turn_is_recognised_after_the_execution_before_it_was_forgotten() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 1);
    let (next, continued) = super::again();
    commit.history_delta = events(&item, [continued]);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    store.commit_turn(&item.lock, commit).await.unwrap();
    let forgotten = store.prune(&id("a"), None, None).await.unwrap();
    assert_eq!(forgotten.executions, 1);
    let item = turn(&store).await;
    assert_eq!((item.execution_id, item.last_turn_id), (ExecutionId(2), 1));
    let mut commit = commit_of(&item, 2);
    commit.history_delta = events(&item, []);
    store.commit_turn(&item.lock, commit.clone()).await.unwrap();
    for store in [store, over(&copy_of(&memory))] {
        let again = store.commit_turn(&item.lock, commit.clone()).await.unwrap();
        assert_eq!(again, Committed::AlreadyApplied);
    }
}

/// An activity outlives its execution; it is still that one's after the store was opened anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_names_what_its_own_execution_is_pinned_to() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    let work = activity(&store).await;
    store
        .abandon_activity(&work.lock, Duration::ZERO, true)
        .await
        .unwrap();
    let poke = super::poke();
    store.enqueue(&id("a"), 1, poke).await.unwrap();
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 2);
    let (mut next, continued) = super::again();
    "Another".clone_into(&mut next.name);
    commit.history_delta = events(&item, [continued]);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    store.commit_turn(&item.lock, commit).await.unwrap();
    for store in [over(&copy_of(&memory)), store] {
        let work = activity(&store).await;
        assert_eq!(work.execution_id, ExecutionId::FIRST);
        assert_eq!(work.orchestration, "Order");
        assert_eq!(work.version.as_deref(), Some("1.0.0"));
    }
}

/// What they ask for stands in the rows of their turns: each in its own, however close they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn activities_of_turns_that_follow_each_other_keep_their_inputs() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    for (number, input) in [(2, "y"), (3, "z")] {
        let poke = super::poke();
        store.enqueue(&id("a"), number, poke).await.unwrap();
        // Nothing is written but the call.
        let item = turn(&store).await;
        schedule(&store, &item, number, &[input]).await;
    }
    drop(store);
    let store = over(&memory);
    for (source, input) in [(2, "x"), (3, "y"), (4, "z")] {
        let work = activity(&store).await;
        assert_eq!(work.source, EventId(source));
        assert_eq!(work.request.unwrap().input, input);
    }
}

/// An instance in its second execution: what the first one calls, and what the second one does.
async fn two_executions(store: &RedbProvider, instance: &str, first: &[&str], second: &str) {
    start(store, instance).await;
    let item = turn(store).await;
    let mut commit = commit_of(&item, 1);
    let (next, continued) = super::again();
    let calls = first.iter().map(|input| scheduled(input));
    commit.history_delta = events(&item, calls.chain([continued]));
    commit.activities = super::calls(&commit.history_delta);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    store.commit_turn(&item.lock, commit).await.unwrap();
    let item = turn(store).await;
    schedule(store, &item, 2, &[second]).await;
}

/// The events that call them have the same number, here of the same instance, there of the same
/// execution.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn activities_of_other_executions_and_instances_keep_their_inputs() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    two_executions(&store, "a", &["x"], "y").await;
    two_executions(&store, "b", &[], "z").await;
    drop(store);
    let store = over(&memory);
    for (instance, execution, input) in [("a", 1, "x"), ("a", 2, "y"), ("b", 2, "z")] {
        let work = activity(&store).await;
        let whose = (work.instance, work.execution_id.0, work.source);
        assert_eq!(whose, (id(instance), execution, EventId(2)));
        assert_eq!(work.request.unwrap().input, input);
    }
}

/// Also if there is more to be had by the time that some of it was read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_takes_no_more_than_it_asks_for_whatever_has_to_be_read_first() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "idle").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    drop(store);
    let store = over(&memory);
    let poke = super::poke();
    start(&store, "first").await;
    store.enqueue(&id("idle"), 1, poke).await.unwrap();
    start(&store, "last").await;
    let two = soon(store.fetch_turns(TurnFetch::new(2, LEASE)));
    let taken: Vec<_> = two.await.unwrap();
    let taken: Vec<_> = taken.iter().map(|item| &item.lock.instance).collect();
    assert_eq!(taken, [&id("first"), &id("last")]);
    assert_eq!(turn(&store).await.lock.instance, id("idle"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_fetch_of_suspects_gives_their_locks_back() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    drop(store);
    let store = over(&copy_of(&memory));
    for _ in 0..20 {
        let mut fetch = store.fetch_turns(TurnFetch::new(1, LEASE));
        // One poll: it took the instance and waits for the disk, or parks.
        let polled = futures::poll!(&mut fetch);
        drop(fetch);
        if let std::task::Poll::Ready(items) = polled {
            let item = items.unwrap().pop().unwrap();
            store
                .abandon_turn(&item.lock, Duration::ZERO, true)
                .await
                .unwrap();
        }
    }
    let items = soon(store.fetch_turns(TurnFetch::new(1, LEASE)))
        .await
        .unwrap();
    assert_eq!(items[0].messages[0].attempt, 1);
}

#[test]
fn memory_is_the_same_for_whoever_shares_it() {
    let one = SharedMemory::new(InMemoryBackend::new());
    one.clone().set_len(3).unwrap();
    assert_eq!(one.len().unwrap(), 3);
}
