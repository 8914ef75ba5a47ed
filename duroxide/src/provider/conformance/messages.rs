//! Messages from one instance to another: delivered with the commit, or dropped if there is nobody.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::history::{InstanceId, Message};
use crate::provider::{Committed, ProviderError, TurnFetch};

use super::asking::cancel;
use super::assertions::{assert_lost, messages, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

fn event(data: &str) -> Message {
    Message::QueueEvent {
        queue: "q".to_owned(),
        data: data.to_owned(),
    }
}

/// An instance that waits for something.
async fn waiting(driver: &Driver<'_>, id: &str) -> InstanceId {
    driver.begin(id, |turn| turn).await
}

/// A message for an instance that does not exist is dropped. It stops neither its turn, nor the
/// other messages of that, nor anybody else; and whoever gets that id later knows nothing of it.
pub async fn a_message_to_nobody_holds_up_nobody(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let live = waiting(&driver, "b").await;
    driver
        .begin("a", |turn| {
            let turn = turn.tell("ghost", cancel("x")).tell("b", event("1"));
            turn.tell("ghost", event("x")).tell("b", event("2"))
        })
        .await;
    let item = driver.turn_of(&live, |turn| turn.complete("")).await;
    assert_eq!(messages(&item), [event("1"), event("2")]);
    let fresh = driver.begin("fresh", |turn| turn.complete("")).await;
    assert!(driver.status(&fresh).await.state.is_terminal());
    driver.expect_no_turn().await;
    let ghost = driver.start("ghost").await;
    assert_eq!(driver.fetch_turn_of(&ghost).await.messages.len(), 1);
}

/// Messages keep the order in which the turn sends them, and follow what is there.
pub async fn messages_arrive_in_their_order(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let target = driver.start("b").await;
    driver.store.enqueue(&target, 1, event("0")).await.unwrap();
    driver.start("a").await;
    let item = driver.fetch_turn_of(&InstanceId::new("a").unwrap()).await;
    let turn = (1..=9).fold(Turn::of(&item), |turn, number| {
        turn.tell("b", event(&number.to_string()))
    });
    driver.commit(&item, turn).await;
    let received = messages(&driver.fetch().await);
    let expected: Vec<_> = (0..=9).map(|number| event(&number.to_string())).collect();
    assert_eq!(received[1..], expected);
}

/// A turn can send to an instance that it starts: the start comes first.
pub async fn a_message_follows_the_start_of_its_own_turn(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.tell("b", cancel("x")).detached("b"))
        .await;
    let received = messages(&driver.fetch().await);
    assert!(matches!(received[0], Message::Start(_)), "{received:?}");
    assert_eq!(received[1..], [cancel("x")]);
}

/// An instance can send to itself: the message is for its next turn.
pub async fn a_message_to_oneself_arrives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.tell("a", event("1"))).await;
    let item = driver.turn(|turn| turn.complete("")).await;
    assert_eq!(messages(&item), [event("1")]);
    driver.expect_no_turn().await;
}

/// A message for an instance whose turn is under way waits for the next one.
pub async fn a_message_during_a_lock_waits(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let target = driver.start("b").await;
    let item = driver.fetch().await;
    driver.begin("a", |turn| turn.tell("b", event("1"))).await;
    driver.commit(&item, Turn::of(&item)).await;
    let next = driver.fetch().await;
    assert_eq!(
        (next.lock.instance.clone(), messages(&next)),
        (target, vec![event("1")])
    );
}

/// A message for an instance that has ended is handed out as such.
pub async fn a_message_after_the_end_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let target = driver.ended("b").await;
    let before = driver.status(&target).await;
    driver.begin("a", |turn| turn.tell("b", event("1"))).await;
    let item = driver.turn(|turn| turn).await;
    assert!(item.ended && messages(&item) == [event("1")], "{item:?}");
    assert_eq!(driver.status(&target).await, before);
    driver.expect_no_turn().await;
}

/// A message wakes a parked fetch.
pub async fn a_message_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let target = waiting(&driver, "b").await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    driver
        .commit(&item, Turn::of(&item).tell("b", event("1")))
        .await;
    let woken = only(driver.patiently(parked).await.unwrap());
    assert_eq!(woken.lock.instance, target);
}

/// What is not committed is not sent.
pub async fn a_message_counts_with_its_commit(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    waiting(&driver, "b").await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).tell("b", event("1"));
    let wrong = turn.clone().with(|commit| commit.history_delta.clear());
    let wrong = wrong.with(|commit| commit.execution_id = commit.execution_id.next());
    let refused = driver.store.commit_turn(&item.lock, wrong.commit).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?}"
    );
    driver.abandon(&item).await;
    assert_lost(driver.store.commit_turn(&item.lock, turn.commit).await);
    driver.turn(|turn| turn.complete("")).await;
    driver.expect_no_turn().await;
}

/// A turn that is committed again sends once.
pub async fn a_repeated_turn_sends_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    waiting(&driver, "b").await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).tell("b", event("1"));
    driver.commit(&item, turn.clone()).await;
    let again = driver.store.commit_turn(&item.lock, turn.commit).await;
    assert_eq!(again.unwrap(), Committed::AlreadyApplied);
    assert_eq!(messages(&driver.fetch().await), [event("1")]);
}

/// A message survives a crash, and so does that its sender has sent it.
pub async fn a_message_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    waiting(&driver, "b").await;
    driver
        .begin("a", |turn| turn.tell("b", event("1")).complete(""))
        .await;
    let driver = driver.reopen().await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), [event("1")]);
    driver.expect_no_turn().await;
}

/// Of many senders at the same moment every message arrives.
pub async fn messages_of_many_senders_all_arrive(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let hub = waiting(&driver, "hub").await;
    for number in 0..16 {
        driver.start(&format!("sender-{number}")).await;
    }
    let items = driver.fetch_up_to(ALL, LONG).await;
    let commits = items.iter().map(|item| {
        let sender = item.lock.instance.as_str();
        let turn = Turn::of(item)
            .tell("hub", event(sender))
            .tell("hub", event("x"));
        let (store, lock) = (driver.share(), item.lock.clone());
        tokio::spawn(async move { store.commit_turn(&lock, turn.commit).await })
    });
    for committed in join_all(commits).await {
        assert_eq!(committed.unwrap().unwrap(), Committed::Applied);
    }
    assert_eq!(driver.fetch_turn_of(&hub).await.messages.len(), 32);
}

/// Two instances that tell each other at the same moment do not stop each other.
pub async fn two_instances_tell_each_other(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    driver.start("b").await;
    for round in 0..20 {
        let items = [driver.fetch().await, driver.fetch().await];
        let commits = items.iter().map(|item| {
            let own = item.lock.instance.as_str();
            let other = if own == "a" { "b" } else { "a" };
            let turn = Turn::of(item).tell(other, event(&round.to_string()));
            let (store, lock) = (driver.share(), item.lock.clone());
            tokio::spawn(async move { store.commit_turn(&lock, turn.commit).await })
        });
        for committed in driver.patiently(join_all(commits)).await {
            assert_eq!(committed.unwrap().unwrap(), Committed::Applied);
        }
    }
    for _ in 0..2 {
        let item = driver.turn(|turn| turn.complete("")).await;
        assert_eq!(messages(&item), [event("19")]);
        assert_eq!(driver.history(&item.lock.instance).await.len(), 22);
    }
    driver.expect_no_turn().await;
}
