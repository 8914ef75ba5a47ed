//! A turn is written as a whole, once, or not at all.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::history::EventId;
use crate::provider::{Committed, ProviderError};

use super::assertions::{assert_lost, fresh, messages, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

/// Everything that a turn does is there when it is acknowledged.
pub async fn a_turn_is_written_as_a_whole(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(Duration::ZERO);
    let id = driver.start("a").await;
    let before = driver.status(&id).await;
    driver.turn(|turn| turn.schedule("x", "").timer(due)).await;
    assert_eq!(driver.history(&id).await.len(), 3);
    assert!(driver.status(&id).await.change > before.change);
    let item = driver.fetch().await;
    assert_eq!(
        messages(&item).len(),
        1,
        "the start is consumed, the timer is due"
    );
    let activity = driver.activity().await;
    assert_eq!((activity.instance, activity.source), (id, EventId(2)));
}

/// A refused turn leaves no trace: no event, no activity, no timer, no message less.
pub async fn a_refused_turn_leaves_no_trace(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(Duration::ZERO);
    let id = driver.begin("a", |turn| turn.schedule("x", "")).await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    let (status, history) = (driver.status(&id).await, driver.history(&id).await);
    let item = driver.fetch().await;
    let spoilt = Turn::of(&item)
        .schedule("y", "")
        .timer(due)
        .complete("")
        .with(|commit| {
            let last = commit.history_delta.last_mut().unwrap();
            last.event_id = last.event_id.next();
        });
    let refused = driver.store.commit_turn(&item.lock, spoilt.commit).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(
        (driver.status(&id).await, driver.history(&id).await),
        (status, history)
    );
    driver.expect_no_activity().await;
    driver.expect_no_turn().await;
    driver.abandon(&item).await;
    let again = driver.fetch().await;
    assert_eq!(
        messages(&again),
        messages(&item),
        "the same messages and no timer"
    );
}

/// A turn whose lock was taken over leaves no trace either.
pub async fn a_turn_without_its_lock_leaves_no_trace(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(Duration::ZERO);
    let id = driver.start("a").await;
    let status = driver.status(&id).await;
    let old = driver.fetch_for(driver.short()).await;
    let new = driver.fetch().await;
    let late = Turn::of(&old).schedule("x", "").timer(due).complete("");
    assert_lost(driver.store.commit_turn(&old.lock, late.commit).await);
    assert_eq!(driver.status(&id).await, status);
    assert!(driver.history(&id).await.is_empty());
    driver.expect_no_activity().await;
    driver.commit(&new, Turn::of(&new)).await;
    driver.expect_no_turn().await;
}

/// The same turn once more is recognised, and not written again.
pub async fn the_same_turn_again_is_already_applied(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).schedule("x", "");
    driver.commit(&item, turn.clone()).await;
    let (status, history) = (driver.status(&id).await, driver.history(&id).await);
    for _ in 0..3 {
        let again = driver
            .store
            .commit_turn(&item.lock, turn.commit.clone())
            .await;
        assert_eq!(again.unwrap(), Committed::AlreadyApplied);
    }
    assert_eq!(
        (driver.status(&id).await, driver.history(&id).await),
        (status, history)
    );
    only(driver.activities_up_to(ALL, LONG).await);
    driver.expect_no_turn().await;
}

/// It is recognised also while somebody else holds the instance, who is not disturbed.
pub async fn a_repeated_turn_does_not_disturb_the_next_holder(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let due = driver.at(Duration::ZERO);
    let turn = Turn::of(&item).timer(due);
    driver.commit(&item, turn.clone()).await;
    let next = driver.fetch().await;
    let again = driver.store.commit_turn(&item.lock, turn.commit).await;
    assert_eq!(again.unwrap(), Committed::AlreadyApplied);
    driver.expect_no_turn().await;
    driver.commit(&next, Turn::of(&next).complete("")).await;
}

