//! Timers, seen from outside.

use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;

use super::reopening::{copy_of, over};
use super::world::World;
use super::{
    LEASE, commit_of, id, is_quiet, message_ids, set_timers, soon, start, timers_of, turn,
};
use crate::env::{Env, EnvRef, TokioEnv};
use crate::history::Message;
use crate::provider::Provider as _;
use crate::provider::TurnFetch;
use crate::storage::redb::RedbProvider;
use crate::time::Timestamp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_fire_in_their_order_and_not_early() {
    let store = RedbProvider::in_memory().unwrap();
    let env = TokioEnv::new();
    start(&store, "a").await;
    let item = turn(&store).await;
    let base = env.now();
    let at = |millis| base.saturating_add(Duration::from_millis(millis));
    // With several parked at once.
    let others: Vec<_> = (0..3)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.fetch_turns(TurnFetch::new(1, LEASE)).await })
        })
        .collect();
    set_timers(&store, &item, 1, &[at(900), at(300), at(600)]).await;
    for other in &others {
        while !other.is_finished() && !store.shared().lock().state.turn_lot.is_attended() {
            tokio::task::yield_now().await;
        }
    }
    for other in others {
        other.abort();
        drop(other.await);
    }
    let mut fired = Vec::new();
    let mut last = None;
    while fired.len() < 3 {
        let item = turn(&store).await;
        for message in &item.messages {
            let Ok(Message::TimerFired { fire_at, .. }) = message.message else {
                panic!("{message:?}");
            };
            assert!(env.now() >= fire_at);
            fired.push(fire_at);
        }
        let commit = commit_of(&item, 100 + fired.len() as u128);
        store.commit_turn(&item.lock, commit).await.unwrap();
        last = Some(item);
    }
    assert_eq!(fired, [at(300), at(600), at(900)]);
    assert!(!message_ids(&last.unwrap()).is_empty());
    assert!(is_quiet(&store).await);
}

/// A wall clock that can be set forward.
#[derive(Debug)]
struct Ahead {
    real: TokioEnv,
    by: Duration,
}

impl Env for Ahead {
    fn now(&self) -> Timestamp {
        self.real.now().saturating_add(self.by)
    }
    fn elapsed(&self) -> Duration {
        self.real.elapsed()
    }
    fn unique_id(&self) -> u128 {
        self.real.unique_id()
    }
    fn spawn(&self, task: futures_util::future::BoxFuture<'static, ()>) {
        self.real.spawn(task);
    }
    fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
        self.real.blocking(job);
    }
    fn sleep(&self, duration: Duration) -> futures_util::future::BoxFuture<'static, ()> {
        self.real.sleep(duration)
    }
}

fn ahead(memory: &Arc<InMemoryBackend>, by: Duration) -> RedbProvider {
    let memory = super::reopening::Shared(Arc::clone(memory));
    let env: EnvRef = Arc::new(Ahead {
        real: TokioEnv::new(),
        by,
    });
    let factory = move || Ok(memory.clone());
    RedbProvider::options()
        .env(env)
        .open_backend(factory)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn far_timers_survive_and_are_loaded_when_they_come_near() {
    const MANY: usize = 5_000;
    let memory = Arc::new(InMemoryBackend::new());
    let hour = Duration::from_secs(3_600);
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    let due = TokioEnv::new().now().saturating_add(hour);
    set_timers(&store, &item, 1, &vec![due; MANY]).await;
    assert!(is_quiet(&store).await);
    drop(store);
    drop(over(&memory));
    // An hour later, all at the same instant: more than are loaded at a time.
    let store = ahead(&memory, hour + Duration::from_secs(1));
    let mut fired = 0;
    while fired < MANY {
        let item = turn(&store).await;
        fired += item.messages.len();
        let commit = commit_of(&item, 10 + fired as u128);
        store.commit_turn(&item.lock, commit).await.unwrap();
    }
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_timer_is_gone_wherever_it_was() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    let now = TokioEnv::new().now();
    let near = now.saturating_add(Duration::from_millis(400));
    let far = now.saturating_add(Duration::from_secs(3_600));
    set_timers(&store, &item, 1, &[now, near, far]).await;
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 2);
    commit.cancelled_timers = timers_of(&super::history(&store, "a").await);
    assert_eq!(commit.cancelled_timers.len(), 3);
    store.commit_turn(&item.lock, commit).await.unwrap();
    drop(store);
    let store = ahead(&memory, Duration::from_secs(7_200));
    assert!(is_quiet(&store).await);
}

