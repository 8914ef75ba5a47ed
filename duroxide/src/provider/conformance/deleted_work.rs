//! Work under way for what is deleted: it is lost, and whoever waits hears of it.

use std::time::Duration;

use crate::provider::{TurnFetch, deletion_notice};

use super::asking::cancel;
use super::assertions::{assert_lost, messages, only};
use super::children::child_of_a;
use super::deletion::{delete, id, is_there};
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

/// Whoever waits for a child that is deleted before its end hears of it.
pub async fn a_parent_hears_of_the_deletion_of_its_child(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let parent = driver.begin("a", |turn| turn.child("b")).await;
    let Some(admin) = driver.admin() else { return };
    let store = driver.share();
    let fetch = TurnFetch::new(1, LONG).semantics(0..=u32::MAX);
    let child = driver.fetch().await;
    let parked = tokio::spawn(async move { store.fetch_turns(fetch).await });
    delete(admin, &["b"], true).await;
    let item = only(driver.patiently(parked).await.unwrap().unwrap());
    let (target, notice) = deletion_notice(&id("b"), &child_of_a());
    assert_eq!((&target, &item.lock.instance), (&parent, &parent));
    assert_eq!(messages(&item), [notice]);
    assert_lost(
        driver
            .store
            .commit_turn(&child.lock, Turn::of(&child).complete("").commit)
            .await,
    );
    driver.commit(&item, Turn::of(&item).complete("")).await;
    driver.expect_no_turn().await;
}

/// A turn under way for what is deleted is lost, also if there is a new instance with that id.
pub async fn a_turn_of_a_deleted_instance_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let deleted = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).set("k", "v").schedule("x", "").child("b");
    let Some(admin) = driver.admin() else { return };
    delete(admin, &["a"], true).await;
    for _ in 0..2 {
        let late = driver.store.commit_turn(&item.lock, turn.commit.clone());
        assert_lost(late.await);
        assert_lost(driver.store.renew_turn(&item.lock, LONG).await);
        let back = driver.store.abandon_turn(&item.lock, Duration::ZERO, true);
        assert_lost(back.await);
        assert!(!is_there(&driver, "b").await);
        if is_there(&driver, "a").await {
            break;
        }
        driver.start("a").await;
    }
    assert_eq!(driver.history(&deleted).await, []);
    driver.expect_no_activity().await;
}

/// An activity under way for what is deleted is lost, also if there is a new instance with that id.
pub async fn an_activity_of_a_deleted_instance_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    let Some(admin) = driver.admin() else { return };
    delete(admin, &["a"], true).await;
    for _ in 0..2 {
        let done = driver
            .store
            .complete_activity(&activity.lock, Ok(String::new()));
        assert_lost(done.await);
        assert_lost(driver.store.renew_activity(&activity.lock, LONG).await);
        let back = driver
            .store
            .abandon_activity(&activity.lock, Duration::ZERO, true);
        assert_lost(back.await);
        if is_there(&driver, "a").await {
            break;
        }
        driver.begin("a", |turn| turn.schedule("x", "")).await;
    }
    let item = driver.activity().await;
    assert_ne!(item.lock.activity, activity.lock.activity);
    driver.complete(&item, "").await;
    assert_eq!(driver.fetch().await.messages.len(), 1);
}

/// A message for what is deleted is dropped with the turn that sends it.
pub async fn a_message_for_a_deleted_instance_is_dropped(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.ended("b").await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let Some(admin) = driver.admin() else { return };
    delete(admin, &["b"], false).await;
    let turn = Turn::of(&item).tell("b", cancel("x"));
    driver.commit(&item, turn.complete("")).await;
    assert!(!is_there(&driver, "b").await);
    driver.expect_no_turn().await;
}

/// A wait for what is deleted goes on, and sees a new instance with that id.
pub async fn a_wait_outlives_a_deletion(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let waited = driver.begin("a", |turn| turn).await;
    let Some(admin) = driver.admin() else { return };
    let (store, seen) = (driver.share(), driver.status(&waited).await.change);
    let waiting = waited.clone();
    let wait = tokio::spawn(async move { store.wait(&waiting, seen).await });
    delete(admin, &["a"], true).await;
    driver.begin("a", |turn| turn.complete("new")).await;
    let status = driver.patiently(wait).await.unwrap().unwrap();
    assert_eq!(status.instance, waited);
    assert!(
        status.state.is_terminal() || status.change > seen,
        "{status:?}"
    );
}
