//! Taking activities back.

use std::time::Duration;

use crate::history::EventId;
use crate::time::Timestamp;

use super::assertions::{assert_lost, only};
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

const X: EventId = EventId(2);

/// A cancelled activity that nobody runs is not handed out any more; others are.
pub async fn a_cancelled_activity_is_not_handed_out(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    driver.turn(|turn| turn.cancel_activity(X)).await;
    let kept = only(driver.activities_up_to(9, LONG).await);
    assert_eq!(kept.request.unwrap().name, "y");
    driver.expect_no_activity().await;
}

/// Whoever runs a cancelled activity learns of it by every verb, and its result is not delivered.
pub async fn a_cancelled_activity_is_lost_for_its_worker(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    let running = driver.activity().await;
    assert_eq!(running.source, X);
    driver
        .store
        .renew_activity(&running.lock, LONG)
        .await
        .unwrap();
    driver.turn(|turn| turn.cancel_activity(X)).await;
    assert_lost(driver.store.renew_activity(&running.lock, LONG).await);
    let given_back = driver
        .store
        .abandon_activity(&running.lock, Duration::ZERO, false);
    assert_lost(given_back.await);
    assert_lost(
        driver
            .store
            .complete_activity(&running.lock, Ok(String::new()))
            .await,
    );
    driver.expect_no_turn().await;
}

/// Until the turn that cancels it is committed, an activity is not touched.
pub async fn a_cancellation_counts_with_its_commit(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    let running = driver.activity().await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).cancel_activity(X);
    driver.abandon(&item).await;
    assert_lost(driver.store.commit_turn(&item.lock, turn.commit).await);
    driver
        .store
        .renew_activity(&running.lock, LONG)
        .await
        .unwrap();
    driver.complete(&running, "").await;
}

/// What one turn queues and cancels leaves nothing: cancellations come after insertions.
pub async fn an_activity_cancelled_by_its_own_turn_never_appears(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            turn.schedule("x", "").schedule("y", "").cancel_activity(X)
        })
        .await;
    let kept = only(driver.activities_up_to(9, LONG).await);
    assert_eq!(kept.request.unwrap().name, "y");
    driver.expect_no_activity().await;
}

/// Cancelling what was completed before is no error; the completion stays.
pub async fn cancelling_what_is_completed_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    let running = driver.activity().await;
    let item = driver.fetch().await;
    driver.complete(&running, "just in time").await;
    driver
        .commit(&item, Turn::of(&item).cancel_activity(X))
        .await;
    let late = driver.fetch().await;
    assert_eq!(late.messages.len(), 1);
    driver
        .commit(
            &late,
            Turn::of(&late).with(|commit| commit.history_delta.clear()),
        )
        .await;
    driver.expect_no_turn().await;
}

/// Cancelling what never was, or is cancelled already, is no error.
pub async fn cancelling_what_is_not_there_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).cancel_activity(X).with(|commit| {
        commit
            .cancelled_activities
            .extend([X, EventId(99), EventId(1), EventId(0)]);
    });
    driver.commit(&item, turn).await;
    let kept = only(driver.activities_up_to(9, LONG).await);
    assert_eq!(kept.request.unwrap().name, "y");
}

/// Many are cancelled by one turn: exactly these are gone.
pub async fn many_activities_are_cancelled_at_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |mut turn| {
            for number in 2..=21 {
                turn = turn.schedule("x", &number.to_string());
            }
            turn.timer(Timestamp::ZERO)
        })
        .await;
    driver
        .turn(|mut turn| {
            for even in (2..=21).step_by(2) {
                turn = turn.cancel_activity(EventId(even));
            }
            turn
        })
        .await;
    for odd in (2..=21).skip(1).step_by(2) {
        assert_eq!(driver.activity().await.source, EventId(odd));
    }
    driver.expect_no_activity().await;
}

/// A cancellation concerns its own instance, although others have events of the same number.
pub async fn a_cancellation_concerns_its_own_instance(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    driver.begin("b", |turn| turn.schedule("z", "")).await;
    driver.turn(|turn| turn.cancel_activity(X)).await;
    let mut kept = Vec::new();
    while kept.len() < 2 {
        let item = driver.activity().await;
        kept.push((item.instance.to_string(), item.request.unwrap().name));
    }
    let expected = [("a", "y"), ("b", "z")].map(|(id, name)| (id.to_owned(), name.to_owned()));
    assert_eq!(kept, expected);
}

/// An ending turn takes its activities with it.
pub async fn an_ending_turn_can_cancel(factory: &dyn ProviderFactory) {
    let driver = with_a_pending_turn(factory).await;
    let running = driver.activity().await;
    driver
        .turn(|turn| {
            turn.cancel_activity(X)
                .cancel_activity(EventId(3))
                .complete("")
        })
        .await;
    assert_lost(driver.store.renew_activity(&running.lock, LONG).await);
    driver.expect_no_activity().await;
    driver.expect_no_turn().await;
}

/// An instance with two activities, `x` by event 2 and `y` by event 3, and a turn to be had.
async fn with_a_pending_turn(factory: &dyn ProviderFactory) -> Driver<'_> {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            let turn = turn.schedule("x", "").schedule("y", "");
            turn.timer(Timestamp::ZERO)
        })
        .await;
    driver
}
