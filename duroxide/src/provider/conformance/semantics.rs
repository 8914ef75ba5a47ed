//! The numbers of the engine's semantics: an execution is replayed by workers that have its number.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::history::{EventId, InstanceId};
use crate::provider::TurnFetch;

use super::assertions::{fresh, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

/// An instance whose execution is pinned to this number, with something to do.
async fn pinned(driver: &Driver<'_>, id: &str, number: u32) -> InstanceId {
    driver
        .begin(id, |turn| turn.pinned_to(number).schedule("x", ""))
        .await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    activity.instance
}

/// Asserts that a worker with these semantics gets nothing: only a sentinel that it can begin.
async fn expect_nothing(driver: &Driver<'_>, semantics: std::ops::RangeInclusive<u32>) {
    let fetch = TurnFetch::new(ALL, LONG).semantics(semantics);
    let mut parked = pin!(driver.store.fetch_turns(fetch));
    if let Some(items) = parked.as_mut().now_or_never() {
        panic!("there should be no turn: {items:?}");
    }
    let sentinel = driver.start(&fresh("sentinel")).await;
    let item = only(driver.patiently(parked).await.unwrap());
    assert_eq!(item.lock.instance, sentinel);
    driver.commit(&item, Turn::of(&item).complete("")).await;
}

/// A worker that names no numbers gets every execution.
pub async fn a_worker_without_a_range_gets_all(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in [0, 1, 7, u32::MAX] {
        let id = pinned(&driver, &format!("at-{number}"), number).await;
        driver.turn_of(&id, |turn| turn.complete("")).await;
    }
}

/// A range has both its ends.
pub async fn a_range_includes_its_ends(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = pinned(&driver, "a", 5).await;
    for range in [5..=5, 5..=9, 1..=5, 4..=6] {
        let item = driver.fetch_for_semantics(range).await;
        assert_eq!(item.lock.instance, id);
        driver.abandon(&item).await;
    }
    for range in [1..=4, 6..=9] {
        expect_nothing(&driver, range).await;
    }
}

/// What does not fit is passed over, whatever waits longer: neither locked nor counted.
pub async fn an_execution_that_does_not_fit_is_passed_over(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let old = pinned(&driver, "old", 1).await;
    let new = pinned(&driver, "new", 2).await;
    let item = driver.fetch_for_semantics(2..=2).await;
    assert_eq!(item.lock.instance, new);
    expect_nothing(&driver, 2..=2).await;
    let item = driver.fetch_for_semantics(1..=1).await;
    assert_eq!(item.lock.instance, old);
    assert_eq!(item.messages[0].attempt, 1, "passing over does not count");
}

/// More that does not fit than a fetch looks for does not hide what fits.
pub async fn a_crowd_that_does_not_fit_hides_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in 0..20 {
        pinned(&driver, &format!("old-{number}"), 1).await;
    }
    let new = pinned(&driver, "new", 2).await;
    let item = driver.fetch_for_semantics(2..=9).await;
    assert_eq!(item.lock.instance, new);
}

/// Before its first turn an execution fits every worker: the first turn pins it.
pub async fn an_execution_that_has_not_begun_fits_all(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    for range in [1..=1, 7..=7, u32::MAX..=u32::MAX] {
        let item = driver.fetch_for_semantics(range).await;
        assert_eq!(item.lock.instance, id);
        driver.abandon(&item).await;
    }
}

/// A worker that replays nothing gets nothing.
pub async fn an_empty_range_gets_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    #[expect(clippy::reversed_empty_ranges, reason = "it is to be empty")]
    let nothing = TurnFetch::new(1, LONG).semantics(5..=4);
    driver.start("a").await;
    let mut parked = pin!(driver.store.fetch_turns(nothing));
    for _ in 0..2 {
        if let Some(items) = parked.as_mut().now_or_never() {
            panic!("there should be no turn: {items:?}");
        }
        let item = driver.fetch().await;
        assert_eq!(item.messages[0].attempt, 1);
        driver.commit(&item, Turn::of(&item).pinned_to(5)).await;
        driver.start(&fresh("b")).await;
    }
}

/// Later turns do not change the number.
pub async fn the_number_stays_for_the_whole_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = pinned(&driver, "a", 3).await;
    driver.turn(|turn| turn.schedule("y", "")).await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    expect_nothing(&driver, 4..=9).await;
    let item = driver.fetch_for_semantics(3..=3).await;
    assert_eq!(item.lock.instance, id);
}

/// The next execution is pinned anew.
pub async fn the_next_execution_is_pinned_anew(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = pinned(&driver, "a", 1).await;
    driver.turn(|turn| turn.continue_as_new("")).await;
    let item = driver.fetch_for_semantics(2..=2).await;
    assert_eq!((&item.lock.instance, item.execution_id.0), (&id, 2));
    driver
        .commit(&item, Turn::of(&item).pinned_to(2).schedule("y", ""))
        .await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    expect_nothing(&driver, 1..=1).await;
    driver.fetch_for_semantics(2..=2).await;
}

/// The number survives a crash.
pub async fn the_number_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = pinned(&driver, "a", 4).await;
    let driver = driver.reopen().await;
    expect_nothing(&driver, 1..=3).await;
    let item = driver.fetch_for_semantics(4..=4).await;
    assert_eq!(item.lock.instance, id);
}

/// A parked worker wakes for what fits, and sleeps on for what does not.
pub async fn a_worker_wakes_for_what_fits(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let store = driver.share();
    let fetch = TurnFetch::new(1, LONG).semantics(2..=2);
    driver
        .begin("old", |turn| turn.pinned_to(1).schedule("x", ""))
        .await;
    driver
        .begin("new", |turn| turn.pinned_to(2).schedule("x", ""))
        .await;
    let (old, new) = (driver.activity().await, driver.activity().await);
    let parked = tokio::spawn(async move { store.fetch_turns(fetch).await });
    driver.complete(&old, "").await;
    let item = driver.fetch().await;
    assert_eq!(item.lock.instance, old.instance);
    driver.complete(&new, "").await;
    let item = only(driver.patiently(parked).await.unwrap().unwrap());
    assert_eq!(item.lock.instance, new.instance);
}

/// Of many workers with the same range nobody shares an instance.
pub async fn many_workers_with_a_range_never_share(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in 0..12 {
        pinned(&driver, &format!("a-{number}"), number % 2).await;
    }
    let workers = (0..6).map(|_| {
        let store = driver.share();
        let fetch = TurnFetch::new(1, LONG).semantics(1..=1);
        tokio::spawn(async move { only(store.fetch_turns(fetch).await.unwrap()).lock.instance })
    });
    let mut got: Vec<_> = driver.patiently(join_all(workers)).await;
    let mut got: Vec<_> = got.drain(..).map(Result::unwrap).collect();
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 6, "each of the six that fit went to one worker");
    expect_nothing(&driver, 1..=1).await;
}

/// An execution whose history cannot be read is passed over without being read.
pub async fn a_history_that_cannot_be_read_is_passed_over_too(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let bad = pinned(&driver, "bad", 1).await;
    let good = pinned(&driver, "good", 2).await;
    let Some(driver) = driver.corrupt_event(&bad, EventId(1)).await else {
        return;
    };
    let item = driver.fetch_for_semantics(2..=2).await;
    assert_eq!(item.lock.instance, good);
    expect_nothing(&driver, 2..=2).await;
    for attempt in 1..=3 {
        let item = driver.fetch_for_semantics(1..=1).await;
        assert_eq!(
            (&item.lock.instance, item.messages[0].attempt),
            (&bad, attempt)
        );
        driver.abandon(&item).await;
    }
}
