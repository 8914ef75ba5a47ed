//! Sums over the store, its queues, and the size of one instance.

use std::time::Duration;

use crate::history::{EventId, EventKind, ExecutionId, InstanceId, KvEntry, Message, SystemStats};
use crate::provider::{QueueDepths, Totals, TurnOutcome};

use super::asking::cancel;
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

async fn totals(driver: &Driver<'_>) -> Option<Totals> {
    Some(driver.admin()?.totals().await.unwrap())
}

async fn depths(driver: &Driver<'_>) -> Option<(usize, usize, usize)> {
    let depths: QueueDepths = driver.admin()?.queue_depths().await.unwrap();
    Some((
        depths.orchestrator_queue,
        depths.worker_queue,
        depths.timer_queue,
    ))
}

async fn stats(driver: &Driver<'_>, id: &InstanceId) -> Option<SystemStats> {
    let admin = driver.admin()?;
    Some(admin.stats(id).await.unwrap().expect("the instance exists"))
}

fn queued(data: &str) -> Message {
    Message::QueueEvent {
        queue: "q".to_owned(),
        data: data.to_owned(),
    }
}

/// An empty store has nothing.
pub async fn an_empty_store_has_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let Some(totals) = totals(&driver).await else {
        return;
    };
    assert_eq!(totals, Totals::default());
    assert_eq!(depths(&driver).await, Some((0, 0, 0)));
}

/// Instances count by their state, executions and events that are kept count.
pub async fn totals_add_up(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.ended("done").await;
    driver.begin("bad", |turn| turn.fail("x")).await;
    let again = driver.begin("again", |turn| turn.continue_as_new("")).await;
    driver.begin("run", |turn| turn.child("child")).await;
    let mut expected = Totals {
        instances: 5,
        executions: 6,
        running: 3,
        completed: 1,
        failed: 1,
        events: 8,
    };
    let Some(found) = totals(&driver).await else {
        return;
    };
    assert_eq!(found, expected);
    let driver = driver.reopen().await;
    assert_eq!(totals(&driver).await, Some(expected));
    let admin = driver.admin().unwrap();
    admin.prune(&again, None, None).await.unwrap();
    expected.executions -= 1;
    expected.events -= 2;
    assert_eq!(totals(&driver).await, Some(expected));
    let done = InstanceId::new("done").unwrap();
    admin.delete(&[done], false).await.unwrap();
    expected.instances -= 1;
    expected.executions -= 1;
    expected.completed -= 1;
    expected.events -= 2;
    assert_eq!(totals(&driver).await, Some(expected));
}

/// Messages count until they are consumed, also while they are locked or put off.
pub async fn messages_count_until_they_are_consumed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    driver.store.enqueue(&id, 1, cancel("x")).await.unwrap();
    let Some(found) = depths(&driver).await else {
        return;
    };
    assert_eq!(found, (2, 0, 0));
    let item = driver.fetch().await;
    assert_eq!(depths(&driver).await, Some((2, 0, 0)));
    let given_back = driver.store.abandon_turn(&item.lock, driver.short(), false);
    given_back.await.unwrap();
    assert_eq!(depths(&driver).await, Some((2, 0, 0)));
    driver.turn(|turn| turn).await;
    assert_eq!(depths(&driver).await, Some((0, 0, 0)));
}

/// Activities count until they are completed or cancelled, also while they run.
pub async fn activities_count_until_they_are_done(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| {
            let turn = turn.schedule("x", "").schedule_in("s", "y");
            turn.schedule_tagged("gpu", "z")
        })
        .await;
    let Some(found) = depths(&driver).await else {
        return;
    };
    assert_eq!(found, (0, 3, 0));
    let item = driver.activity().await;
    assert_eq!(depths(&driver).await, Some((0, 3, 0)));
    driver.complete(&item, "").await;
    assert_eq!(depths(&driver).await, Some((1, 2, 0)));
    driver
        .turn_of(&id, |turn| turn.cancel_activity(EventId(3)))
        .await;
    let driver = driver.reopen().await;
    assert_eq!(depths(&driver).await, Some((0, 1, 0)));
}

/// Timers count until they are due; then they are messages.
pub async fn timers_count_until_they_are_due(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let (soon, late) = (driver.at(Duration::ZERO), driver.at(LONG));
    driver
        .begin("a", |turn| turn.timer(late).timer(soon).timer(late))
        .await;
    let item = driver.fetch().await;
    let Some(found) = depths(&driver).await else {
        return;
    };
    assert_eq!(found, (1, 0, 2));
    driver.commit(&item, Turn::of(&item)).await;
    assert_eq!(depths(&driver).await, Some((0, 0, 2)));
}

