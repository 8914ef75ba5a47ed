//! From an activity's result to the inbox: exactly once.

use futures_util::future::join_all;

use crate::history::{ExecutionId, Message};

use super::ProviderFactory;
use super::assertions::{assert_lost, completed, messages};
use super::clock::TurnClock;
use super::driver::{Driver, LONG};
use super::turn::failure;

/// A result arrives once, and the activity is gone.
pub async fn a_result_arrives_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    driver.complete(&activity, "{\"ok\":true}").await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(
        messages(&item),
        [completed(activity.source, "{\"ok\":true}")]
    );
    driver.expect_no_turn().await;
    driver.expect_no_activity().await;
}

/// A failure arrives in the same way.
pub async fn a_failure_arrives_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    let details = failure("card refused");
    let failed = driver
        .store
        .complete_activity(&activity.lock, Err(details.clone()));
    failed.await.unwrap();
    let item = driver.turn(|turn| turn).await;
    let expected = Message::ActivityFailed {
        execution_id: ExecutionId::FIRST,
        source: activity.source,
        details,
    };
    assert_eq!(messages(&item), [expected]);
    driver.expect_no_turn().await;
    driver.expect_no_activity().await;
}

/// The first completion wins: a second one is lost and changes nothing.
pub async fn a_second_completion_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    driver.complete(&activity, "first").await;
    assert_lost(
        driver
            .store
            .complete_activity(&activity.lock, Ok("second".to_owned()))
            .await,
    );
    assert_lost(
        driver
            .store
            .complete_activity(&activity.lock, Err(failure("third")))
            .await,
    );
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), [completed(activity.source, "first")]);
    assert_lost(
        driver
            .store
            .complete_activity(&activity.lock, Ok("fourth".to_owned()))
            .await,
    );
    driver.expect_no_turn().await;
}

/// A completed activity can be neither renewed nor given back.
pub async fn a_completed_activity_is_gone(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    driver.complete(&activity, "").await;
    assert_lost(driver.store.renew_activity(&activity.lock, LONG).await);
    let given_back = driver.store.abandon_activity(&activity.lock, LONG, false);
    assert_lost(given_back.await);
    driver.expect_no_activity().await;
}

/// Of many completions at the same moment one wins.
pub async fn of_concurrent_completions_one_wins(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    let completions = (0..16).map(|number| {
        let (store, lock) = (driver.share(), activity.lock.clone());
        let result = number.to_string();
        tokio::spawn(async move {
            let answer = store.complete_activity(&lock, Ok(result.clone())).await;
            (result, answer)
        })
    });
    let mut winners = Vec::new();
    for completion in join_all(completions).await {
        match completion.unwrap() {
            (result, Ok(())) => winners.push(completed(activity.source, &result)),
            (_, lost) => assert_lost(lost),
        }
    }
    let item = driver.turn(|turn| turn).await;
    assert_eq!((winners.len(), messages(&item)), (1, winners));
}

/// Whoever was overtaken cannot complete; whoever overtook can.
pub async fn an_overtaken_completion_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let old = driver.activity_for(driver.short()).await;
    let new = driver.activity().await;
    assert_lost(
        driver
            .store
            .complete_activity(&old.lock, Ok("old".to_owned()))
            .await,
    );
    driver.expect_no_turn().await;
    driver.complete(&new, "new").await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), [completed(new.source, "new")]);
}

/// A late result counts if nobody took over: work that was done is not thrown away.
pub async fn a_late_completion_counts_if_nobody_took_over(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let mut clock = TurnClock::new(&driver).await;
    let activity = driver.activity_for(driver.short()).await;
    clock.pass(&driver, driver.short() * 2).await;
    driver.complete(&activity, "late").await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), [completed(activity.source, "late")]);
    driver.expect_no_activity().await;
}

/// Results of several activities all arrive, whatever the order.
pub async fn results_of_many_activities_all_arrive(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |mut turn| {
            for _ in 0..30 {
                turn = turn.schedule("x", "");
            }
            turn
        })
        .await;
    let mut activities = driver.activities_up_to(30, LONG).await;
    assert_eq!(activities.len(), 30);
    activities.reverse();
    let completions = activities.into_iter().map(|activity| {
        let store = driver.share();
        tokio::spawn(async move {
            store
                .complete_activity(&activity.lock, Ok(String::new()))
                .await
                .unwrap();
        })
    });
    join_all(completions).await;
    let mut arrived = 0;
    while arrived < 30 {
        arrived += driver.turn(|turn| turn).await.messages.len();
    }
    assert_eq!(arrived, 30);
    driver.expect_no_turn().await;
}
