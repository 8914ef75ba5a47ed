//! Sessions whose activities run one at a time, in the order of their scheduling.

use std::pin::pin;

use futures_util::FutureExt as _;

use crate::history::EventId;
use crate::provider::{ActivityFetch, SessionFetch};

use super::assertions::only;
use super::clock::TurnClock;
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, one_for, owner};

fn in_order(id: &str) -> SessionFetch {
    SessionFetch {
        one_at_a_time: true,
        ..owner(id)
    }
}

/// One fetch gets one activity of a session, and others beside it.
pub async fn one_activity_of_a_session_runs_at_a_time(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "s1"), ("s", "s2"), ("t", "t1"), ("t", "t2")];
    driver.begin_sessions("a", &activities).await;
    let fetch = ActivityFetch::new(ALL, LONG).sessions(in_order("w"));
    let items = driver.fetch_activities(fetch).await.into_iter();
    let names: Vec<_> = items.map(|item| item.request.unwrap().name).collect();
    assert_eq!(names, ["s1", "t1"]);
    driver.expect_nothing_of_sessions(&in_order("w")).await;
}

/// The next one comes as soon as the one before it is done.
pub async fn the_next_activity_follows_the_end_of_the_last(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "1"), ("s", "2")]).await;
    driver.begin_sessions("b", &[("s", "3")]).await;
    let mut running = driver.activity_of(&in_order("w")).await;
    for expected in ["2", "3"] {
        let mut parked = pin!(driver.store.fetch_activities(one_for(&in_order("w"))));
        assert!(parked.as_mut().now_or_never().is_none());
        driver.complete(&running, "").await;
        running = only(driver.patiently(parked).await.unwrap());
        assert_eq!(running.request.clone().unwrap().name, expected);
    }
}

/// One that was given back comes first again, also if that takes a while.
pub async fn an_activity_given_back_keeps_its_place(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "1"), ("s", "2")]).await;
    let first = driver.activity_of(&in_order("w")).await;
    driver.abandon_activity(&first).await;
    let first = driver.activity_of(&in_order("w")).await;
    assert_eq!(first.request.unwrap().name, "1");
    let later = driver.short() * 3;
    let given_back = driver.store.abandon_activity(&first.lock, later, false);
    given_back.await.unwrap();
    let again = driver.activity_of(&in_order("w")).await;
    assert_eq!(
        (again.request.unwrap().name.as_str(), again.attempt),
        ("1", 3)
    );
}

/// One whose lease has ended comes first again.
pub async fn an_expired_activity_keeps_its_place(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "1"), ("s", "2")]).await;
    let fetch = ActivityFetch::new(1, driver.short()).sessions(in_order("w"));
    only(driver.fetch_activities(fetch).await);
    let again = driver.activity_of(&in_order("w")).await;
    assert_eq!(
        (again.request.unwrap().name.as_str(), again.attempt),
        ("1", 2)
    );
}

/// A new owner waits for what the former one still runs.
pub async fn a_new_owner_waits_for_what_runs(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "1"), ("s", "2")]).await;
    let mut clock = TurnClock::new(&driver).await;
    let short = SessionFetch {
        lock_timeout: driver.short(),
        ..in_order("w")
    };
    let running = driver.activity_of(&short).await;
    clock.pass(&driver, driver.short() * 2).await;
    driver.expect_nothing_of_sessions(&in_order("v")).await;
    driver.complete(&running, "").await;
    assert_eq!(driver.work(one_for(&in_order("v"))).await, "2");
}

/// The end of a cancelled one lets the next one go.
pub async fn a_cancelled_activity_lets_the_next_one_go(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin_sessions("a", &[("s", "1"), ("s", "2")]).await;
    driver.activity_of(&in_order("w")).await;
    driver.expect_nothing_of_sessions(&in_order("w")).await;
    driver
        .poke(&id, |turn| turn.cancel_activity(EventId(2)))
        .await;
    assert_eq!(driver.work(one_for(&in_order("w"))).await, "2");
}

/// One that comes back waits for a later one that runs, fetched on other terms.
pub async fn an_activity_waits_for_a_later_one_that_runs(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "1"), ("s", "2")]).await;
    let first = driver.activity_of(&owner("w")).await;
    let second = driver.activity_of(&owner("w")).await;
    driver.abandon_activity(&first).await;
    driver.expect_nothing_of_sessions(&in_order("w")).await;
    driver.complete(&second, "").await;
    assert_eq!(driver.work(one_for(&in_order("w"))).await, "1");
}
