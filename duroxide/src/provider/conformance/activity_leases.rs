//! When a lock on an activity ends by itself.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::provider::ActivityFetch;

use super::ProviderFactory;
use super::assertions::{assert_lost, only};
use super::clock::TurnClock;
use super::driver::{Driver, LONG};

/// When a lease ends, a parked fetch gets the activity.
pub async fn an_expired_activity_passes_to_the_next(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let old = driver.activity_for(driver.short()).await;
    let new = driver.activity().await;
    assert_eq!((&new.instance, new.source), (&old.instance, old.source));
    assert_eq!(new.request.unwrap(), old.request.unwrap());
    assert!(new.lock.epoch > old.lock.epoch);
    assert_lost(driver.store.renew_activity(&old.lock, LONG).await);
    driver.expect_no_activity().await;
}

/// A renewed lock lives on behind the end of its first lease.
pub async fn renewing_extends_the_lease_of_an_activity(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = TurnClock::new(&driver).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let item = driver.activity_for(driver.short()).await;
    driver.store.renew_activity(&item.lock, LONG).await.unwrap();
    clock.pass(&driver, driver.short() * 2).await;
    driver.expect_no_activity().await;
    driver.store.renew_activity(&item.lock, LONG).await.unwrap();
    driver.complete(&item, "").await;
}

/// Renewing for a moment does not shorten a long lease.
pub async fn renewing_never_shortens_the_lease_of_an_activity(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = TurnClock::new(&driver).await;
    let item = driver.begin_activity("a").await;
    driver
        .store
        .renew_activity(&item.lock, Duration::from_millis(1))
        .await
        .unwrap();
    clock.pass(&driver, Duration::from_millis(20)).await;
    driver.expect_no_activity().await;
    driver.complete(&item, "").await;
}

/// A lock that has expired cannot be renewed, also if nobody took it over.
pub async fn an_expired_activity_is_not_revived(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = TurnClock::new(&driver).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let item = driver.activity_for(driver.short()).await;
    clock.pass(&driver, driver.short() * 2).await;
    assert_lost(driver.store.renew_activity(&item.lock, LONG).await);
    assert_eq!(driver.activity().await.attempt, 2);
}

/// A lease begins when the lock is granted, not when a call was parked.
pub async fn the_lease_of_an_activity_begins_when_it_is_granted(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = TurnClock::new(&driver).await;
    let mut parked = pin!(
        driver
            .store
            .fetch_activities(ActivityFetch::new(1, driver.short()))
    );
    assert!(parked.as_mut().now_or_never().is_none());
    clock.pass(&driver, driver.short() * 2).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let item = only(driver.patiently(parked).await.unwrap());
    driver.store.renew_activity(&item.lock, LONG).await.unwrap();
    driver.complete(&item, "").await;
}

/// An activity outlives the lock on the turn of its instance, and the other way round.
pub async fn turns_and_activities_are_locked_apart(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let x = driver.activity().await;
    driver.complete(&x, "").await;
    let turn = driver.fetch().await;
    let y = driver.activity().await;
    driver.store.renew_activity(&y.lock, LONG).await.unwrap();
    driver.abandon(&turn).await;
    driver.store.renew_activity(&y.lock, LONG).await.unwrap();
    driver.complete(&y, "").await;
    assert_eq!(driver.fetch().await.messages.len(), 2);
}
