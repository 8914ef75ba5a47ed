//! Turns that do not agree with themselves in what they start, send and keep. Each rule spoils a good
//! turn in one way: the store must refuse it, change nothing, and take the good one afterwards.

use crate::history::{EventId, ExecutionId, InstanceId, KvEntry, Message, Parent, Start};
use crate::provider::{KvChange, ProviderError, TurnCommit};
use crate::time::Timestamp;

use super::asking::taken;
use super::driver::Driver;
use super::refusals::refuses_once;
use super::{ProviderFactory, Turn, first_start};

/// The good turn starts `b`, which event 2 waits for, and `c`, for which nobody waits; it shows and
/// keeps something.
async fn refuses(factory: &dyn ProviderFactory, spoil: impl FnOnce(&mut TurnCommit)) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let good = Turn::of(&item).child("b").detached("c").show(Some("x"));
    let good = good.set("k", "v").set("l", "w");
    let spoilt = good.clone().with(spoil);
    refuses_once(&driver, &item, good, spoilt.commit).await;
    let mut started = [driver.fetch().await, driver.fetch().await].map(|item| item.lock.instance);
    started.sort();
    assert_eq!(started.map(|id| id.to_string()), ["b", "c"]);
    driver.expect_no_turn().await;
}

fn parent_of(commit: &mut TurnCommit) -> &mut Parent {
    commit.starts[0].start.parent.as_mut().unwrap()
}

/// A child names the turn that starts it: its instance, its execution and the event that asks for it.
pub async fn a_child_of_somebody_else_is_refused(factory: &dyn ProviderFactory) {
    let other = InstanceId::new("other").unwrap();
    refuses(factory, |commit| parent_of(commit).instance = other).await;
    refuses(factory, |commit| {
        parent_of(commit).execution_id = ExecutionId(2);
    })
    .await;
    for source in [EventId::NONE, EventId(1), EventId(3), EventId(99)] {
        refuses(factory, |commit| parent_of(commit).source = source).await;
    }
}

/// A child has the id that its event names.
pub async fn a_child_with_another_id_is_refused(factory: &dyn ProviderFactory) {
    let other = InstanceId::new("other").unwrap();
    refuses(factory, |commit| commit.starts[0].instance = other).await;
}

/// Whoever waits for a child gets an answer if its id is taken, and that fits the event.
pub async fn a_child_without_an_answer_is_refused(factory: &dyn ProviderFactory) {
    let wrong = [
        None,
        Some(taken(ExecutionId(2), EventId(2))),
        Some(taken(ExecutionId::FIRST, EventId(3))),
        Some(super::asking::cancel("x")),
    ];
    for answer in wrong {
        refuses(factory, |commit| commit.starts[0].if_taken = answer).await;
    }
}

/// An instance for which nobody waits has its event in the turn, and nobody to answer.
pub async fn a_detached_start_out_of_nothing_is_refused(factory: &dyn ProviderFactory) {
    let other = InstanceId::new("other").unwrap();
    refuses(factory, |commit| commit.starts[1].instance = other).await;
    refuses(factory, |commit| {
        commit.starts[1].if_taken = Some(taken(ExecutionId::FIRST, EventId(3)));
    })
    .await;
    refuses(factory, |commit| commit.starts[0].start.parent = None).await;
}

/// An instance begins with its first execution, to which nothing is handed down.
pub async fn a_start_that_is_none_is_refused(factory: &dyn ProviderFactory) {
    for spoil in spoilt_starts() {
        refuses(factory, |commit| spoil(&mut commit.starts[0].start)).await;
    }
    let driver = Driver::new(factory).await;
    let id = InstanceId::new("a").unwrap();
    let orphan: fn(&mut Start) = |start| {
        start.parent = Some(Parent {
            instance: InstanceId::new("b").unwrap(),
            execution_id: ExecutionId::FIRST,
            source: EventId(2),
        });
    };
    for spoil in spoilt_starts().into_iter().chain([orphan]) {
        let mut start = first_start("orders", "in");
        spoil(&mut start);
        let refused = driver.store.start(&id, start).await;
        assert!(
            matches!(refused, Err(ProviderError::Refused(_))),
            "{refused:?}"
        );
        assert_eq!(driver.store.status(&id).await.unwrap(), None);
    }
}

