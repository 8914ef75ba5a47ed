//! Counting deliveries: what never gets through must be recognised in the end.

use std::time::Duration;

use crate::history::Message;
use crate::provider::TurnItem;

use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

fn attempts(item: &TurnItem) -> Vec<u32> {
    item.messages
        .iter()
        .map(|message| message.attempt)
        .collect()
}

/// The first delivery of a message is attempt 1, each that was given back counts.
pub async fn a_message_given_back_counts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    for expected in 1..=4 {
        let item = driver.fetch().await;
        assert_eq!(attempts(&item), [expected]);
        driver.abandon(&item).await;
    }
}

/// A delivery whose lease ran out counts.
pub async fn a_message_whose_lease_ended_counts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    for expected in 1..=3 {
        assert_eq!(
            attempts(&driver.fetch_for(driver.short()).await),
            [expected]
        );
    }
}

/// A forgotten delivery does not count, however often.
pub async fn a_forgotten_message_does_not_count(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    for _ in 0..3 {
        let item = driver.fetch().await;
        assert_eq!(attempts(&item), [1]);
        driver
            .store
            .abandon_turn(&item.lock, Duration::ZERO, true)
            .await
            .unwrap();
    }
    let counted = driver.fetch().await;
    driver.abandon(&counted).await;
    let item = driver.fetch().await;
    assert_eq!(attempts(&item), [2]);
    driver
        .store
        .abandon_turn(&item.lock, Duration::ZERO, true)
        .await
        .unwrap();
    assert_eq!(attempts(&driver.fetch().await), [2]);
}

/// Each message has its own count: one that joins later begins at 1.
pub async fn each_message_has_its_own_count(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "").await;
    for _ in 0..2 {
        let item = driver.fetch().await;
        driver.abandon(&item).await;
    }
    driver.complete(&y, "").await;
    let item = driver.fetch().await;
    assert_eq!(attempts(&item), [3, 1]);
    driver
        .store
        .abandon_turn(&item.lock, Duration::ZERO, true)
        .await
        .unwrap();
    assert_eq!(attempts(&driver.fetch().await), [3, 1]);
}

/// A message that a turn left, and no other one was consumed, is delivered once more, and that counts.
pub async fn a_message_left_by_a_turn_that_did_nothing_counts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    driver.commit(&item, Turn::idle(&item)).await;
    assert_eq!(attempts(&driver.fetch().await), [2]);
}

/// A message that a turn left while it consumed others was not what went wrong: a long inbox that is
/// worked off piece by piece does not look like poison.
pub async fn a_message_left_by_a_turn_that_did_something_does_not_count(
    factory: &dyn ProviderFactory,
) {
    let mut driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    for number in 0..6 {
        let message = Message::QueueEvent {
            queue: "q".to_owned(),
            data: number.to_string(),
        };
        driver.store.enqueue(&id, number, message).await.unwrap();
    }
    for left in (1..=6).rev() {
        if left == 3 {
            driver = driver.reopen().await;
        }
        let item = driver.fetch().await;
        assert_eq!(attempts(&item), vec![1; left]);
        let first = item.messages[0].id;
        driver
            .commit(&item, Turn::consuming(&item, |id| id == first))
            .await;
    }
}

/// A message that crashes its process again and again counts up: at most one delivery is missing.
pub async fn a_message_that_crashes_its_process_counts(factory: &dyn ProviderFactory) {
    let mut driver = Driver::new(factory).await;
    driver.start("a").await;
    for delivery in 1..=5 {
        let attempt = driver.fetch_for(driver.short()).await.messages[0].attempt;
        assert!(
            attempt <= delivery && attempt + 1 >= delivery,
            "{attempt} at {delivery}"
        );
        driver = driver.reopen().await;
    }
}

/// Activities count in the same way: given back, lease ended.
pub async fn an_activity_delivered_again_counts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let item = driver.begin_activity("a").await;
    assert_eq!(item.attempt, 1);
    driver
        .store
        .abandon_activity(&item.lock, Duration::ZERO, false)
        .await
        .unwrap();
    assert_eq!(driver.activity_for(driver.short()).await.attempt, 2);
    assert_eq!(driver.activity_for(driver.short()).await.attempt, 3);
    assert_eq!(driver.activity().await.attempt, 4);
}

/// A forgotten delivery of an activity does not count, however often.
pub async fn a_forgotten_activity_does_not_count(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut item = driver.begin_activity("a").await;
    for _ in 0..3 {
        driver
            .store
            .abandon_activity(&item.lock, Duration::ZERO, true)
            .await
            .unwrap();
        item = driver.activity().await;
        assert_eq!(item.attempt, 1);
    }
    driver
        .store
        .abandon_activity(&item.lock, Duration::ZERO, false)
        .await
        .unwrap();
    assert_eq!(driver.activity().await.attempt, 2);
}

/// Each activity has its own count.
pub async fn each_activity_has_its_own_count(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let x = driver.activity().await;
    driver
        .store
        .abandon_activity(&x.lock, Duration::ZERO, false)
        .await
        .unwrap();
    let (x, y) = (driver.activity().await, driver.activity_for(LONG).await);
    assert_eq!((x.attempt, y.attempt), (2, 1));
}

/// An activity that crashes its process again and again counts up: at most one is missing.
pub async fn an_activity_that_crashes_its_process_counts(factory: &dyn ProviderFactory) {
    let mut driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    for delivery in 1..=5 {
        let attempt = driver.activity_for(driver.short()).await.attempt;
        assert!(
            attempt <= delivery && attempt + 1 >= delivery,
            "{attempt} at {delivery}"
        );
        driver = driver.reopen().await;
    }
}