/// The size of an instance: events of the current execution and their bytes, and its values.
pub async fn the_size_of_an_instance_is_told(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let entry = |key: &str, value: &str, event| KvEntry {
        key: key.to_owned(),
        value: value.to_owned(),
        updated_at: super::executions::time_of(event),
    };
    let kept = [entry("k", "", 3), entry("key", "12345", 2)];
    let id = driver
        .begin("a", |turn| {
            let turn = turn.set("key", "12345").set("k", "");
            turn.continue_as_new("").hand_down(None, &kept)
        })
        .await;
    driver.turn(|turn| turn.schedule("xyz", "1234567")).await;
    let history = driver.history_of(&id, ExecutionId(2)).await;
    let bytes: usize = history.iter().map(|event| event.kind.text_bytes()).sum();
    let Some(found) = stats(&driver, &id).await else {
        return;
    };
    let expected = SystemStats {
        history_event_count: 2,
        history_size_bytes: u64::try_from(bytes).unwrap(),
        queue_pending_count: 0,
        kv_user_key_count: 2,
        kv_total_value_bytes: 5,
    };
    assert_eq!(found, expected);
    let driver = driver.reopen().await;
    driver
        .poke(&id, |turn| turn.set("key", "1").clear("k"))
        .await;
    let found = stats(&driver, &id).await.unwrap();
    assert_eq!(
        (found.kv_user_key_count, found.kv_total_value_bytes),
        (1, 1)
    );
    assert_eq!(found.history_event_count, 5);
}

/// What waits in the inbox counts, and what was delivered to a queue and not asked for.
pub async fn what_an_instance_has_not_read_is_told(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let Some(found) = stats(&driver, &id).await else {
        return;
    };
    assert_eq!(found.queue_pending_count, 0);
    for number in 1..=3 {
        driver
            .store
            .enqueue(&id, number, queued("x"))
            .await
            .unwrap();
    }
    let waiting = |found: SystemStats| found.queue_pending_count;
    assert_eq!(stats(&driver, &id).await.map(waiting), Some(3));
    driver.turn(|turn| turn).await;
    assert_eq!(
        stats(&driver, &id).await.map(waiting),
        Some(3),
        "delivered, not read"
    );
    let ask = |turn: Turn, source, reason: Option<&str>| {
        let mut turn = turn;
        let kind = match reason {
            None => EventKind::QueueSubscribed {
                name: "q".to_owned(),
            },
            Some(reason) => EventKind::QueueSubscriptionCancelled {
                reason: reason.to_owned(),
            },
        };
        turn.write(source, kind);
        turn
    };
    // Events 1 to 4 are there, 5 is the poke: 6 and 7 ask.
    driver
        .poke(&id, |turn| ask(ask(turn, None, None), None, None))
        .await;
    assert_eq!(stats(&driver, &id).await.map(waiting), Some(1));
    let seventh = Some(EventId(7));
    driver
        .poke(&id, |turn| ask(turn, seventh, Some("dropped_future")))
        .await;
    assert_eq!(stats(&driver, &id).await.map(waiting), Some(2));
    let other = EventKind::QueueSubscribed {
        name: "other".to_owned(),
    };
    driver
        .poke(&id, |mut turn| {
            turn.write(None, other);
            turn
        })
        .await;
    assert_eq!(stats(&driver, &id).await.map(waiting), Some(2));
}

/// What is carried to the next execution counts, before its first turn and behind it.
pub async fn what_is_carried_is_not_read(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let carried: Vec<_> = ["1", "2"]
        .map(|data| ("q".to_owned(), data.to_owned()))
        .into();
    let id = driver
        .begin("a", |turn| {
            turn.continue_as_new("").with(|commit| {
                if let TurnOutcome::ContinuedAsNew { next } = &mut commit.outcome {
                    next.carried = carried;
                }
            })
        })
        .await;
    let Some(found) = stats(&driver, &id).await else {
        return;
    };
    assert_eq!(
        found.queue_pending_count, 3,
        "the start, and what it carries"
    );
    assert_eq!(found.history_event_count, 0);
    driver.turn(|turn| turn).await;
    assert_eq!(stats(&driver, &id).await.unwrap().queue_pending_count, 2);
}

/// An unknown instance has no size.
pub async fn what_is_unknown_has_no_size(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let Some(admin) = driver.admin() else { return };
    let unknown = InstanceId::new("a").unwrap();
    assert_eq!(admin.stats(&unknown).await.unwrap(), None);
}
