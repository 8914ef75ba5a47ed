//! Turns that do not follow from what is stored. Each rule spoils a good turn in one way: the store
//! must refuse it, change nothing, and take the good turn afterwards under the same lock.

use super::turn::failure;
use crate::history::{EventId, EventKind, ExecutionId, InstanceId, Start};
use crate::provider::{ProviderError, Timer, TurnCommit, TurnItem, TurnOutcome};
use crate::time::Timestamp;

use super::assertions::only;
use super::driver::{Driver, LONG};
use super::{ProviderFactory, Turn};

/// A delta that leaves a number out is refused.
pub async fn a_gap_in_the_events_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| {
        commit.history_delta[0].event_id = EventId(4);
    })
    .await;
    refuses(factory, |commit| {
        commit.history_delta[1].event_id = EventId(5);
        commit.activities = vec![EventId(5)];
    })
    .await;
}

/// An event that is there already is refused.
pub async fn an_event_written_twice_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| {
        commit.history_delta[0].event_id = EventId(2);
    })
    .await;
    refuses(factory, |commit| {
        commit.history_delta[1].event_id = EventId(3);
    })
    .await;
}

/// A second start of an execution is refused.
pub async fn a_second_start_event_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| {
        commit.history_delta[0].kind = EventKind::OrchestrationStarted {
            name: "orders".to_owned(),
            version: "1.0.0".to_owned(),
            input: String::new(),
            seed: 0,
            semantics: 1,
            parent: None,
            carried: Vec::new(),
            custom_status: None,
            kv: Vec::new(),
        };
    })
    .await;
}

/// An execution that begins with anything but its start is refused.
pub async fn a_first_event_that_is_no_start_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let spoilt = Turn::idle(&item).schedule("x", "");
    refuses_once(&driver, &item, Turn::of(&item), spoilt.commit).await;
}

/// Events behind the end of an execution are refused.
pub async fn an_event_behind_the_end_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| {
        let output = "done".to_owned();
        commit.history_delta[0].kind = EventKind::OrchestrationCompleted { output };
    })
    .await;
}

/// An instance that has ended takes no events.
pub async fn an_event_for_an_ended_instance_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule("x", "").complete(""))
        .await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    let item = driver.fetch().await;
    let spoilt = Turn::of(&item).schedule("y", "");
    refuses_once(&driver, &item, Turn::of(&item), spoilt.commit).await;
}

/// An outcome that no event speaks of is refused.
pub async fn an_outcome_without_its_event_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| {
        commit.outcome = TurnOutcome::Completed {
            output: "done".to_owned(),
        };
    })
    .await;
    refuses(factory, |commit| {
        let next = super::first_start("orders", "in");
        let execution_id = ExecutionId(2);
        commit.outcome = TurnOutcome::ContinuedAsNew {
            next: Start {
                execution_id,
                ..next
            },
        };
    })
    .await;
}

/// An end that the outcome does not speak of is refused.
pub async fn an_end_without_its_outcome_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| {
        let details = failure("why");
        commit.history_delta[1].kind = EventKind::OrchestrationFailed { details };
        commit.activities.clear();
    })
    .await;
}

/// A next execution that is not numbered next is refused.
pub async fn a_successor_with_a_wrong_number_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    for wrong in [0, 1, 3] {
        let item = driver.fetch().await;
        let spoilt = Turn::of(&item).continue_as_new("two").with(|commit| {
            if let TurnOutcome::ContinuedAsNew { next } = &mut commit.outcome {
                next.execution_id = ExecutionId(wrong);
            }
        });
        refuses_but_keeps(&driver, &item, spoilt.commit).await;
        driver.abandon(&item).await;
    }
}

/// A turn of another execution than the current one is refused.
pub async fn a_turn_of_another_execution_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| commit.execution_id = ExecutionId(2)).await;
    refuses(factory, |commit| commit.execution_id = ExecutionId(0)).await;
}

/// Queueing an activity that this turn does not schedule is refused.
pub async fn an_activity_without_its_event_is_refused(factory: &dyn ProviderFactory) {
    // An earlier turn's, a completion, one that does not exist.
    for wrong in [2, 3, 99] {
        refuses(factory, |commit| commit.activities.push(EventId(wrong))).await;
    }
}

/// Setting a timer that this turn does not create is refused.
pub async fn a_timer_without_its_event_is_refused(factory: &dyn ProviderFactory) {
    for wrong in [2, 4, 99] {
        refuses(factory, |commit| {
            let source = EventId(wrong);
            let fire_at = Timestamp::ZERO;
            commit.timers.push(Timer { fire_at, source });
        })
        .await;
    }
}

/// An instance does not start with any execution but the first.
pub async fn a_start_of_a_later_execution_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    let start = Start {
        execution_id: ExecutionId(2),
        ..super::first_start("orders", "in")
    };
    let refused = driver.store.start(&id, start).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(driver.store.status(&id).await.unwrap(), None);
}

/// Events 1 and 2 are there; the good turn writes 3, a completion, and 4, an activity.
pub(super) async fn refuses(factory: &dyn ProviderFactory, spoil: impl FnOnce(&mut TurnCommit)) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.schedule("x", "")).await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    let item = driver.fetch().await;
    let good = Turn::of(&item).schedule("y", "");
    let spoilt = good.clone().with(spoil);
    refuses_once(&driver, &item, good, spoilt.commit).await;
    assert_eq!(
        only(driver.activities_up_to(9, driver.short()).await).source,
        EventId(4)
    );
}

pub(super) async fn refuses_once(
    driver: &Driver<'_>,
    item: &TurnItem,
    good: Turn,
    spoilt: TurnCommit,
) {
    refuses_but_keeps(driver, item, spoilt).await;
    // Another id than that of the refused turn: a store must not take it for the same.
    let good = good.with(|commit| commit.turn_id ^= 2);
    driver.commit(item, good).await;
}

async fn refuses_but_keeps(driver: &Driver<'_>, item: &TurnItem, spoilt: TurnCommit) {
    let id = &item.lock.instance;
    let (status, history) = (driver.status(id).await, driver.history(id).await);
    let refused = driver.store.commit_turn(&item.lock, spoilt.clone()).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?} for {spoilt:?}"
    );
    assert_eq!(
        (driver.status(id).await, driver.history(id).await),
        (status, history)
    );
    let renewed = driver.store.renew_turn(&item.lock, LONG).await;
    assert!(renewed.is_ok(), "the lock is still held: {renewed:?}");
}