fn spoilt_starts() -> [fn(&mut Start); 4] {
    [
        |start| start.execution_id = ExecutionId(2),
        |start| start.custom_status = Some("x".to_owned()),
        |start| start.carried = vec![("q".to_owned(), "x".to_owned())],
        |start| {
            start.kv = vec![KvEntry {
                key: "k".to_owned(),
                value: "v".to_owned(),
                updated_at: Timestamp::ZERO,
            }];
        },
    ]
}

/// What is between the store and one instance is not sent by another.
pub async fn a_message_that_nobody_may_send_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("target", |turn| turn.schedule("x", "")).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let source = EventId(2);
    let execution_id = ExecutionId::FIRST;
    let wrong = [
        Message::Start(first_start("orders", "in")),
        super::assertions::completed(source, "forged"),
        Message::ActivityFailed {
            execution_id,
            source,
            details: super::failure("forged"),
        },
        Message::TimerFired {
            execution_id,
            source,
            fire_at: Timestamp::ZERO,
        },
    ];
    for message in wrong {
        let turn = Turn::of(&item).tell("target", message);
        let refused = driver.store.commit_turn(&item.lock, turn.commit).await;
        assert!(
            matches!(refused, Err(ProviderError::Refused(_))),
            "{refused:?}"
        );
    }
    let good = Turn::of(&item)
        .complete("")
        .with(|commit| commit.turn_id ^= 2);
    driver.commit(&item, good).await;
    driver.expect_no_turn().await;
}

/// The custom status is what the last event about it says.
pub async fn a_status_without_its_event_is_refused(factory: &dyn ProviderFactory) {
    for wrong in [None, Some(None), Some(Some("y".to_owned()))] {
        refuses(factory, |commit| commit.custom_status = wrong).await;
    }
}

/// The values change as the events say: neither more, nor less, nor otherwise.
pub async fn a_value_without_its_event_is_refused(factory: &dyn ProviderFactory) {
    refuses(factory, |commit| commit.kv.clear()).await;
    refuses(factory, |commit| {
        commit.kv.remove(0);
    })
    .await;
    refuses(factory, |commit| commit.kv.push(KvChange::ClearAll)).await;
    let key = || "other".to_owned();
    refuses(factory, |commit| {
        commit.kv.push(KvChange::Clear { key: key() });
    })
    .await;
    let spoilt: [fn(&mut KvEntry); 3] = [
        |entry| entry.key.push('x'),
        |entry| entry.value.push('x'),
        |entry| entry.updated_at = Timestamp::ZERO,
    ];
    for spoil in spoilt {
        refuses(factory, |commit| {
            if let KvChange::Set(entry) = &mut commit.kv[0] {
                spoil(entry);
            }
        })
        .await;
    }
}

/// What makes a good commit a wrong one.
type Spoil = Box<dyn Fn(&mut TurnCommit)>;

/// For an instance that has ended nothing is started, shown or kept.
pub async fn an_ended_instance_starts_and_keeps_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.ended("a").await;
    let before = driver.status(&id).await;
    driver
        .store
        .enqueue(&id, 1, super::asking::cancel("x"))
        .await
        .unwrap();
    let item = driver.fetch().await;
    let entry = KvEntry {
        key: "k".to_owned(),
        value: "v".to_owned(),
        updated_at: Timestamp::ZERO,
    };
    let spoilt: [Spoil; 3] = [
        Box::new(|commit| commit.custom_status = Some(Some("x".to_owned()))),
        Box::new(move |commit| commit.kv.push(KvChange::Set(entry.clone()))),
        Box::new(|commit| {
            let start = first_start("detached", "in");
            commit.starts.push(crate::provider::ChildStart {
                instance: InstanceId::new("b").unwrap(),
                start,
                if_taken: None,
            });
        }),
    ];
    for spoil in spoilt {
        let wrong = Turn::of(&item).with(|commit| spoil(commit));
        let refused = driver.store.commit_turn(&item.lock, wrong.commit).await;
        assert!(
            matches!(refused, Err(ProviderError::Refused(_))),
            "{refused:?}"
        );
    }
    let good = Turn::of(&item).with(|commit| commit.turn_id ^= 2);
    driver.commit(&item, good).await;
    assert_eq!(driver.status(&id).await, before);
    driver.expect_no_turn().await;
}
