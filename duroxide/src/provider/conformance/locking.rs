//! Who holds an instance.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;

use crate::history::InstanceId;
use crate::provider::{ProviderError, TurnFetch, TurnLock};
use crate::time::Timestamp;

use super::assertions::assert_lost;
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

/// An instance that somebody holds is not handed out again.
pub async fn a_locked_instance_is_not_handed_out(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    driver.expect_no_turn().await;
    driver.commit(&item, Turn::of(&item)).await;
}

/// A lock on one instance does not hold up another.
pub async fn a_lock_does_not_hold_up_other_instances(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let held = driver.fetch().await;
    let other = driver.begin("b", |turn| turn.complete("")).await;
    assert!(driver.status(&other).await.state.is_terminal());
    driver.commit(&held, Turn::of(&held).complete("")).await;
}

/// However many fetch, each instance has one holder at a time, and none is left out.
pub async fn many_fetchers_never_share_an_instance(factory: &dyn ProviderFactory) {
    const INSTANCES: usize = 8;
    const TURNS: usize = 12;
    let driver = Driver::new(factory).await;
    for number in 0..INSTANCES {
        driver.start(&format!("a{number}")).await;
    }
    let held: Arc<Mutex<BTreeMap<_, bool>>> = Arc::default();
    let workers = (0..INSTANCES).map(|_| {
        let (store, held) = (driver.share(), Arc::clone(&held));
        tokio::spawn(async move {
            for _ in 0..TURNS {
                for item in store.fetch_turns(TurnFetch::new(1, LONG)).await.unwrap() {
                    let id = item.lock.instance.clone();
                    let was = held.lock().unwrap().insert(id.clone(), true);
                    assert_ne!(was, Some(true), "{id} is held twice");
                    tokio::task::yield_now().await;
                    held.lock().unwrap().insert(id, false);
                    // A timer that is due keeps the instance busy.
                    let turn = Turn::of(&item).timer(Timestamp::ZERO);
                    store.commit_turn(&item.lock, turn.commit).await.unwrap();
                }
            }
        })
    });
    for worker in driver.patiently(join_all(workers)).await {
        worker.unwrap();
    }
    let mut events = 0;
    for number in 0..INSTANCES {
        let id = InstanceId::new(format!("a{number}")).unwrap();
        events += driver.history(&id).await.len();
    }
    // Each turn writes down what it consumed, and one timer.
    assert_eq!(events, INSTANCES * TURNS * 2);
}

/// Each lock has a larger epoch than all before, whatever it is on; no token comes twice.
pub async fn every_lock_has_a_larger_epoch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut seen = Vec::new();
    for id in ["a", "b"] {
        driver.start(id).await;
        let item = driver.fetch().await;
        seen.push((item.lock.epoch, item.lock.token));
        driver.abandon(&item).await;
        let item = driver.fetch().await;
        seen.push((item.lock.epoch, item.lock.token));
        driver
            .commit(&item, Turn::of(&item).schedule("x", ""))
            .await;
        let activity = driver.activity().await;
        seen.push((activity.lock.epoch, activity.lock.token));
        driver.complete(&activity, "").await;
        let item = driver.turn(|turn| turn.complete("")).await;
        seen.push((item.lock.epoch, item.lock.token));
    }
    assert_epochs_grow(&seen);
}

/// Epochs go on growing when the store is opened again.
pub async fn epochs_grow_over_restarts(factory: &dyn ProviderFactory) {
    let mut driver = Driver::new(factory).await;
    driver.start("a").await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        for _ in 0..3 {
            let item = driver.fetch().await;
            seen.push((item.lock.epoch, item.lock.token));
            driver.abandon(&item).await;
        }
        driver = driver.reopen().await;
    }
    assert_epochs_grow(&seen);
}

/// Also the locks of one call have different epochs and tokens.
pub async fn locks_of_one_call_differ(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in 0..5 {
        driver
            .begin(&format!("a{number}"), |turn| {
                turn.schedule("x", "").timer(Timestamp::ZERO)
            })
            .await;
    }
    let turns = driver.fetch_up_to(ALL, LONG).await;
    let mut locks: Vec<_> = turns
        .iter()
        .map(|item| (item.lock.epoch, item.lock.token))
        .collect();
    let activities = driver.activities_up_to(ALL, LONG).await;
    locks.extend(
        activities
            .iter()
            .map(|item| (item.lock.epoch, item.lock.token)),
    );
    locks.sort_unstable();
    assert_epochs_grow(&locks);
}

/// A lock with any part forged is no lock, for any verb; the true one stays good.
pub async fn a_forged_lock_is_no_lock(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let other = driver.start("b").await;
    let item = driver.fetch_turn_of(&id).await;
    let unknown = InstanceId::new("c").unwrap();
    let lock = || item.lock.clone();
    let forged = [
        TurnLock {
            epoch: item.lock.epoch + 1,
            ..lock()
        },
        TurnLock {
            epoch: item.lock.epoch - 1,
            ..lock()
        },
        TurnLock {
            token: item.lock.token ^ 1,
            ..lock()
        },
        TurnLock {
            instance: other,
            ..lock()
        },
        TurnLock {
            instance: unknown,
            ..lock()
        },
    ];
    for lock in forged {
        let turn = Turn::of(&item).complete("forged");
        assert_lost(driver.store.commit_turn(&lock, turn.commit).await);
        assert_lost(driver.store.renew_turn(&lock, LONG).await);
        assert_lost(driver.store.abandon_turn(&lock, LONG, false).await);
    }
    assert!(driver.history(&id).await.is_empty());
    driver.commit(&item, Turn::of(&item)).await;
}

/// With its commit a turn gives back its lock: nobody can renew or abandon it any more.
pub async fn a_lock_is_lost_by_committing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.turn(|turn| turn.schedule("x", "")).await;
    assert_lost(driver.store.renew_turn(&item.lock, LONG).await);
    assert_lost(abandon(&driver, &item.lock).await);
}

/// A lock that was given back is lost for every verb.
pub async fn a_lock_is_lost_by_abandoning(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    driver.abandon(&item).await;
    let turn = Turn::of(&item);
    assert_lost(driver.store.commit_turn(&item.lock, turn.commit).await);
    assert_lost(driver.store.renew_turn(&item.lock, LONG).await);
    assert_lost(abandon(&driver, &item.lock).await);
    assert!(driver.history(&id).await.is_empty());
    assert_eq!(driver.fetch().await.messages[0].attempt, 2);
}

async fn abandon(driver: &Driver<'_>, lock: &TurnLock) -> Result<(), ProviderError> {
    driver.store.abandon_turn(lock, Duration::ZERO, false).await
}

fn assert_epochs_grow(locks: &[(u64, u128)]) {
    for pair in locks.windows(2) {
        assert!(pair[0].0 < pair[1].0, "epochs grow: {locks:?}");
    }
    let mut tokens: Vec<_> = locks.iter().map(|lock| lock.1).collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), locks.len(), "no token comes twice");
}
