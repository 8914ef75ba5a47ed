//! Turns that consume what they must not. As in [`refusals`](super::refusals).

use crate::provider::MessageId;

use super::driver::{Driver, LONG};
use super::refusals::{refuses, refuses_once};
use super::{ProviderFactory, Turn};

/// Consuming a message that nobody knows is refused.
pub async fn consuming_an_unknown_message_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| commit.consumed.push(MessageId(u64::MAX))).await;
}

/// Consuming a message of another instance is refused.
pub async fn consuming_a_message_of_another_instance_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    driver.start("b").await;
    let (one, two) = (driver.fetch().await, driver.fetch().await);
    let foreign = two.messages[0].id;
    let spoilt = Turn::of(&one).with(|commit| commit.consumed.push(foreign));
    refuses_once(&driver, &one, Turn::of(&one), spoilt.commit).await;
    driver.commit(&two, Turn::of(&two).complete("")).await;
}

/// Consuming a message that is consumed already is refused.
pub async fn consuming_a_message_twice_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    for item in driver.activities_up_to(2, LONG).await {
        driver.complete(&item, "").await;
    }
    let item = driver.fetch().await;
    let first = item.messages[0].id;
    driver
        .commit(&item, Turn::consuming(&item, |id| id == first))
        .await;
    let item = driver.fetch().await;
    let spoilt = Turn::of(&item).with(|commit| commit.consumed.push(first));
    refuses_once(&driver, &item, Turn::of(&item), spoilt.commit).await;
}

/// Consuming a message of the same instance that was not handed out with the lock is refused.
pub async fn consuming_a_message_not_handed_out_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "").await;
    let held_back = driver.fetch().await;
    driver
        .store
        .abandon_turn(&held_back.lock, LONG, false)
        .await
        .unwrap();
    driver.complete(&y, "").await;
    let item = driver.fetch().await;
    let other = held_back.messages[0].id;
    let spoilt = Turn::of(&item).with(|commit| commit.consumed.push(other));
    refuses_once(&driver, &item, Turn::of(&item), spoilt.commit).await;
}
