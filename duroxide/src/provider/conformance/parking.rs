//! Parked fetches wake when there is something, and leave no trace when they are dropped.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::history::InstanceId;
use crate::provider::{ActivityFetch, TurnFetch, TurnItem};

use super::assertions::{fresh, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

/// A start wakes a parked fetch.
pub async fn a_start_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let woken = wakes(&driver, async { driver.start("a").await }).await;
    assert_eq!(woken.lock.instance.as_str(), "a");
}

/// The completion of an activity wakes a parked fetch.
pub async fn a_completion_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    wakes(&driver, driver.complete(&activity, "")).await;
}

/// A turn given back wakes a parked fetch.
pub async fn an_abandoned_turn_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    wakes(&driver, driver.abandon(&item)).await;
}

/// A commit wakes a parked fetch if messages arrived during the lock.
pub async fn a_commit_wakes_a_fetch_for_what_arrived_meanwhile(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "").await;
    let item = driver.fetch().await;
    driver.complete(&y, "").await;
    let woken = wakes(&driver, driver.commit(&item, Turn::of(&item))).await;
    assert_eq!(woken.messages.len(), 1);
}

/// A commit wakes a parked fetch if it left messages unconsumed.
pub async fn a_commit_wakes_a_fetch_for_what_it_left(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    wakes(&driver, driver.commit(&item, Turn::idle(&item))).await;
}

/// Continuing as new wakes a parked fetch for the next execution.
pub async fn continuing_as_new_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).continue_as_new("two");
    let woken = wakes(&driver, driver.commit(&item, turn)).await;
    assert_eq!(woken.execution_id.0, 2);
}

/// A commit wakes a parked fetch of activities.
pub async fn a_commit_wakes_a_fetch_of_activities(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let mut parked = pin!(driver.store.fetch_activities(ActivityFetch::new(ALL, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    driver
        .commit(&item, Turn::of(&item).schedule("x", ""))
        .await;
    only(driver.patiently(parked).await.unwrap());
}

/// An activity given back wakes a parked fetch.
pub async fn an_abandoned_activity_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let item = driver.begin_activity("a").await;
    let mut parked = pin!(driver.store.fetch_activities(ActivityFetch::new(ALL, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    let given_back = driver
        .store
        .abandon_activity(&item.lock, Duration::ZERO, false);
    given_back.await.unwrap();
    only(driver.patiently(parked).await.unwrap());
}

/// A fetch that was dropped while it was parked has locked nothing.
pub async fn a_dropped_fetch_has_locked_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..20 {
        {
            let mut turns = pin!(driver.store.fetch_turns(TurnFetch::new(ALL, LONG)));
            let mut activities = pin!(driver.store.fetch_activities(ActivityFetch::new(ALL, LONG)));
            assert!(
                turns.as_mut().now_or_never().is_none()
                    && activities.as_mut().now_or_never().is_none()
            );
        }
        let item = driver.begin_activity(&fresh("a")).await;
        assert_eq!(item.attempt, 1);
        driver.complete(&item, "").await;
        assert_eq!(
            driver.turn(|turn| turn.complete("")).await.messages[0].attempt,
            1
        );
    }
}

/// A wake-up that went to a fetch which is dropped then is not lost for the others.
pub async fn a_dropped_fetch_takes_no_wake_up_with_it(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..20 {
        let mut stays = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
        {
            let mut first = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
            assert!(first.as_mut().now_or_never().is_none());
            assert!(stays.as_mut().now_or_never().is_none());
            // Woken, but never polled again.
            driver.start(&fresh("a")).await;
        }
        let item = only(driver.patiently(stays).await.unwrap());
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
}

/// A wake-up reaches those whom it concerns, however many others are parked before them.
pub async fn a_wake_up_reaches_whom_it_concerns(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let other = InstanceId::new("never").unwrap();
    let mut elsewhere = pin!(driver.store.wait(&other, 0));
    assert!(elsewhere.as_mut().now_or_never().is_none());
    let mut activities = pin!(driver.store.fetch_activities(ActivityFetch::new(1, LONG)));
    assert!(activities.as_mut().now_or_never().is_none());
    let mut turns = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(turns.as_mut().now_or_never().is_none());
    let id = driver.start("a").await;
    let item = only(driver.patiently(turns).await.unwrap());
    assert_eq!(item.lock.instance, id);
    let mut turns = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(turns.as_mut().now_or_never().is_none());
    let mut news = pin!(driver.store.wait(&id, driver.status(&id).await.change));
    assert!(news.as_mut().now_or_never().is_none());
    driver
        .commit(&item, Turn::of(&item).schedule("x", ""))
        .await;
    let activity = only(driver.patiently(activities).await.unwrap());
    driver.patiently(news).await.unwrap();
    driver.complete(&activity, "").await;
    only(driver.patiently(turns).await.unwrap());
}

/// Parks a fetch, lets something happen, and gives what the fetch returned.
async fn wakes<T>(driver: &Driver<'_>, happens: impl Future<Output = T>) -> TurnItem {
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(ALL, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    happens.await;
    only(driver.patiently(parked).await.unwrap())
}