/// It is recognised in a later life of the store: a crash may have eaten the acknowledgement.
pub async fn a_turn_is_recognised_after_a_crash(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).schedule("x", "");
    driver.commit(&item, turn.clone()).await;
    let driver = driver.reopen().await;
    let again = driver.store.commit_turn(&item.lock, turn.commit).await;
    assert_eq!(again.unwrap(), Committed::AlreadyApplied);
    assert_eq!(driver.history(&id).await.len(), 2);
    only(driver.activities_up_to(ALL, LONG).await);
}

/// A turn that ended its execution is recognised too.
pub async fn a_last_turn_is_recognised(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for ending in [
        Turn::complete as fn(Turn, &str) -> Turn,
        Turn::fail,
        Turn::continue_as_new,
    ] {
        let id = driver.start(&fresh("a")).await;
        let item = driver.fetch_turn_of(&id).await;
        let turn = ending(Turn::of(&item), "x");
        driver.commit(&item, turn.clone()).await;
        let again = driver.store.commit_turn(&item.lock, turn.commit).await;
        assert_eq!(again.unwrap(), Committed::AlreadyApplied);
    }
}

/// Another turn under a lock that was given back by a commit is lost.
pub async fn a_second_turn_under_one_lock_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    driver.commit(&item, Turn::of(&item)).await;
    let other = Turn::idle(&item).with(|commit| commit.turn_id = 77);
    assert_lost(driver.store.commit_turn(&item.lock, other.commit).await);
    assert_eq!(driver.history(&id).await.len(), 1);
}

/// Of many commits of the same turn at the same moment one writes.
pub async fn of_concurrent_commits_of_one_turn_one_writes(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).schedule("x", "");
    let commits = (0..16).map(|_| {
        let (store, lock, commit) = (driver.share(), item.lock.clone(), turn.commit.clone());
        tokio::spawn(async move { store.commit_turn(&lock, commit).await.unwrap() })
    });
    let answers = join_all(commits).await.into_iter().map(Result::unwrap);
    assert_eq!(
        answers
            .filter(|&answer| answer == Committed::Applied)
            .count(),
        1
    );
    assert_eq!(driver.history(&id).await.len(), 2);
    only(driver.activities_up_to(ALL, LONG).await);
}

/// Of many different turns under the same lock one is written, the others are lost.
pub async fn of_concurrent_turns_under_one_lock_one_is_written(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let commits = (0..16_u8).map(|number| {
        let (store, lock) = (driver.share(), item.lock.clone());
        let turn = Turn::of(&item).schedule("x", &number.to_string());
        let turn = turn.with(|commit| commit.turn_id = u128::from(number));
        tokio::spawn(async move { store.commit_turn(&lock, turn.commit).await })
    });
    let mut written = 0;
    for answer in join_all(commits).await {
        match answer.unwrap() {
            Ok(Committed::Applied) => written += 1,
            other => assert_lost(other),
        }
    }
    assert_eq!((written, driver.history(&id).await.len()), (1, 2));
    only(driver.activities_up_to(ALL, LONG).await);
}

/// A commit whose caller went away is written or not; made again, it is written once.
pub async fn a_commit_dropped_halfway_can_be_made_again(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for _ in 0..20 {
        let id = driver.start(&fresh("a")).await;
        let item = driver.fetch().await;
        let turn = Turn::of(&item).schedule("x", "");
        {
            let mut commit = pin!(driver.store.commit_turn(&item.lock, turn.commit.clone()));
            let _ = commit.as_mut().now_or_never();
        }
        driver
            .store
            .commit_turn(&item.lock, turn.commit)
            .await
            .unwrap();
        assert_eq!(driver.history(&id).await.len(), 2);
        only(driver.activities_up_to(ALL, LONG).await);
    }
}

/// A fetch names the last turn: what a runtime has in memory counts only if it made that one.
pub async fn a_fetch_names_the_last_turn(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let first = driver.fetch().await;
    assert_eq!(first.last_turn_id, 0);
    let turn = Turn::of(&first).schedule("x", "");
    let turn_id = turn.commit.turn_id;
    driver.commit(&first, turn).await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    let second = driver.fetch().await;
    assert_eq!(second.last_turn_id, turn_id);
    let driver = driver.reopen().await;
    assert_eq!(driver.fetch().await.last_turn_id, turn_id);
}
