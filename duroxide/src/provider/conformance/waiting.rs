//! Waiting for news of an instance.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::history::InstanceId;
use crate::provider::InstanceState;
use crate::time::Timestamp;

use super::assertions::fresh;
use super::driver::Driver;
use super::{ProviderFactory, Turn};

/// A wait for an instance that is not there yet ends with its creation.
pub async fn a_wait_ends_with_the_creation(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    let mut parked = pin!(driver.store.wait(&id, 0));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.start("b").await;
    assert!(
        parked.as_mut().now_or_never().is_none(),
        "that was another one"
    );
    driver.start("a").await;
    let seen = driver.patiently(parked).await.unwrap();
    assert_eq!(seen, driver.status(&id).await);
}

/// A wait ends with the end of the instance, good or bad, and tells how.
pub async fn a_wait_ends_with_the_end(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for ending in [Turn::complete as fn(Turn, &str) -> Turn, Turn::fail] {
        let id = driver.start(&fresh("a")).await;
        let item = driver.fetch().await;
        let seen = driver.status(&id).await.change;
        let mut parked = pin!(driver.store.wait(&id, seen));
        assert!(parked.as_mut().now_or_never().is_none());
        driver.commit(&item, ending(Turn::of(&item), "x")).await;
        // The first turn pins the version as well: that may be a change of its own.
        let mut news = driver.patiently(parked).await.unwrap();
        while !news.state.is_terminal() {
            news = driver
                .patiently(driver.store.wait(&id, news.change))
                .await
                .unwrap();
        }
        assert_eq!(news, driver.status(&id).await);
    }
}

/// A wait ends when the instance continues as new.
pub async fn a_wait_ends_with_the_next_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.timer(Timestamp::ZERO)).await;
    let seen = driver.status(&id).await.change;
    let mut parked = pin!(driver.store.wait(&id, seen));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.turn(|turn| turn.continue_as_new("two")).await;
    let news = driver.patiently(parked).await.unwrap();
    assert_eq!(
        (news.execution_id.0, news.state),
        (2, InstanceState::Running)
    );
}

/// A wait for what has happened already returns at once.
pub async fn a_wait_for_what_has_happened_returns(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let created = driver.status(&id).await;
    let waited = driver.patiently(driver.store.wait(&id, 0)).await.unwrap();
    assert_eq!(waited, created);
    driver.turn(|turn| turn.schedule("x", "")).await;
    let waited = driver
        .patiently(driver.store.wait(&id, created.change))
        .await
        .unwrap();
    assert!(waited.change > created.change);
}

/// After the end there is nothing to wait for, whatever was seen.
pub async fn a_wait_after_the_end_returns(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.complete("")).await;
    let status = driver.status(&id).await;
    for seen in [0, status.change, u64::MAX] {
        let waited = driver
            .patiently(driver.store.wait(&id, seen))
            .await
            .unwrap();
        assert_eq!(waited, status);
    }
}

/// Progress that changes nothing of the status ends no wait.
pub async fn progress_alone_ends_no_wait(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.timer(Timestamp::ZERO)).await;
    let seen = driver.status(&id).await.change;
    let mut parked = pin!(driver.store.wait(&id, seen));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.turn(|turn| turn.schedule("x", "")).await;
    assert!(parked.as_mut().now_or_never().is_none());
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    driver.turn(|turn| turn.complete("end")).await;
    assert!(driver.patiently(parked).await.unwrap().state.is_terminal());
}

/// Whoever has seen as much as there can be waits for the end alone, from before the start on.
pub async fn a_wait_for_the_end_passes_over_changes(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    let mut parked = pin!(driver.store.wait(&id, u64::MAX));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    assert!(parked.as_mut().now_or_never().is_none(), "it has begun");
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    driver.turn(|turn| turn.continue_as_new("two")).await;
    assert!(parked.as_mut().now_or_never().is_none(), "it goes on");
    driver.turn(|turn| turn.complete("end")).await;
    let told = driver.patiently(parked).await.unwrap();
    assert_eq!(told, driver.status(&id).await);
    assert!(told.state.is_terminal());
}

/// All who wait for the same instance are told, however many.
pub async fn all_waits_end(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..50 {
        let id = driver
            .begin(&fresh("a"), |turn| turn.timer(Timestamp::ZERO))
            .await;
        let seen = driver.status(&id).await.change;
        let waits = (0..8).map(|_| {
            let (store, id) = (driver.share(), id.clone());
            tokio::spawn(async move { store.wait(&id, seen).await.unwrap() })
        });
        let waits: Vec<_> = waits.collect();
        driver.turn(|turn| turn.complete("end")).await;
        for status in driver.patiently(join_all(waits)).await {
            assert!(status.unwrap().state.is_terminal());
        }
    }
}

/// News is durable: a wait never tells what a status read afterwards does not know.
pub async fn a_wait_tells_what_is_durable(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let store = driver.share();
    let waits = {
        let id = id.clone();
        tokio::spawn(async move { store.wait(&id, u64::MAX).await.unwrap() })
    };
    driver.commit(&item, Turn::of(&item).complete("end")).await;
    let told = driver.patiently(waits).await.unwrap();
    let driver = driver.reopen().await;
    assert_eq!(driver.status(&id).await, told);
}
