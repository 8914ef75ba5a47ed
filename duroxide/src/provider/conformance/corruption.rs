//! Stored bytes that cannot be read concern their instance only, and are never passed over.

use crate::history::{EventId, EventKind, ExecutionId, InstanceId};
use crate::provider::{InstanceState, ProviderError};

use super::driver::{ALL, Driver, LONG};
use super::turn::failure;
use super::{ProviderFactory, Turn};

/// A message that cannot be read is handed out as an error, counted, and can be consumed.
pub async fn a_corrupt_message_is_handed_out_as_an_error(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activity = driver.begin_activity("a").await;
    driver.complete(&activity, "").await;
    let id = activity.instance;
    let Some(driver) = driver.corrupt_messages(&id).await else {
        return;
    };
    for attempt in 1..=3 {
        let item = driver.fetch().await;
        assert_eq!(item.lock.instance, id);
        assert_eq!(item.messages.len(), 1);
        assert!(item.messages[0].message.is_err(), "{item:?}");
        assert!(item.messages[0].attempt >= attempt);
        driver.abandon(&item).await;
    }
    driver.turn(|turn| turn.fail("poison")).await;
    let details = failure("poison");
    assert_eq!(
        driver.status(&id).await.state,
        InstanceState::Failed { details }
    );
    driver.expect_no_turn().await;
}

/// A start that cannot be read is handed out like that too; its instance can be ended.
pub async fn an_instance_with_a_corrupt_start_can_be_ended(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let Some(driver) = driver.corrupt_messages(&id).await else {
        return;
    };
    let item = driver.fetch().await;
    assert!(item.messages[0].message.is_err(), "{item:?}");
    assert_eq!(
        (item.orchestration.as_str(), item.execution_id),
        ("orders", ExecutionId::FIRST)
    );
    let mut turn = Turn::of(&item);
    turn.write(
        None,
        EventKind::OrchestrationStarted {
            name: item.orchestration.clone(),
            version: "0.0.0".to_owned(),
            input: String::new(),
            seed: 0,
            semantics: 1,
            parent: None,
            carried: Vec::new(),
            custom_status: None,
            kv: Vec::new(),
        },
    );
    driver.commit(&item, turn.fail("poison")).await;
    assert!(driver.status(&id).await.state.is_terminal());
    driver.expect_no_turn().await;
}

/// Corrupt messages of one instance hold up no other one.
pub async fn a_corrupt_message_holds_up_nobody(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let bad = driver.start("a").await;
    let Some(driver) = driver.corrupt_messages(&bad).await else {
        return;
    };
    let good = driver.start("b").await;
    let mut seen = driver.fetch_up_to(ALL, LONG).await;
    while seen.len() < 2 {
        seen.extend(driver.fetch_up_to(ALL, LONG).await);
    }
    for item in seen {
        assert_eq!(
            item.messages[0].message.is_ok(),
            item.lock.instance == good,
            "{item:?}"
        );
    }
}

/// A read of a damaged event is an error that says where; the event is never passed over.
pub async fn a_corrupt_event_is_never_passed_over(factory: &dyn ProviderFactory) {
    for damaged in 1..=5 {
        let driver = Driver::new(factory).await;
        let id = history_of_five(&driver).await;
        let before = driver.history(&id).await;
        let Some(driver) = driver.corrupt_event(&id, EventId(damaged)).await else {
            return;
        };
        assert_corrupt(&driver, &id, EventId::NONE, ALL).await;
        // In small pages, everything before the damage or nothing may come, then the error.
        let mut after = EventId::NONE;
        while after.0 + 1 < damaged {
            let Ok(page) = driver.store.read(&id, ExecutionId::FIRST, after, 1).await else {
                break;
            };
            let index = usize::try_from(after.0).unwrap();
            assert_eq!(page.events[..], before[index..=index]);
            assert!(page.more);
            after = after.next();
        }
        assert_corrupt(&driver, &id, after, 1).await;
    }
}

/// Damage in one history concerns no other instance.
pub async fn a_corrupt_history_concerns_its_instance_only(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let bad = history_of_five(&driver).await;
    let good = driver.begin("b", |turn| turn.schedule("x", "")).await;
    let Some(driver) = driver.corrupt_event(&bad, EventId(2)).await else {
        return;
    };
    assert_eq!(driver.history(&good).await.len(), 2);
    assert_eq!(driver.status(&bad).await.state, InstanceState::Running);
    assert_eq!(driver.status(&good).await.state, InstanceState::Running);
}

/// An instance whose history cannot be read can be fetched, and ended by a further event.
pub async fn an_instance_with_a_corrupt_history_can_be_ended(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = history_of_five(&driver).await;
    let Some(driver) = driver.corrupt_event(&id, EventId(1)).await else {
        return;
    };
    let item = driver.fetch().await;
    assert_eq!((&item.lock.instance, item.last_event_id), (&id, EventId(5)));
    driver.commit(&item, Turn::of(&item).fail("poison")).await;
    assert!(driver.status(&id).await.state.is_terminal());
    assert_corrupt(&driver, &id, EventId::NONE, ALL).await;
}

/// An activity whose event cannot be read is handed out as an error, and can be completed.
pub async fn an_activity_that_cannot_be_read_is_handed_out(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let bad = driver.begin("a", |turn| turn.schedule("x", "")).await;
    let Some(driver) = driver.corrupt_event(&bad, EventId(2)).await else {
        return;
    };
    driver.begin("b", |turn| turn.schedule("y", "")).await;
    for _ in 0..2 {
        let item = driver.activity().await;
        // A store may keep a copy of the request beside the event; then it is still readable.
        assert!(item.request.is_ok() || item.instance == bad, "{item:?}");
        let failed = driver
            .store
            .complete_activity(&item.lock, Err(failure("unreadable")));
        failed.await.unwrap();
    }
    driver.expect_no_activity().await;
    assert_eq!(driver.fetch_turn_of(&bad).await.messages.len(), 1);
}

/// Two turns: a start with two activities; a completion and a third activity. A turn is due.
async fn history_of_five(driver: &Driver<'_>) -> InstanceId {
    let id = driver
        .begin("a", |turn| turn.schedule("x", "").schedule("y", ""))
        .await;
    let (x, y) = (driver.activity().await, driver.activity().await);
    driver.complete(&x, "").await;
    driver.turn(|turn| turn.schedule("z", "")).await;
    driver.complete(&y, "").await;
    id
}

async fn assert_corrupt(driver: &Driver<'_>, id: &InstanceId, after: EventId, max: usize) {
    match driver.store.read(id, ExecutionId::FIRST, after, max).await {
        Err(ProviderError::Corrupt {
            instance,
            execution_id,
            ..
        }) => assert_eq!((&instance, execution_id), (id, ExecutionId::FIRST)),
        other => panic!("the damage behind {after} should be an error: {other:?}"),
    }
}
