//! What an instance shows: set with a commit, counted, kept until it is taken back.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::provider::{InstanceStatus, ProviderError};

use super::assertions::assert_lost;
use super::clock::TurnClock;
use super::driver::Driver;
use super::turn::Script;
use super::{ProviderFactory, Turn};

fn shown(status: &InstanceStatus) -> (Option<&str>, u64) {
    (
        status.custom_status.as_deref(),
        status.custom_status_version,
    )
}

/// A new instance shows nothing.
pub async fn a_new_instance_shows_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    assert_eq!(shown(&driver.status(&id).await), (None, 0));
    driver.turn(|turn| turn).await;
    assert_eq!(shown(&driver.status(&id).await), (None, 0));
}

/// A status shows with its commit, and its version counts from 1.
pub async fn a_status_shows_with_its_commit(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).show(Some("half way"));
    assert_eq!(shown(&driver.status(&id).await), (None, 0));
    driver.commit(&item, turn).await;
    assert_eq!(shown(&driver.status(&id).await), (Some("half way"), 1));
}

/// A status that is taken back is gone; its version grows.
pub async fn a_status_is_taken_back(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.show(Some("x"))).await;
    driver.poke(&id, |turn| turn.show(None)).await;
    assert_eq!(shown(&driver.status(&id).await), (None, 2));
}

/// A turn that says nothing about it keeps it.
pub async fn a_turn_without_a_status_keeps_it(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.show(Some("x"))).await;
    let before = driver.status(&id).await;
    driver.poke(&id, |turn| turn.schedule("y", "")).await;
    assert_eq!(driver.status(&id).await, before);
}

/// Each turn that sets a status counts, also if it is the same.
pub async fn every_setting_counts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.show(Some("x"))).await;
    for version in 2..=5 {
        let before = driver.status(&id).await.change;
        driver.poke(&id, |turn| turn.show(Some("x"))).await;
        let status = driver.status(&id).await;
        assert_eq!(shown(&status), (Some("x"), version));
        assert!(status.change > before);
    }
}

/// Of several in one turn the last one shows, and one is counted.
pub async fn the_last_status_of_a_turn_shows(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.show(Some("x")).show(None).show(Some("y")))
        .await;
    assert_eq!(shown(&driver.status(&id).await), (Some("y"), 1));
}

/// An empty status is a status; a long one and any character come back.
pub async fn any_text_is_a_status(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let long = "0123456789abcdef".repeat(4096);
    for text in ["", "\u{0}\n\u{1f980}\"", &long] {
        driver.poke(&id, |turn| turn.show(Some(text))).await;
        assert_eq!(
            driver.status(&id).await.custom_status.as_deref(),
            Some(text)
        );
    }
}

/// A turn that is not written shows nothing.
pub async fn a_status_counts_with_its_commit(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let before = driver.status(&id).await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).show(Some("x"));
    let wrong = turn.clone().with(|commit| commit.history_delta.clear());
    let refused = driver.store.commit_turn(&item.lock, wrong.commit).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?}"
    );
    driver.abandon(&item).await;
    assert_lost(driver.store.commit_turn(&item.lock, turn.commit).await);
    assert_eq!(driver.status(&id).await, before);
}

/// A wait ends with the next status, at once.
pub async fn a_wait_ends_with_a_status(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.show(Some("x"))).await;
    let seen = driver.status(&id).await.change;
    let mut wait = pin!(driver.store.wait(&id, seen));
    assert!(wait.as_mut().now_or_never().is_none());
    driver.poke(&id, |turn| turn.show(Some("y"))).await;
    let status = driver.patiently(wait).await.unwrap();
    assert_eq!(shown(&status), (Some("y"), 2));
}

/// It survives a crash, and goes on counting.
pub async fn a_status_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.show(Some("x"))).await;
    let before = driver.status(&id).await;
    let driver = driver.reopen().await;
    assert_eq!(driver.status(&id).await, before);
    driver.poke(&id, |turn| turn.show(Some("y"))).await;
    let driver = driver.reopen().await;
    assert_eq!(shown(&driver.status(&id).await), (Some("y"), 2));
}

/// It stays over the next execution and the end, and goes on counting.
pub async fn a_status_stays_over_executions(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| {
            let turn = turn.show(Some("x")).continue_as_new("");
            turn.hand_down(Some("x"), &[])
        })
        .await;
    assert_eq!(shown(&driver.status(&id).await), (Some("x"), 1));
    driver.turn(|turn| turn).await;
    assert_eq!(shown(&driver.status(&id).await), (Some("x"), 1));
    driver
        .poke(&id, |turn| turn.show(Some("y")).complete(""))
        .await;
    assert_eq!(shown(&driver.status(&id).await), (Some("y"), 2));
}

/// Instances show what is their own.
pub async fn statuses_do_not_mix(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let a = driver.begin("a", |turn| turn.show(Some("x"))).await;
    let b = driver.begin("b", |turn| turn.show(Some("y"))).await;
    driver.poke(&a, |turn| turn.show(None)).await;
    assert_eq!(shown(&driver.status(&a).await), (None, 2));
    assert_eq!(shown(&driver.status(&b).await), (Some("y"), 1));
}

/// The time of the last change follows the status, the next execution and the end, not mere progress.
pub async fn the_time_of_the_last_change_is_true(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let before = driver.now();
    let id = driver.begin("a", |turn| turn).await;
    let created = driver.status(&id).await;
    assert_eq!(created.updated_at, created.created_at);
    assert!(created.created_at >= before && created.created_at <= driver.now());
    driver.poke(&id, |turn| turn.schedule("x", "")).await;
    assert_eq!(driver.status(&id).await.updated_at, created.created_at);
    let scripts: [Script; 3] = [
        |turn| turn.show(Some("x")),
        |turn| turn.continue_as_new("").hand_down(Some("x"), &[]),
        |turn| turn.complete(""),
    ];
    let mut clock = TurnClock::new(&driver).await;
    for script in scripts {
        // So that the change is later than the one before it.
        clock.pass(&driver, Duration::from_millis(5)).await;
        let before = driver.now();
        driver.poke(&id, script).await;
        let status = driver.status(&id).await;
        assert!(status.updated_at >= before && status.updated_at <= driver.now());
        assert_eq!(status.created_at, created.created_at);
    }
}

/// An execution is pending until its first turn.
pub async fn an_execution_is_pending_until_its_first_turn(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    assert!(driver.status(&id).await.pending);
    driver.turn(|turn| turn.continue_as_new("")).await;
    assert!(driver.status(&id).await.pending);
    let seen = driver.status(&id).await.change;
    driver.turn(|turn| turn).await;
    let status = driver.status(&id).await;
    assert!(!status.pending && status.change > seen, "{status:?}");
    driver.poke(&id, |turn| turn.complete("")).await;
    assert!(!driver.status(&id).await.pending);
}
