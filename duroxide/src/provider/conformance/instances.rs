//! Starting instances, and what is known of them.

use futures_util::future::join_all;

use crate::history::{InstanceId, Message, Start};
use crate::provider::{InstanceQuery, InstanceState, StartOutcome};

use super::assertions::{messages, only};
use super::driver::Driver;
use super::turn::{PINNED, first_start};
use super::{ProviderFactory, Turn};

/// From its acknowledgement on a started instance exists, before its first turn too.
pub async fn a_started_instance_exists_before_its_first_turn(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let before = driver.now();
    let id = driver.start("a").await;
    let status = driver.status(&id).await;
    assert_eq!(
        (status.instance, status.orchestration.as_str()),
        (id, "orders")
    );
    assert_eq!((status.execution_id.0, status.version), (1, None));
    assert_eq!(status.state, InstanceState::Running);
    assert!(status.change > 0, "a wait from 0 on sees the creation");
    assert!(status.created_at >= before && status.created_at <= driver.now());
}

/// What was asked for arrives with the first turn: input, version, seed.
pub async fn a_start_carries_everything_to_the_first_turn(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    let start = Start {
        version: Some("7.0.1".to_owned()),
        ..first_start("ship", "{\"to\":1}")
    };
    driver.store.start(&id, start.clone()).await.unwrap();
    let item = driver.fetch().await;
    assert_eq!(
        (&item.lock.instance, item.orchestration.as_str()),
        (&id, "ship")
    );
    assert_eq!((item.execution_id.0, item.last_event_id.0), (1, 0));
    assert_eq!(item.version.as_deref(), Some("7.0.1"));
    assert!(!item.ended);
    assert_eq!(messages(&item), [Message::Start(start)]);
}

/// A second start with the same id changes nothing and says that it was the same request.
pub async fn a_second_start_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let status = driver.status(&id).await;
    let again = Start {
        version: Some("9.9.9".to_owned()),
        seed: 5,
        ..first_start("orders", "in")
    };
    let expected = StartOutcome::Exists {
        status: Box::new(status.clone()),
        same_request: true,
    };
    assert_eq!(driver.store.start(&id, again).await.unwrap(), expected);
    assert_eq!(driver.status(&id).await, status);
    let item = driver.turn(|turn| turn).await;
    assert_eq!(
        messages(&item),
        [Message::Start(first_start("orders", "in"))]
    );
    driver.expect_no_turn().await;
}

/// A second start with another name or input is told apart.
pub async fn a_start_with_another_name_or_input_is_not_the_same(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    for other in [first_start("orders", "out"), first_start("order", "in")] {
        assert!(!same_request(&driver, &id, other).await);
    }
    assert!(same_request(&driver, &id, first_start("orders", "in")).await);
}

/// What a start is compared with is the first one, also when later executions have other inputs.
pub async fn a_start_is_compared_with_the_first_one(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.continue_as_new("later"))
        .await;
    driver.turn(|turn| turn).await;
    assert!(same_request(&driver, &id, first_start("orders", "in")).await);
    assert!(!same_request(&driver, &id, first_start("successor", "later")).await);
}

/// A start after the end begins nothing, and tells how it ended.
pub async fn a_start_after_the_end_begins_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.complete("done")).await;
    let again = driver
        .store
        .start(&id, first_start("orders", "in"))
        .await
        .unwrap();
    let StartOutcome::Exists { status, .. } = again else {
        panic!("it exists");
    };
    assert!(status.state.is_terminal());
    assert_eq!(*status, driver.status(&id).await);
    driver.expect_no_turn().await;
}

/// Of many starts at the same moment exactly one creates the instance.
pub async fn of_concurrent_starts_one_creates(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    let starts = (0..32).map(|_| {
        let (store, id) = (driver.share(), id.clone());
        tokio::spawn(async move { store.start(&id, first_start("orders", "in")).await })
    });
    let outcomes = join_all(starts).await;
    let created = outcomes.into_iter().filter(|outcome| {
        matches!(
            outcome.as_ref().unwrap().as_ref().unwrap(),
            StartOutcome::Created
        )
    });
    assert_eq!(created.count(), 1);
    assert_eq!(only(driver.fetch().await.messages).attempt, 1);
}

/// Nobody knows an instance that was not started.
pub async fn an_unknown_instance_has_no_status(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    for unknown in ["b", "A", "a.", "aa"] {
        let id = InstanceId::new(unknown).unwrap();
        assert_eq!(driver.store.status(&id).await.unwrap(), None);
    }
}

/// The first turn of an execution pins a version; from then on it is shown everywhere.
pub async fn the_first_turn_pins_the_version(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.schedule("x", "")).await;
    let status = driver.status(&id).await;
    assert_eq!(status.version.as_deref(), Some(PINNED));
    let activity = driver.activity().await;
    assert_eq!(activity.version.as_deref(), Some(PINNED));
    driver.complete(&activity, "").await;
    let item = driver.turn(|turn| turn.complete("")).await;
    assert_eq!(item.version.as_deref(), Some(PINNED));
    assert_eq!(driver.status(&id).await.version.as_deref(), Some(PINNED));
}

/// An execution of a single turn is pinned too: its first event names the version.
pub async fn an_execution_of_one_turn_is_pinned_too(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.complete("")).await;
    assert_eq!(driver.status(&id).await.version.as_deref(), Some(PINNED));
}

/// Instances that differ in a character of their id do not touch each other.
pub async fn instances_do_not_mix(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let ids = [
        "a",
        "A",
        "aa",
        "a/1",
        "a:1",
        "a.1",
        "a-1",
        "a@1",
        "a_1",
        "1",
        &"a".repeat(256),
    ];
    for id in ids {
        driver.begin(id, |turn| turn.complete(id)).await;
    }
    for id in ids {
        let id = InstanceId::new(id).unwrap();
        let output = id.as_str().to_owned();
        assert_eq!(
            driver.status(&id).await.state,
            InstanceState::Completed { output }
        );
        assert_eq!(driver.history(&id).await.len(), 2);
    }
}

/// Pages of the list, in the order of ids, show each instance once and as it stands.
pub async fn instances_are_listed_in_the_order_of_their_ids(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for id in ["c", "a", "e", "b", "d"] {
        driver.begin(id, |turn| turn.complete(id)).await;
    }
    let Some(admin) = driver.store.admin() else {
        return;
    };
    for size in 1..=6 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = admin
                .list_instances(&InstanceQuery::default(), after.as_ref(), size)
                .await
                .unwrap();
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.instance.clone());
            seen.extend(page);
        }
        let ids: Vec<_> = seen.iter().map(|status| status.instance.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c", "d", "e"]);
        for status in seen {
            assert_eq!(status, driver.status(&status.instance).await);
        }
    }
}

/// A commit of a turn without news leaves the status as it was, its `change` too.
pub async fn progress_alone_does_not_change_the_status(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.schedule("x", "")).await;
    let status = driver.status(&id).await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    let item = driver.fetch().await;
    driver
        .commit(&item, Turn::of(&item).schedule("y", ""))
        .await;
    assert_eq!(driver.status(&id).await, status);
}

async fn same_request(driver: &Driver<'_>, id: &InstanceId, start: Start) -> bool {
    match driver.store.start(id, start).await.unwrap() {
        StartOutcome::Exists { same_request, .. } => same_request,
        StartOutcome::Created => panic!("it existed"),
    }
}
