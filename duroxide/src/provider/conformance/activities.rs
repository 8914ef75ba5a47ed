//! The queue of activities: who gets what.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::history::{EventId, ExecutionId};
use crate::provider::{ActivityFetch, ActivityLock, ActivityRequest};

use super::assertions::assert_lost;
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

/// An activity says whose it is, and what it is to be called with.
pub async fn an_activity_carries_what_it_needs(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let item = driver.begin_activity("a").await;
    assert_eq!(
        (item.instance.as_str(), item.execution_id),
        ("a", ExecutionId::FIRST)
    );
    assert_eq!(
        (item.source, item.orchestration.as_str()),
        (EventId(2), "orders")
    );
    let request = ActivityRequest {
        session_id: None,
        tag: None,
        name: "charge".to_owned(),
        input: "42".to_owned(),
        attempt: 1,
        first_attempt: None,
    };
    assert_eq!((item.request, item.attempt), (Ok(request), 1));
}

/// An activity that is attempted again says which attempt of what it is; that is kept apart from
/// how often it was handed out.
pub async fn an_attempt_carries_its_number_and_its_first(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let first = Some(EventId(2));
    driver
        .begin("a", |turn| {
            turn.schedule("charge", "42")
                .schedule_attempt("charge", "42", 2, first)
        })
        .await;
    let handed_out = [driver.activity().await, driver.activity().await];
    let told = handed_out.map(|item| {
        let request = item.request.unwrap();
        (request.attempt, request.first_attempt, item.attempt)
    });
    assert_eq!(told, [(1, None, 1), (2, first, 1)]);
    let history = driver.history(&"a".parse().unwrap()).await;
    let scheduled = history
        .iter()
        .filter_map(|it| ActivityRequest::of(&it.kind));
    let recorded: Vec<_> = scheduled.map(|it| (it.attempt, it.first_attempt)).collect();
    assert_eq!(recorded, [(1, None), (2, first)]);
}

/// First in, first out: over turns, and within one.
pub async fn activities_come_first_in_first_out(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for (id, inputs) in [("b", ["1", "2"]), ("a", ["3", "4"]), ("c", ["5", "6"])] {
        driver
            .begin(id, |turn| {
                turn.schedule("x", inputs[0]).schedule("x", inputs[1])
            })
            .await;
    }
    for expected in 1..=6 {
        let item = driver.activity().await;
        assert_eq!(item.request.unwrap().input, expected.to_string());
    }
}

/// An activity that somebody runs is not handed out again.
pub async fn a_locked_activity_is_not_handed_out(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_activity("a").await;
    driver.expect_no_activity().await;
}

/// A call never gives more activities than it was asked for, and each of them once.
pub async fn a_fetch_gives_no_more_activities_than_asked_for(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |mut turn| {
            for _ in 0..7 {
                turn = turn.schedule("x", "");
            }
            turn
        })
        .await;
    let mut seen = BTreeSet::new();
    while seen.len() < 7 {
        let items = driver.activities_up_to(3, LONG).await;
        assert!(!items.is_empty() && items.len() <= 3);
        for item in items {
            assert!(seen.insert(item.source), "{item:?} twice");
        }
    }
    driver.expect_no_activity().await;
}

/// However many fetch, each activity has one holder, and none is left out.
pub async fn many_fetchers_never_share_an_activity(factory: &dyn ProviderFactory) {
    const EACH: usize = 10;
    let driver = Driver::new(factory).await;
    for number in 0..8 {
        driver
            .begin(&format!("a{number}"), |mut turn| {
                for _ in 0..EACH {
                    turn = turn.schedule("x", "");
                }
                turn
            })
            .await;
    }
    let workers = (0..8).map(|_| {
        let store = driver.share();
        tokio::spawn(async move {
            let mut done = Vec::new();
            for _ in 0..EACH {
                for item in store
                    .fetch_activities(ActivityFetch::new(1, LONG))
                    .await
                    .unwrap()
                {
                    store
                        .complete_activity(&item.lock, Ok(String::new()))
                        .await
                        .unwrap();
                    done.push((item.instance, item.source));
                }
            }
            done
        })
    });
    let done = driver.patiently(join_all(workers)).await;
    let done: BTreeSet<_> = done.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(done.len(), 8 * EACH);
    driver.expect_no_activity().await;
}

/// Before its turn is durable an activity is not handed out.
pub async fn an_activity_without_a_committed_turn_never_appears(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).schedule("x", "");
    driver.expect_no_activity().await;
    driver.abandon(&item).await;
    assert_lost(driver.store.commit_turn(&item.lock, turn.commit).await);
    driver.expect_no_activity().await;
}

/// A lock with any part forged is no lock, for any verb; the true one stays good.
pub async fn a_forged_activity_lock_is_no_lock(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let other = driver.begin_activity("b").await;
    let item = driver.begin_activity("a").await;
    let forged = [
        ActivityLock {
            epoch: item.lock.epoch + 1,
            ..item.lock.clone()
        },
        ActivityLock {
            epoch: item.lock.epoch - 1,
            ..item.lock.clone()
        },
        ActivityLock {
            token: item.lock.token ^ 1,
            ..item.lock.clone()
        },
        ActivityLock {
            activity: other.lock.activity,
            ..item.lock.clone()
        },
        ActivityLock {
            activity: u64::MAX,
            ..item.lock.clone()
        },
    ];
    for lock in forged {
        assert_lost(
            driver
                .store
                .complete_activity(&lock, Ok(String::new()))
                .await,
        );
        assert_lost(driver.store.renew_activity(&lock, LONG).await);
        assert_lost(driver.store.abandon_activity(&lock, LONG, false).await);
    }
    driver.expect_no_turn().await;
    driver.complete(&item, "").await;
    assert_eq!(driver.fetch_up_to(ALL, LONG).await.len(), 1);
}
