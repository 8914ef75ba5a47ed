//! From one execution to the next.

use std::time::Duration;

use crate::history::{EventId, EventKind, ExecutionId, Message, Start};
use crate::provider::InstanceState;

use super::assertions::messages;
use super::driver::Driver;
use super::turn::{PINNED, first_start};
use super::{ProviderFactory, Turn};

fn next_start(execution_id: u64, input: &str) -> Start {
    Start {
        execution_id: ExecutionId(execution_id),
        ..first_start("successor", input)
    }
}

/// The next execution begins with the start that it was given, and an empty history.
pub async fn continuing_begins_the_next_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.continue_as_new("two")).await;
    let item = driver.fetch().await;
    assert_eq!((item.execution_id.0, item.last_event_id.0), (2, 0));
    assert_eq!(
        (item.orchestration.as_str(), item.version.as_deref()),
        ("successor", None)
    );
    assert_eq!(messages(&item), [Message::Start(next_start(2, "two"))]);
    assert!(driver.history_of(&id, ExecutionId(2)).await.is_empty());
    driver.commit(&item, Turn::of(&item).complete("end")).await;
    assert_eq!(
        driver.history_of(&id, ExecutionId(2)).await[0].event_id.0,
        1
    );
}

/// The status speaks of the current execution.
pub async fn the_status_follows_the_current_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.schedule("x", "")).await;
    let before = driver.status(&id).await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    driver.turn(|turn| turn.continue_as_new("two")).await;
    let between = driver.status(&id).await;
    assert_eq!(
        (between.execution_id.0, between.orchestration.as_str()),
        (2, "successor")
    );
    assert_eq!(
        (between.version.clone(), &between.state),
        (None, &InstanceState::Running)
    );
    assert!(between.change > before.change);
    assert_eq!(between.created_at, before.created_at);
    driver.turn(|turn| turn).await;
    let after = driver.status(&id).await;
    assert_eq!(after.version.as_deref(), Some(PINNED));
    assert!(after.change > between.change);
}

/// The history of the old execution stays as it was.
pub async fn the_old_history_stays(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.continue_as_new("two")).await;
    let old = driver.history(&id).await;
    assert_eq!(old.len(), 2);
    assert!(matches!(
        old[1].kind,
        EventKind::OrchestrationContinuedAsNew { .. }
    ));
    driver.turn(|turn| turn.complete("end")).await;
    assert_eq!(driver.history(&id).await, old);
}

/// Messages that the old execution left follow behind the start of the new one.
pub async fn messages_left_behind_follow_the_next_start(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    for result in ["first", "second"] {
        let activity = driver.activity().await;
        driver.complete(&activity, result).await;
    }
    let item = driver.fetch().await;
    driver
        .commit(&item, Turn::idle(&item).continue_as_new("two"))
        .await;
    let next = driver.fetch().await;
    assert!(matches!(&messages(&next)[0], Message::Start(start) if start.input == "two"));
    assert_eq!(messages(&next)[1..], messages(&item)[..]);
    driver.commit(&next, Turn::of(&next).complete("end")).await;
    driver.expect_no_turn().await;
}

/// An activity of the old execution that was not cancelled still completes, in its own name.
pub async fn an_activity_outlives_its_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").continue_as_new("two"))
        .await;
    driver.turn(|turn| turn).await;
    let activity = driver.activity().await;
    assert_eq!(
        (activity.execution_id.0, activity.orchestration.as_str()),
        (1, "orders")
    );
    driver.complete(&activity, "late").await;
    let item = driver.turn(|turn| turn.complete("end")).await;
    let expected = Message::ActivityCompleted {
        execution_id: ExecutionId::FIRST,
        source: activity.source,
        result: "late".to_owned(),
    };
    assert_eq!((messages(&item), item.execution_id.0), (vec![expected], 2));
}

/// A timer of the old execution that was not cancelled still fires, in its own name.
pub async fn a_timer_outlives_its_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(Duration::from_millis(30));
    driver
        .begin("a", |turn| turn.timer(due).continue_as_new("two"))
        .await;
    let item = loop {
        let item = driver.turn(|turn| turn).await;
        if let Some(timer @ Message::TimerFired { .. }) = messages(&item).pop() {
            break timer;
        }
    };
    let Message::TimerFired { execution_id, .. } = item else {
        panic!("it is a timer");
    };
    assert_eq!(execution_id, ExecutionId::FIRST);
}

/// What one execution cancels is not what another one asked for under the same number.
pub async fn a_cancellation_concerns_its_own_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("old", "").continue_as_new("two"))
        .await;
    let both = EventId(2);
    driver
        .turn(|turn| turn.schedule("new", "").cancel_activity(both))
        .await;
    let kept = driver.activity().await;
    assert_eq!(
        (kept.source, kept.request.unwrap().name.as_str()),
        (both, "old")
    );
    driver.expect_no_activity().await;
}

/// A long chain of executions: each has its number and its own history.
pub async fn a_chain_of_executions_is_numbered_without_a_gap(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    for execution in 1..20 {
        let item = driver
            .turn(|turn| turn.continue_as_new(&execution.to_string()))
            .await;
        assert_eq!(item.execution_id, ExecutionId(execution));
    }
    driver.turn(|turn| turn.complete("end")).await;
    assert_eq!(driver.status(&id).await.execution_id, ExecutionId(20));
    for execution in 1..=20 {
        let history = driver.history_of(&id, ExecutionId(execution)).await;
        assert_eq!(history.len(), 2, "execution {execution}");
    }
    assert!(driver.history_of(&id, ExecutionId(21)).await.is_empty());
}