/// Also if it has fired already, and lies among others that wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_a_timer_takes_no_other_message_away() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory);
    start(&store, "a").await;
    let item = turn(&store).await;
    let now = TokioEnv::new().now();
    set_timers(&store, &item, 1, &[now, now]).await;
    let poke = super::poke();
    store.enqueue(&id("a"), 1, poke.clone()).await.unwrap();
    let item = turn(&store).await;
    assert_eq!(item.messages.len(), 3);
    let mut commit = commit_of(&item, 2);
    commit.consumed.clear();
    let mut timers = timers_of(&super::history(&store, "a").await);
    let kept = timers.split_off(1);
    commit.cancelled_timers = timers;
    store.commit_turn(&item.lock, commit).await.unwrap();
    for store in [over(&copy_of(&memory)), store] {
        let item = turn(&store).await;
        let left = item.messages.iter().map(|it| it.message.clone().unwrap());
        let left: Vec<_> = left.collect();
        assert_eq!(left.len(), 2);
        assert!(left.contains(&poke));
        let is_kept = |message: &Message| matches!(message, Message::TimerFired { source, .. } if *source == kept[0].source);
        assert!(left.iter().any(is_kept), "{left:?}");
    }
}

/// It is a message by then, which the turn that cancels it does not have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_fires_while_it_is_cancelled_is_not_heard_of() {
    let world = World::new();
    let store = world.store();
    start(&store, "a").await;
    let item = turn(&store).await;
    let second = Duration::from_secs(1);
    let due = world.now().saturating_add(second * 10);
    set_timers(&store, &item, 1, &[due]).await;
    let raised = super::poke();
    store.enqueue(&id("a"), 7, raised).await.unwrap();
    let item = turn(&store).await;
    assert_eq!(item.messages.len(), 1);
    world.pass(second * 11);
    let mut other = store.fetch_turns(TurnFetch::new(1, LEASE));
    assert!(futures::poll!(&mut other).is_pending());
    let mut commit = commit_of(&item, 2);
    commit.cancelled_timers = timers_of(&super::history(&store, "a").await);
    store.commit_turn(&item.lock, commit).await.unwrap();
    assert!(futures::poll!(&mut other).is_pending());
    drop(other);
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_renewed_is_good_for_longer_and_never_for_less() {
    let world = World::new();
    let store = world.store();
    start(&store, "a").await;
    let item = turn(&store).await;
    for lock_timeout in [LEASE * 4, LEASE / 4] {
        store.renew_turn(&item.lock, lock_timeout).await.unwrap();
    }
    world.pass(LEASE * 3);
    let mut other = store.fetch_turns(TurnFetch::new(1, LEASE));
    assert!(futures::poll!(&mut other).is_pending());
    drop(other);
    store.renew_turn(&item.lock, LEASE / 4).await.unwrap();
    world.pass(LEASE);
    assert_eq!(turn(&store).await.messages[0].attempt, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_lease_and_a_delay_wake_a_parked_fetch() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let short = Duration::from_millis(40);
    let first = store
        .fetch_turns(TurnFetch::new(1, short))
        .await
        .unwrap()
        .remove(0);
    let second = turn(&store).await;
    assert_eq!(second.messages[0].attempt, 2);
    assert!(store.renew_turn(&first.lock, LEASE).await.is_err());
    store
        .abandon_turn(&second.lock, short, false)
        .await
        .unwrap();
    let third = soon(store.fetch_turns(TurnFetch::new(1, short)))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(third.messages[0].attempt, 3);
    // Its time is over, but nobody else has it.
    tokio::time::sleep(short * 2).await;
    assert!(store.renew_turn(&third.lock, LEASE).await.is_err());
    store
        .commit_turn(&third.lock, commit_of(&third, 1))
        .await
        .unwrap();
    assert!(is_quiet(&store).await);
}
