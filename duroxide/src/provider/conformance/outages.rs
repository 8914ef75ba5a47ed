//! A store that fails for a while: its callers do not know what happened, and lose nothing. Run only
//! for stores whose factory can let them fail.

use std::time::Duration;

use crate::provider::{Committed, ProviderError};

use super::assertions::messages;
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn, one_for, owner};

/// An answer during an outage: any but that the lock is lost, or that something is refused.
fn assert_unknown<T: std::fmt::Debug>(answer: Result<T, ProviderError>) {
    match answer {
        Ok(_) => {}
        Err(error) => assert!(error.is_retryable(), "an outage is no reason: {error:?}"),
    }
}

/// A renewal that fails for an outage loses nothing: the lock is renewed and used afterwards.
pub async fn an_outage_during_a_renewal_loses_no_lock(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule_in("s", "x")).await;
    driver.start("b").await;
    let item = driver.fetch().await;
    let activity = driver.activity_of(&owner("w")).await;
    if !factory.fail(&driver.store, true).await {
        return;
    }
    let owners = ["w".to_owned()];
    for _ in 0..3 {
        assert_unknown(driver.store.renew_turn(&item.lock, LONG).await);
        assert_unknown(driver.store.renew_activity(&activity.lock, LONG).await);
        assert_unknown(driver.store.renew_sessions(&owners, LONG, LONG).await);
    }
    factory.fail(&driver.store, false).await;
    driver.store.renew_turn(&item.lock, LONG).await.unwrap();
    let renewed = driver.store.renew_activity(&activity.lock, LONG).await;
    renewed.unwrap();
    let sessions = driver.store.renew_sessions(&owners, LONG, LONG).await;
    assert_eq!(sessions.unwrap(), 1);
    driver.commit(&item, Turn::of(&item).complete("")).await;
    driver.complete(&activity, "done").await;
    assert_eq!(messages(&driver.fetch().await).len(), 1);
}

/// What is written during an outage is there or not; the same call again makes it so, once.
pub async fn what_an_outage_interrupts_can_be_done_again(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let id = driver.start("b").await;
    let item = driver.fetch().await;
    let activity = driver.activity().await;
    if !factory.fail(&driver.store, true).await {
        return;
    }
    let turn = Turn::of(&item)
        .child("c")
        .tell("a", super::asking::cancel("x"));
    let turn = turn.set("k", "v");
    let committed = driver.store.commit_turn(&item.lock, turn.commit.clone());
    assert_unknown(committed.await);
    let completed = driver
        .store
        .complete_activity(&activity.lock, Ok("done".to_owned()));
    let was_completed = completed.await.is_ok();
    factory.fail(&driver.store, false).await;
    let again = driver.store.commit_turn(&item.lock, turn.commit).await;
    let (Committed::Applied | Committed::AlreadyApplied) = again.unwrap();
    assert_eq!(driver.history(&id).await.len(), 3);
    let again = driver
        .store
        .complete_activity(&activity.lock, Ok("done".to_owned()));
    assert!(again.await.is_ok() || !was_completed || driver.history(&id).await.len() == 3);
    let (mut events, mut results) = (0, 0);
    for item in [driver.fetch().await, driver.fetch().await] {
        for message in messages(&item) {
            events += usize::from(message.is_event());
            results += usize::from(
                message == super::assertions::completed(crate::history::EventId(2), "done"),
            );
        }
    }
    assert_eq!((events, results), (1, 1), "each arrives once");
}

/// Whoever gives back or fetches during an outage can do so afterwards.
pub async fn work_goes_on_after_an_outage(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "x"), ("s", "y")];
    driver.begin_sessions("a", &activities).await;
    let x = driver.activity_of(&owner("w")).await;
    driver.start("b").await;
    let item = driver.fetch().await;
    if !factory.fail(&driver.store, true).await {
        return;
    }
    assert_unknown(
        driver
            .store
            .abandon_turn(&item.lock, Duration::ZERO, true)
            .await,
    );
    factory.fail(&driver.store, false).await;
    let again = driver
        .store
        .abandon_turn(&item.lock, Duration::ZERO, true)
        .await;
    assert!(
        matches!(again, Ok(()) | Err(ProviderError::LockLost)),
        "{again:?}"
    );
    driver.turn(|turn| turn.complete("")).await;
    driver.complete(&x, "").await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "y");
}
