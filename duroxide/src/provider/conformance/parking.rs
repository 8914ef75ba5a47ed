//! Parked fetches wake when there is something, and leave no trace when they are dropped.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::poll;

use crate::history::InstanceId;
use crate::provider::TurnItem;

use super::assertions::{fresh, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn, first_start};

/// Rounds of those rules that look for rare races.
const ROUNDS: usize = 300;

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
    let mut parked = pin!(driver.store.fetch_activities(ALL, LONG));
    assert!(poll!(&mut parked).is_pending());
    driver
        .commit(&item, Turn::of(&item).schedule("x", ""))
        .await;
    only(driver.patiently(parked).await.unwrap());
}

/// An activity given back wakes a parked fetch.
pub async fn an_abandoned_activity_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let item = driver.begin_activity("a").await;
    let mut parked = pin!(driver.store.fetch_activities(ALL, LONG));
    assert!(poll!(&mut parked).is_pending());
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
            let mut turns = pin!(driver.store.fetch_turns(ALL, LONG));
            let mut activities = pin!(driver.store.fetch_activities(ALL, LONG));
            assert!(poll!(&mut turns).is_pending() && poll!(&mut activities).is_pending());
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
        let mut stays = pin!(driver.store.fetch_turns(1, LONG));
        {
            let mut first = pin!(driver.store.fetch_turns(1, LONG));
            assert!(poll!(&mut first).is_pending());
            assert!(poll!(&mut stays).is_pending());
            // Woken, but never polled again.
            driver.start(&fresh("a")).await;
        }
        let item = only(driver.patiently(stays).await.unwrap());
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
}

/// Many are parked and as many instances are started: each fetch gets one.
pub async fn each_of_many_parked_fetches_gets_a_turn(factory: &dyn ProviderFactory) {
    const FETCHES: usize = 4;
    let driver = Driver::new(factory).await;
    for _ in 0..ROUNDS {
        let parked = (0..FETCHES).map(|_| {
            let store = driver.share();
            tokio::spawn(async move {
                let item = only(store.fetch_turns(1, LONG).await.unwrap());
                store
                    .commit_turn(&item.lock, Turn::of(&item).complete("").commit)
                    .await
                    .unwrap();
            })
        });
        let parked: Vec<_> = parked.collect();
        let started = (0..FETCHES).map(|_| {
            let store = driver.share();
            tokio::spawn(async move {
                let id = InstanceId::new(fresh("a")).unwrap();
                store.start(&id, first_start("orders", "in")).await.unwrap();
            })
        });
        join_all(started.collect::<Vec<_>>()).await;
        for done in driver.patiently(join_all(parked)).await {
            done.unwrap();
        }
    }
    driver.expect_no_turn().await;
}

/// Many are parked and one turn queues as many activities: each fetch gets one.
pub async fn each_of_many_parked_fetches_gets_an_activity(factory: &dyn ProviderFactory) {
    const FETCHES: usize = 4;
    let driver = Driver::new(factory).await;
    for _ in 0..ROUNDS {
        let parked = (0..FETCHES).map(|_| {
            let store = driver.share();
            tokio::spawn(async move {
                let item = only(store.fetch_activities(1, LONG).await.unwrap());
                store
                    .complete_activity(&item.lock, Ok(String::new()))
                    .await
                    .unwrap();
            })
        });
        let parked: Vec<_> = parked.collect();
        let id = driver
            .begin(&fresh("a"), |turn| {
                (0..FETCHES).fold(turn, |turn, _| turn.schedule("x", ""))
            })
            .await;
        for done in driver.patiently(join_all(parked)).await {
            done.unwrap();
        }
        let last = driver.turn(|turn| turn.complete("")).await;
        assert_eq!((&last.lock.instance, last.messages.len()), (&id, FETCHES));
    }
}

/// What is there before the fetch is found as well as what comes during it: no gap between.
pub async fn a_fetch_misses_nothing_while_it_parks(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..ROUNDS {
        let store = driver.share();
        let fetch = tokio::spawn(async move { store.fetch_turns(1, LONG).await.unwrap() });
        driver.start(&fresh("a")).await;
        let item = only(driver.patiently(fetch).await.unwrap());
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
}

/// Parks a fetch, lets something happen, and gives what the fetch returned.
async fn wakes<T>(driver: &Driver<'_>, happens: impl Future<Output = T>) -> TurnItem {
    let mut parked = pin!(driver.store.fetch_turns(ALL, LONG));
    assert!(poll!(&mut parked).is_pending());
    happens.await;
    only(driver.patiently(parked).await.unwrap())
}
