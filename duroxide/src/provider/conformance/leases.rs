//! When a lock on an instance ends by itself.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::time::Timestamp;

use crate::provider::TurnFetch;

use super::assertions::{assert_lost, messages, only};
use super::clock::ActivityClock;
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

/// When a lease ends, a parked fetch gets the instance, with the same messages.
pub async fn an_expired_lock_passes_to_the_next(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let old = driver.fetch_for(driver.short()).await;
    let new = driver.fetch().await;
    assert_eq!(
        (messages(&old), &old.lock.instance),
        (messages(&new), &new.lock.instance)
    );
    assert!(new.lock.epoch > old.lock.epoch);
    driver.expect_no_turn().await;
}

/// Whoever was overtaken has lost the lock for every verb, and disturbs nobody.
pub async fn a_lock_is_lost_by_being_taken_over(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let old = driver.fetch_for(driver.short()).await;
    let new = driver.fetch().await;
    assert_lost(driver.store.renew_turn(&old.lock, LONG).await);
    assert_lost(
        driver
            .store
            .abandon_turn(&old.lock, Duration::ZERO, true)
            .await,
    );
    assert_lost(
        driver
            .store
            .commit_turn(&old.lock, Turn::of(&old).complete("old").commit)
            .await,
    );
    driver.expect_no_turn().await;
    driver.commit(&new, Turn::of(&new).complete("new")).await;
    assert_lost(
        driver
            .store
            .commit_turn(&old.lock, Turn::of(&old).complete("old").commit)
            .await,
    );
    assert_eq!(driver.history(&id).await.len(), 2);
}

/// Safety rests on the epoch, not on the clock: a late turn counts if nobody took over.
pub async fn a_late_turn_counts_if_nobody_took_over(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    let id = driver.start("a").await;
    let item = driver.fetch_for(driver.short()).await;
    clock.pass(&driver, driver.short() * 2).await;
    driver.commit(&item, Turn::of(&item).complete("late")).await;
    assert!(driver.status(&id).await.state.is_terminal());
}

/// A renewed lock lives on behind the end of its first lease.
pub async fn renewing_extends_a_lease(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    driver.start("a").await;
    let item = driver.fetch_for(driver.short()).await;
    driver.store.renew_turn(&item.lock, LONG).await.unwrap();
    clock.pass(&driver, driver.short() * 2).await;
    driver.expect_no_turn().await;
    driver.store.renew_turn(&item.lock, LONG).await.unwrap();
    driver.commit(&item, Turn::of(&item)).await;
}

/// Renewing for a moment does not shorten a long lease.
pub async fn renewing_never_shortens_a_lease(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    driver
        .store
        .renew_turn(&item.lock, Duration::from_millis(1))
        .await
        .unwrap();
    clock.pass(&driver, Duration::from_millis(20)).await;
    driver.expect_no_turn().await;
    driver.commit(&item, Turn::of(&item)).await;
}

/// A lock that has expired cannot be renewed, also if nobody took it over.
pub async fn an_expired_lock_is_not_revived(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    driver.start("a").await;
    let item = driver.fetch_for(driver.short()).await;
    clock.pass(&driver, driver.short() * 2).await;
    assert_lost(driver.store.renew_turn(&item.lock, LONG).await);
    let next = driver.fetch().await;
    assert!(next.lock.epoch > item.lock.epoch);
}

/// A renewed lease ends too.
pub async fn a_renewed_lease_ends_too(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch_for(driver.short()).await;
    driver
        .store
        .renew_turn(&item.lock, driver.short() * 2)
        .await
        .unwrap();
    let next = driver.fetch().await;
    assert_eq!(next.lock.instance, item.lock.instance);
}

/// A lease begins when the lock is granted, not when a call was parked.
pub async fn a_lease_begins_when_it_is_granted(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(1, driver.short())));
    assert!(parked.as_mut().now_or_never().is_none());
    clock.pass(&driver, driver.short() * 2).await;
    driver.start("a").await;
    let item = only(driver.patiently(parked).await.unwrap());
    driver.store.renew_turn(&item.lock, LONG).await.unwrap();
    driver.commit(&item, Turn::of(&item)).await;
}

/// Many wait for the same lease to end: one of them gets the instance.
pub async fn an_expired_lock_passes_to_one_of_many(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    driver.fetch_for(driver.short()).await;
    let waiting = (0..8).map(|_| {
        let store = driver.share();
        tokio::spawn(async move {
            let item = only(store.fetch_turns(TurnFetch::new(1, LONG)).await.unwrap());
            let turn = Turn::of(&item).timer(Timestamp::ZERO);
            store.commit_turn(&item.lock, turn.commit).await.unwrap();
            item.messages[0].attempt
        })
    });
    let attempts = driver.patiently(join_all(waiting)).await;
    let mut attempts: Vec<_> = attempts.into_iter().map(Result::unwrap).collect();
    attempts.sort_unstable();
    // One took over the start; the others had the timers that followed, one after the other.
    assert_eq!(attempts, [1, 1, 1, 1, 1, 1, 1, 2]);
}
