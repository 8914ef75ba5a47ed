//! Reading what was written.

use crate::history::{
    AppErrorKind, ConfigErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId,
    InstanceId, PoisonMessageType,
};
use crate::provider::{InstanceState, TurnOutcome};
use crate::time::Timestamp;

use super::driver::{ALL, Driver};
use super::turn::failure;
use super::{ProviderFactory, Turn};

/// Every kind of event comes back as it was written.
pub async fn events_are_read_as_they_were_written(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let mut turn = Turn::of(&item)
        .schedule("x", "1")
        .schedule("y", "2")
        .schedule("z", "3");
    turn = turn
        .timer(Timestamp::from_millis(u64::MAX))
        .timer(Timestamp::from_millis(u64::MAX));
    let answers = [
        EventKind::ActivityCompleted {
            result: "r".to_owned(),
        },
        EventKind::ActivityFailed {
            details: failure("f"),
        },
        EventKind::ActivityCancelRequested {
            reason: "dropped_future".to_owned(),
        },
        EventKind::TimerFired {
            fire_at: Timestamp::from_millis(u64::MAX),
        },
        EventKind::TimerCancelled {
            fire_at: Timestamp::ZERO,
            reason: "dropped_future".to_owned(),
        },
    ];
    for (source, answer) in (2..).zip(answers) {
        turn.write(Some(EventId(source)), answer);
    }
    // The answers are written without their messages: nothing may be on the way for them.
    turn = turn.with(|commit| {
        commit.activities.clear();
        commit.timers.clear();
    });
    let turn = turn.continue_as_new("two");
    let written = turn.commit.history_delta.clone();
    driver.commit(&item, turn).await;
    assert_eq!(driver.history(&id).await, written);
}

/// Every kind of failure comes back as it was written.
pub async fn failures_are_read_as_they_were_written(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for (number, details) in (1..).zip(failures()) {
        let id = driver.start(&format!("a{number}")).await;
        let item = driver.fetch().await;
        let turn = Turn::of(&item).fail("").with(|commit| {
            let last = commit.history_delta.last_mut().unwrap();
            last.kind = EventKind::OrchestrationFailed {
                details: details.clone(),
            };
            commit.outcome = TurnOutcome::Failed {
                details: details.clone(),
            };
        });
        let written = turn.commit.history_delta.clone();
        driver.commit(&item, turn).await;
        assert_eq!(driver.history(&id).await, written);
        let state = driver.status(&id).await.state;
        assert_eq!(state, InstanceState::Failed { details });
    }
}

/// Pages of any size join without a gap or an overlap, and say whether more follows.
pub async fn pages_join_without_gap_or_overlap(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = long_history(&driver).await;
    let all = driver.history(&id).await;
    for size in 1..=all.len() + 1 {
        let mut read = Vec::new();
        loop {
            let after = read
                .last()
                .map_or(EventId::NONE, |event: &Event| event.event_id);
            let page = driver
                .store
                .read(&id, ExecutionId::FIRST, after, size)
                .await
                .unwrap();
            assert!(page.events.len() <= size);
            read.extend(page.events);
            assert_eq!(page.more, read.len() < all.len(), "pages of {size}");
            if !page.more {
                break;
            }
        }
        assert_eq!(read, all, "pages of {size}");
    }
}

/// A read can begin behind any event, also in the middle of what one turn wrote.
pub async fn a_read_begins_behind_any_event(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = long_history(&driver).await;
    let all = driver.history(&id).await;
    for skipped in 0..all.len() {
        let after = EventId(skipped as u64);
        let page = driver
            .store
            .read(&id, ExecutionId::FIRST, after, ALL)
            .await
            .unwrap();
        assert_eq!(page.events, all[skipped..]);
    }
}

/// There is nothing behind the last event, however far behind.
pub async fn reading_behind_the_end_gives_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.complete("")).await;
    for after in [2, 3, 1_000, u64::MAX] {
        let read = driver
            .store
            .read(&id, ExecutionId::FIRST, EventId(after), ALL);
        let page = read.await.unwrap();
        assert!(
            page.events.is_empty() && !page.more,
            "behind {after}: {page:?}"
        );
    }
}

/// Unknown instances and executions have no events; that is no error.
pub async fn what_is_unknown_has_no_events(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.complete("")).await;
    for (id, execution) in [("b", 1), ("a", 0), ("a", 2), ("a", u64::MAX), ("aa", 1)] {
        let id = InstanceId::new(id).unwrap();
        assert!(
            driver
                .history_of(&id, ExecutionId(execution))
                .await
                .is_empty()
        );
    }
}

/// History only grows: what was read once is a prefix of what is read later.
pub async fn an_earlier_read_is_a_prefix_of_a_later_one(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.schedule("x", "")).await;
    let mut before = driver.history(&id).await;
    for _ in 0..10 {
        let activity = driver.activity().await;
        driver.complete(&activity, "").await;
        let item = driver.turn(|turn| turn.schedule("x", "")).await;
        assert_eq!(item.last_event_id, before.last().unwrap().event_id);
        let now = driver.history(&id).await;
        assert_eq!(now[..before.len()], before[..]);
        assert_eq!(now.len(), before.len() + 2);
        before = now;
    }
}

/// Several turns of several events.
async fn long_history(driver: &Driver<'_>) -> InstanceId {
    let id = driver
        .begin("a", |turn| turn.schedule("x", "").schedule("x", ""))
        .await;
    for _ in 0..3 {
        let activity = driver.activity().await;
        driver.complete(&activity, "r").await;
        driver
            .turn(|turn| turn.schedule("x", "").schedule("y", ""))
            .await;
    }
    id
}

fn failures() -> Vec<ErrorDetails> {
    let text = || "why".to_owned();
    let poison = |message_type| ErrorDetails::Poison {
        attempt_count: 3,
        max_attempts: 2,
        message_type,
        message: text(),
    };
    let typed = |kind| ErrorDetails::Application {
        kind,
        message: text(),
        retryable: true,
        payload: Some("{\"code\":7}".to_owned()),
    };
    vec![
        ErrorDetails::Infrastructure {
            operation: text(),
            message: text(),
            retryable: true,
        },
        ErrorDetails::Configuration {
            kind: ConfigErrorKind::Nondeterminism,
            resource: text(),
            message: Some(text()),
        },
        typed(AppErrorKind::ActivityFailed),
        typed(AppErrorKind::OrchestrationFailed),
        typed(AppErrorKind::Panicked),
        typed(AppErrorKind::Cancelled { reason: text() }),
        poison(PoisonMessageType::Orchestration {
            instance: text(),
            execution_id: 1,
        }),
        poison(PoisonMessageType::Activity {
            instance: text(),
            execution_id: 1,
            activity_name: text(),
            activity_id: 2,
        }),
        poison(PoisonMessageType::FailedDeserialization {
            instance: text(),
            execution_id: 1,
            error: text(),
        }),
    ]
}
