//! Many callers at once: each gets its share, and no wake-up is lost.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::future::join_all;

use crate::history::InstanceId;
use crate::provider::{ActivityFetch, ProviderError, ProviderRef, TurnFetch};

use super::assertions::{fresh, only};
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn, first_start};

/// Rounds of those rules that look for rare races.
const ROUNDS: usize = 300;
/// How many are parked at the same time.
const FETCHES: usize = 4;

/// Many are parked and as many instances are started: each fetch gets one.
pub async fn each_of_many_parked_fetches_gets_a_turn(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..ROUNDS {
        let parked = park_many(&driver, |store| async move {
            store.fetch_turns(TurnFetch::new(1, LONG)).await
        });
        let starts = (0..FETCHES).map(|_| {
            let store = driver.share();
            tokio::spawn(async move {
                let id = InstanceId::new(fresh("a")).unwrap();
                store.start(&id, first_start("orders", "in")).await.unwrap();
            })
        });
        join_all(starts.collect::<Vec<_>>()).await;
        // Committed when all have theirs: a commit would wake the next one.
        for item in driver.patiently(parked).await {
            driver.commit(&item, Turn::of(&item).complete("")).await;
        }
    }
    driver.expect_no_turn().await;
}

/// Many are parked and one turn queues as many activities: each fetch gets one.
pub async fn each_of_many_parked_fetches_gets_an_activity(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..ROUNDS {
        let parked = park_many(&driver, |store| async move {
            store.fetch_activities(ActivityFetch::new(1, LONG)).await
        });
        let script = |turn| (0..FETCHES).fold(turn, |turn: Turn, _| turn.schedule("x", ""));
        let id = driver.begin(&fresh("a"), script).await;
        for item in driver.patiently(parked).await {
            driver.complete(&item, "").await;
        }
        let last = driver.turn(|turn| turn.complete("")).await;
        assert_eq!((&last.lock.instance, last.messages.len()), (&id, FETCHES));
    }
}

/// Many are parked and as many instances have a timer at the same moment: each fetch gets one.
pub async fn each_of_many_parked_fetches_gets_a_timer(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..10 {
        let due = driver.at(Duration::from_millis(100));
        for _ in 0..FETCHES {
            driver.begin(&fresh("a"), |turn| turn.timer(due)).await;
        }
        let parked = park_many(&driver, |store| async move {
            store.fetch_turns(TurnFetch::new(1, LONG)).await
        });
        for item in driver.patiently(parked).await {
            driver.commit(&item, Turn::of(&item).complete("")).await;
        }
    }
}

/// Many are parked and as many leases of one call end: each fetch gets an instance.
pub async fn each_of_many_parked_fetches_takes_over(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..FETCHES {
        driver.start(&fresh("a")).await;
    }
    for _ in 0..FETCHES {
        driver.fetch_for(driver.short()).await;
    }
    let parked = park_many(&driver, |store| async move {
        store.fetch_turns(TurnFetch::new(1, LONG)).await
    });
    for item in driver.patiently(parked).await {
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
}

/// What is there before the fetch is found as well as what comes during it: no gap between.
pub async fn a_fetch_misses_nothing_while_it_parks(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..ROUNDS {
        let store = driver.share();
        let fetch =
            tokio::spawn(async move { store.fetch_turns(TurnFetch::new(1, LONG)).await.unwrap() });
        driver.start(&fresh("a")).await;
        let item = only(driver.patiently(fetch).await.unwrap());
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
}

/// Fetches in tasks of their own, and what they get, one each.
fn park_many<T: Debug + Send + 'static, F>(
    driver: &Driver<'_>,
    fetch: impl Fn(ProviderRef) -> F,
) -> impl Future<Output = Vec<T>>
where
    F: Future<Output = Result<Vec<T>, ProviderError>> + Send + 'static,
{
    let tasks = (0..FETCHES).map(|_| tokio::spawn(fetch(driver.share())));
    let tasks = join_all(tasks.collect::<Vec<_>>());
    async move {
        let fetched = tasks.await.into_iter();
        fetched.map(|items| only(items.unwrap().unwrap())).collect()
    }
}
