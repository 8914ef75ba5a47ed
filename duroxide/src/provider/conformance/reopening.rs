//! What is there after a crash: everything that was acknowledged, and no lock.

use crate::history::{EventId, InstanceId, Message};
use crate::provider::StartOutcome;
use crate::time::Timestamp;

use super::assertions::{assert_lost, completed, messages, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn, first_start};

/// An acknowledged start survives.
pub async fn a_start_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let status = driver.status(&id).await;
    let driver = driver.reopen().await;
    assert_eq!(driver.status(&id).await, status);
    let again = driver
        .store
        .start(&id, first_start("orders", "in"))
        .await
        .unwrap();
    assert!(
        matches!(
            again,
            StartOutcome::Exists {
                same_request: true,
                ..
            }
        ),
        "{again:?}"
    );
    let item = driver.fetch().await;
    assert_eq!(
        messages(&item),
        [Message::Start(first_start("orders", "in"))]
    );
}

/// An acknowledged turn survives: history, status, activities; what it consumed stays consumed.
pub async fn a_turn_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.schedule("x", "1").schedule("y", "2"))
        .await;
    let (status, history) = (driver.status(&id).await, driver.history(&id).await);
    let driver = driver.reopen().await;
    assert_eq!(
        (driver.status(&id).await, driver.history(&id).await),
        (status, history)
    );
    driver.expect_no_turn().await;
    for (name, input) in [("x", "1"), ("y", "2")] {
        let request = driver.activity().await.request.unwrap();
        assert_eq!(
            (request.name.as_str(), request.input.as_str()),
            (name, input)
        );
    }
}

/// An acknowledged completion survives: the message is there, the activity is gone.
pub async fn a_completion_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    driver.complete(&activity, "r").await;
    let driver = driver.reopen().await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), [completed(activity.source, "r")]);
    assert_lost(
        driver
            .store
            .complete_activity(&activity.lock, Ok(String::new()))
            .await,
    );
    driver.expect_no_activity().await;
}

/// An acknowledged cancellation survives.
pub async fn a_cancellation_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").timer(Timestamp::ZERO))
        .await;
    driver.turn(|turn| turn.cancel_activity(EventId(2))).await;
    let driver = driver.reopen().await;
    driver.expect_no_activity().await;
}

/// An end survives, and so does the next execution.
pub async fn endings_and_successors_survive(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let ended = driver.begin("a", |turn| turn.complete("end")).await;
    let failed = driver.begin("b", |turn| turn.fail("why")).await;
    let continued = driver.begin("c", |turn| turn.continue_as_new("two")).await;
    let mut before = Vec::new();
    for id in [&ended, &failed, &continued] {
        before.push((driver.status(id).await, driver.history(id).await));
    }
    let driver = driver.reopen().await;
    for (id, before) in [&ended, &failed, &continued].into_iter().zip(before) {
        assert_eq!((driver.status(id).await, driver.history(id).await), before);
    }
    let item = driver.fetch().await;
    assert_eq!((&item.lock.instance, item.execution_id.0), (&continued, 2));
    assert!(matches!(&messages(&item)[0], Message::Start(start) if start.input == "two"));
}

/// Who held a turn when the process died does not hold it up: the work is handed out again, and
/// the lock of the former life is lost.
pub async fn a_turn_that_was_held_is_handed_out_again(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let old = driver.fetch_for(driver.short()).await;
    let driver = driver.reopen().await;
    let new = driver.fetch().await;
    assert_eq!(messages(&new), messages(&old));
    assert!(new.lock.epoch > old.lock.epoch);
    assert_lost(
        driver
            .store
            .commit_turn(&old.lock, Turn::of(&old).complete("").commit)
            .await,
    );
    assert_lost(driver.store.renew_turn(&old.lock, LONG).await);
    assert!(driver.history(&id).await.is_empty());
    driver.commit(&new, Turn::of(&new)).await;
}

/// The same holds for activities.
pub async fn an_activity_that_was_held_is_handed_out_again(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let old = driver.activity_for(driver.short()).await;
    let driver = driver.reopen().await;
    let new = driver.activity().await;
    assert_eq!((&new.instance, new.source), (&old.instance, old.source));
    assert_eq!(new.request.as_ref().unwrap(), old.request.as_ref().unwrap());
    assert_lost(
        driver
            .store
            .complete_activity(&old.lock, Ok("old".to_owned()))
            .await,
    );
    driver.complete(&new, "new").await;
    let item = driver.fetch().await;
    assert_eq!(messages(&item), [completed(new.source, "new")]);
}

/// Order survives: of messages in an inbox and of activities in the queue.
pub async fn order_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            (0..10).fold(turn, |turn, _| turn.schedule("x", ""))
        })
        .await;
    let mut expected = Vec::new();
    let mut activities = driver.activities_up_to(5, LONG).await;
    activities.reverse();
    for item in &activities {
        driver.complete(item, "").await;
        expected.push(completed(item.source, ""));
    }
    let driver = driver.reopen().await;
    assert_eq!(messages(&driver.fetch().await), expected);
    let mut last = EventId::NONE;
    for _ in activities.len()..10 {
        let item = driver.activity().await;
        assert!(item.source > last);
        last = item.source;
    }
}

/// Ids of messages and activities are not given anew while old ones are around.
pub async fn ids_are_not_given_twice(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let x = driver.activity().await;
    driver.complete(&x, "").await;
    let driver = driver.reopen().await;
    let y = driver.activity().await;
    driver.complete(&y, "").await;
    driver.begin("b", |turn| turn.schedule("z", "")).await;
    let z = driver.activity().await;
    assert!(z.lock.activity != x.lock.activity && z.lock.activity != y.lock.activity);
    let item = driver.fetch_turn_of(&InstanceId::new("a").unwrap()).await;
    assert_eq!(
        messages(&item),
        [completed(x.source, ""), completed(y.source, "")]
    );
    assert_ne!(item.messages[0].id, item.messages[1].id);
}

/// A process that crashes after every single step comes to the same end as one that does not.
pub async fn a_crash_after_every_step_changes_nothing(factory: &dyn ProviderFactory) {
    let mut driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    for round in 1..=4 {
        driver = driver.reopen().await;
        driver
            .turn(|turn| turn.schedule("x", &round.to_string()))
            .await;
        driver = driver.reopen().await;
        let activity = only(driver.activities_up_to(ALL, LONG).await);
        assert_eq!(activity.request.as_ref().unwrap().input, round.to_string());
        driver.complete(&activity, "").await;
    }
    driver = driver.reopen().await;
    driver.turn(|turn| turn.complete("end")).await;
    driver = driver.reopen().await;
    assert_eq!(driver.history(&id).await.len(), 10);
    assert!(driver.status(&id).await.state.is_terminal());
    driver.expect_no_turn().await;
    driver.expect_no_activity().await;
}
