//! What is handed out with a lock, in which order, and what becomes of it.

use std::collections::BTreeSet;

use crate::history::Message;

use super::assertions::{completed, messages, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

/// An instance without messages is not handed out.
pub async fn an_instance_without_messages_is_not_handed_out(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    driver.expect_no_turn().await;
}

/// All messages are handed out with one lock, in the order of their arrival.
pub async fn messages_come_together_in_the_order_of_arrival(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |mut turn| {
            for _ in 0..20 {
                turn = turn.schedule("x", "");
            }
            turn
        })
        .await;
    let mut activities = driver.activities_up_to(20, LONG).await;
    assert_eq!(activities.len(), 20);
    // Some order that is neither that of the events nor its reverse.
    activities.sort_by_key(|item| item.source.0 * 7 % 23);
    let mut expected = Vec::new();
    for (number, item) in activities.iter().enumerate() {
        driver.complete(item, &number.to_string()).await;
        expected.push(completed(item.source, &number.to_string()));
    }
    let item = driver.turn(|turn| turn.complete("")).await;
    assert_eq!(messages(&item), expected);
}

/// The start comes first, also if other messages were there before it.
pub async fn the_start_comes_first(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    for item in driver.activities_up_to(2, LONG).await {
        driver.complete(&item, "").await;
    }
    let item = driver.fetch().await;
    driver
        .commit(&item, Turn::idle(&item).continue_as_new("two"))
        .await;
    for _ in 0..2 {
        let next = driver.fetch().await;
        assert_eq!(next.messages.len(), 3);
        assert!(matches!(messages(&next)[0], Message::Start(_)));
        driver.abandon(&next).await;
    }
}

/// What arrives while the instance is locked waits for the next lock, which covers it.
pub async fn messages_that_arrive_during_a_lock_wait(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "x").await;
    let item = driver.fetch().await;
    driver.complete(&y, "y").await;
    driver.expect_no_turn().await;
    driver.commit(&item, Turn::of(&item)).await;
    let next = driver.fetch().await;
    assert_eq!(messages(&next), [completed(y.source, "y")]);
    assert_eq!(next.messages[0].attempt, 1);
}

/// The same holds if the lock is given back: the next one covers the old and the new.
pub async fn messages_that_arrive_during_a_lost_turn_join_it(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "x").await;
    let item = driver.fetch().await;
    driver.complete(&y, "y").await;
    driver.abandon(&item).await;
    let next = driver.fetch().await;
    assert_eq!(
        messages(&next),
        [completed(x.source, "x"), completed(y.source, "y")]
    );
}

/// A turn deletes the messages that it consumed, and no others.
pub async fn only_consumed_messages_are_deleted(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            turn.schedule("x", "").schedule("x", "").schedule("x", "")
        })
        .await;
    for item in driver.activities_up_to(3, LONG).await {
        driver.complete(&item, "").await;
    }
    let all = driver.fetch().await;
    let middle = all.messages[1].id;
    driver
        .commit(&all, Turn::consuming(&all, |id| id == middle))
        .await;
    let rest = driver.fetch().await;
    let kept: Vec<_> = rest.messages.iter().map(|message| message.id).collect();
    assert_eq!(kept, [all.messages[0].id, all.messages[2].id]);
    assert_eq!(
        messages(&rest),
        [messages(&all).remove(0), messages(&all).remove(2)]
    );
    driver.commit(&rest, Turn::of(&rest)).await;
    driver.expect_no_turn().await;
}

/// A turn may consume nothing; everything is handed out again.
pub async fn a_turn_may_consume_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    driver.commit(&item, Turn::idle(&item)).await;
    let again = driver.fetch().await;
    assert_eq!(messages(&item), messages(&again));
}

/// No two messages of a store have the same id while they are there.
pub async fn messages_have_ids_of_their_own(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for id in ["a", "b", "c"] {
        driver
            .begin(id, |turn| turn.schedule("x", "").schedule("y", ""))
            .await;
    }
    for item in driver.activities_up_to(ALL, LONG).await {
        driver.complete(&item, "").await;
    }
    let items = driver.fetch_up_to(ALL, LONG).await;
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for message in items.iter().flat_map(|item| &item.messages) {
        ids.insert(message.id);
        count += 1;
    }
    assert_eq!(ids.len(), count);
}

/// A call never gives more instances than it was asked for, and each of them once.
pub async fn a_fetch_gives_no_more_than_asked_for(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in 0..7 {
        driver.start(&format!("a{number}")).await;
    }
    let mut seen = BTreeSet::new();
    while seen.len() < 7 {
        let items = driver.fetch_up_to(3, LONG).await;
        assert!(!items.is_empty() && items.len() <= 3);
        for item in items {
            only(item.messages.clone());
            assert!(seen.insert(item.lock.instance.clone()), "{item:?} twice");
        }
    }
    driver.expect_no_turn().await;
}

/// A message reaches the instance that it is for, and no other one.
pub async fn messages_reach_their_own_instance(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for id in ["a", "b", "c"] {
        driver.begin(id, |turn| turn.schedule("x", id)).await;
    }
    for item in driver.activities_up_to(ALL, LONG).await {
        let input = item.request.as_ref().unwrap().input.clone();
        assert_eq!(input, item.instance.as_str());
        driver.complete(&item, &input).await;
    }
    for item in driver.fetch_up_to(ALL, LONG).await {
        let Message::ActivityCompleted { result, .. } = &messages(&item)[0] else {
            panic!("it is a completion");
        };
        assert_eq!(*result, item.lock.instance.as_str());
    }
}
