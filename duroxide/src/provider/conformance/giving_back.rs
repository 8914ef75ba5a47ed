//! Giving turns and activities back unfinished.

use std::time::Duration;

use crate::time::Timestamp;

use super::assertions::{assert_lost, completed, messages, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

const DELAY: Duration = Duration::from_millis(60);

/// A turn given back without a delay is there at once, as it was.
pub async fn an_abandoned_turn_is_there_at_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let first = driver.fetch().await;
    driver.abandon(&first).await;
    let second = driver.fetch().await;
    assert_eq!(messages(&first), messages(&second));
    assert_eq!(first.messages[0].id, second.messages[0].id);
    assert!(driver.history(&id).await.is_empty());
}

/// A turn given back with a delay is not there before, and a parked fetch gets it afterwards.
pub async fn an_abandoned_turn_is_there_after_its_delay(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let before = driver.now();
    driver
        .store
        .abandon_turn(&item.lock, DELAY, false)
        .await
        .unwrap();
    let again = driver.fetch().await;
    assert_not_before(&driver, before);
    assert_eq!(messages(&again), messages(&item));
}

/// A message that arrives during the delay is not held back by it.
pub async fn a_delay_does_not_hold_back_what_arrives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "x").await;
    let item = driver.fetch().await;
    driver.complete(&y, "y").await;
    driver
        .store
        .abandon_turn(&item.lock, LONG, false)
        .await
        .unwrap();
    let fresh = driver.fetch().await;
    assert_eq!(
        messages(&fresh),
        [completed(y.source, "y")],
        "x is still held back"
    );
    driver.commit(&fresh, Turn::of(&fresh)).await;
}

/// The delay of one instance does not hold up another.
pub async fn a_delay_does_not_hold_up_other_instances(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    driver
        .store
        .abandon_turn(&item.lock, LONG, false)
        .await
        .unwrap();
    driver.expect_no_turn().await;
}

/// Whoever was overtaken cannot give back or delay what another one holds.
pub async fn an_overtaken_turn_cannot_be_given_back(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let old = driver.fetch_for(driver.short()).await;
    let new = driver.fetch().await;
    assert_lost(driver.store.abandon_turn(&old.lock, LONG, true).await);
    driver.expect_no_turn().await;
    driver.abandon(&new).await;
    let next = driver.fetch().await;
    assert_eq!(next.messages[0].attempt, 3, "neither delayed nor forgotten");
}

/// An activity given back without a delay is there at once, as it was.
pub async fn an_abandoned_activity_is_there_at_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let first = driver.begin_activity("a").await;
    let given_back = driver
        .store
        .abandon_activity(&first.lock, Duration::ZERO, false);
    given_back.await.unwrap();
    let second = driver.activity().await;
    assert_eq!(first.request.unwrap(), second.request.unwrap());
    assert_eq!(
        (first.source, first.instance),
        (second.source, second.instance)
    );
}

/// An activity given back with a delay is not there before, and a parked fetch gets it afterwards.
pub async fn an_abandoned_activity_is_there_after_its_delay(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let item = driver.begin_activity("a").await;
    let before = driver.now();
    driver
        .store
        .abandon_activity(&item.lock, DELAY, false)
        .await
        .unwrap();
    let again = driver.activity().await;
    assert_not_before(&driver, before);
    assert_eq!(again.source, item.source);
}

/// A delayed activity does not hold up those behind it.
pub async fn a_delayed_activity_does_not_hold_up_others(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let x = driver.activity().await;
    driver
        .store
        .abandon_activity(&x.lock, LONG, false)
        .await
        .unwrap();
    let y = only(driver.activities_up_to(ALL, LONG).await);
    assert_eq!(y.request.unwrap().name, "y");
    driver.expect_no_activity().await;
}

/// Whoever was overtaken cannot give back an activity that another one runs.
pub async fn an_overtaken_activity_cannot_be_given_back(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let old = driver.activity_for(driver.short()).await;
    let new = driver.activity().await;
    assert_lost(driver.store.abandon_activity(&old.lock, LONG, true).await);
    driver.expect_no_activity().await;
    let given_back = driver
        .store
        .abandon_activity(&new.lock, Duration::ZERO, false);
    given_back.await.unwrap();
    assert_eq!(
        driver.activity().await.attempt,
        3,
        "neither delayed nor forgotten"
    );
}

/// The lock of an activity that was given back is lost for every verb.
pub async fn an_activity_is_lost_by_abandoning(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let item = driver.begin_activity("a").await;
    driver
        .store
        .abandon_activity(&item.lock, LONG, false)
        .await
        .unwrap();
    assert_lost(
        driver
            .store
            .abandon_activity(&item.lock, Duration::ZERO, false)
            .await,
    );
    assert_lost(driver.store.renew_activity(&item.lock, LONG).await);
    assert_lost(
        driver
            .store
            .complete_activity(&item.lock, Ok(String::new()))
            .await,
    );
    driver.expect_no_activity().await;
}

/// The clocks of delays and of people run alike, but their ticks may differ by a little.
fn assert_not_before(driver: &Driver<'_>, before: Timestamp) {
    let passed = driver.now().since(before) + Duration::from_millis(5);
    assert!(passed >= DELAY, "it came after {passed:?} already");
}
