//! What remains of an instance that has ended.

use std::time::Duration;

use crate::provider::InstanceState;

use super::assertions::only;
use super::driver::Driver;
use super::turn::failure;
use super::{ProviderFactory, Turn};

/// A completed instance shows its output.
pub async fn a_completed_instance_shows_its_output(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.complete("[1,2]")).await;
    let output = "[1,2]".to_owned();
    assert_eq!(
        driver.status(&id).await.state,
        InstanceState::Completed { output }
    );
    driver.expect_no_turn().await;
}

/// A failed instance shows why.
pub async fn a_failed_instance_shows_why(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.fail("out of stock")).await;
    let details = failure("out of stock");
    assert_eq!(
        driver.status(&id).await.state,
        InstanceState::Failed { details }
    );
    driver.expect_no_turn().await;
}

/// Messages that arrive after the end are handed out, and said to be too late.
pub async fn messages_after_the_end_are_handed_out_as_such(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").complete("done"))
        .await;
    let activity = driver.activity().await;
    driver.complete(&activity, "too late").await;
    let item = driver.fetch().await;
    assert!(item.ended);
    assert_eq!(item.messages.len(), 1);
    driver.commit(&item, Turn::of(&item)).await;
    driver.expect_no_turn().await;
}

/// Messages that the last turn did not consume are handed out too.
pub async fn messages_left_by_the_last_turn_are_handed_out(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    for _ in 0..2 {
        let activity = driver.activity().await;
        driver.complete(&activity, "").await;
    }
    let item = driver.fetch().await;
    let first = item.messages[0].id;
    let turn = Turn::consuming(&item, |id| id == first).complete("done");
    driver.commit(&item, turn).await;
    let rest = driver.fetch().await;
    assert!(rest.ended);
    assert_eq!(only(rest.messages.clone()).id, item.messages[1].id);
    driver.commit(&rest, Turn::of(&rest)).await;
    driver.expect_no_turn().await;
}

/// A timer that nobody cancelled does not bring an ended instance back.
pub async fn a_timer_after_the_end_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(Duration::from_millis(20));
    let id = driver
        .begin("a", |turn| turn.timer(due).complete("done"))
        .await;
    let status = driver.status(&id).await;
    let item = driver.fetch().await;
    assert!(item.ended);
    driver.commit(&item, Turn::of(&item)).await;
    assert_eq!(driver.status(&id).await, status);
    assert_eq!(driver.history(&id).await.len(), 3);
}

/// Consuming what came too late changes neither status nor history.
pub async fn an_ended_instance_stays_as_it_ended(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.schedule("x", "").fail("no"))
        .await;
    let (status, history) = (driver.status(&id).await, driver.history(&id).await);
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    driver.turn(|turn| turn).await;
    assert_eq!(driver.status(&id).await, status);
    assert_eq!(driver.history(&id).await, history);
}
