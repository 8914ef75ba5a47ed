//! A watch that never barks proves nothing: what must hold is broken by hand, one rule at a time, and
//! noticed.

use crate::history::{Event, EventId, EventKind, ExecutionId, InstanceId};
use crate::provider::InstanceState;
use crate::provider::conformance::Driver;
use crate::provider::model::ModelProvider;
use crate::provider::model::state::{Instance, QueuedActivity, State, StoredEvent};

use super::ModelFactory;

/// `calls` waits for an activity that somebody has fetched; `parent` waits for its child; `twice` has
/// continued as new and not begun again; `done` has ended; a node holds the lock of `new`.
async fn sound(factory: &ModelFactory) -> ModelProvider {
    let driver = Driver::new(factory).await;
    driver.begin("done", |turn| turn.complete("")).await;
    driver.begin_activity("calls").await;
    driver.begin("parent", |turn| turn.child("child")).await;
    let child = InstanceId::new("child").unwrap();
    driver
        .turn_of(&child, |turn| turn.schedule("charge", ""))
        .await;
    driver.begin("twice", |turn| turn.continue_as_new("")).await;
    let new = driver.start("new").await;
    driver.fetch_turn_of(&new).await;
    factory.newest()
}

/// What is said about a store in which all was well before.
async fn noticed(damage: impl FnOnce(&mut State)) -> String {
    let factory = ModelFactory::default();
    let model = sound(&factory).await;
    assert_eq!(model.check_invariants(), Ok(()));
    damage(&mut model.lock());
    model.check_invariants().expect_err("nothing was noticed")
}

async fn is_noticed(rule: &str, damage: impl FnOnce(&mut State)) {
    let noticed = noticed(damage).await;
    assert!(noticed.contains(rule), "`{rule}` is wanted: {noticed}");
}

fn instance<'s>(state: &'s mut State, id: &str) -> &'s mut Instance {
    let id = InstanceId::new(id).unwrap();
    state.instances.get_mut(&id).unwrap()
}

fn event(found: &mut Instance, id: u64) -> &mut Event {
    let history = found.executions.get_mut(&ExecutionId::FIRST).unwrap();
    &mut history.get_mut(&EventId(id)).unwrap().event
}

/// Puts an event behind the last one.
fn append(found: &mut Instance, source: Option<EventId>, kind: EventKind) {
    let history = found.executions.get_mut(&ExecutionId::FIRST).unwrap();
    let (&last, stored) = history.last_key_value().unwrap();
    let event = Event {
        event_id: last.next(),
        source_event_id: source,
        timestamp: stored.event.timestamp,
        kind,
    };
    let stored = StoredEvent {
        event,
        corrupt: false,
    };
    history.insert(last.next(), stored);
}

fn copy(activity: &QueuedActivity) -> QueuedActivity {
    QueuedActivity {
        instance: activity.instance.clone(),
        execution_id: activity.execution_id,
        source: activity.source,
        orchestration: activity.orchestration.clone(),
        version: activity.version.clone(),
        session_id: activity.session_id.clone(),
        tag: activity.tag.clone(),
        attempt: activity.attempt,
        visible_from: activity.visible_from,
        lock: None,
        owner: None,
    }
}

/// A queued activity beside that of `calls`, which is as it says.
fn queue(state: &mut State, change: impl FnOnce(&mut QueuedActivity)) {
    let mut activity = copy(state.activities.values().next().unwrap());
    change(&mut activity);
    state.activities.insert(u64::MAX, activity);
}

#[tokio::test]
async fn locks_that_were_never_granted() {
    let rule = "I22: a lock that was never granted";
    is_noticed(rule, |state| {
        let lock = instance(state, "new").lock.as_mut().unwrap();
        lock.lease.epoch += 100;
    })
    .await;
    is_noticed(rule, |state| {
        let other = state.activities.values().find_map(|found| found.lock);
        let lock = instance(state, "new").lock.as_mut().unwrap();
        lock.lease.epoch = other.unwrap().epoch;
    })
    .await;
    is_noticed(rule, |state| {
        let other = state.activities.values().find_map(|found| found.lock);
        let lock = instance(state, "new").lock.as_mut().unwrap();
        lock.lease.token = other.unwrap().token;
    })
    .await;
}

#[tokio::test]
async fn activities_of_nobody_or_for_somebody_else() {
    let nobody = InstanceId::new("nobody").unwrap();
    is_noticed("I10: an activity of no instance", |state| {
        queue(state, |activity| activity.instance = nobody);
    })
    .await;
    let rule = "I10: an activity of no such event";
    let done = InstanceId::new("done").unwrap();
    is_noticed(rule, |state| {
        queue(state, |activity| activity.instance = done);
    })
    .await;
    is_noticed(rule, |state| {
        state.activities.values_mut().next().unwrap().tag = Some("gpu".to_owned());
    })
    .await;
    is_noticed(rule, |state| {
        state.activities.values_mut().next().unwrap().session_id = Some("s".to_owned());
    })
    .await;
}

#[tokio::test]
async fn a_child_whose_parent_is_gone() {
    is_noticed("I10: its parent `parent` does not exist", |state| {
        state.instances.remove(&InstanceId::new("parent").unwrap());
    })
    .await;
}

#[tokio::test]
async fn executions_that_are_missing_or_too_many() {
    is_noticed("I8: 1 executions", |state| {
        instance(state, "twice").executions.pop_first();
    })
    .await;
    is_noticed("I8: 2 executions", |state| {
        instance(state, "calls").forgotten += 1;
    })
    .await;
    is_noticed("I8: 2 executions", |state| {
        let found = instance(state, "calls");
        found.forgotten += 1;
        found.execution_id = ExecutionId(2);
    })
    .await;
}

#[tokio::test]
async fn ends_that_are_missing_or_too_many() {
    let rule = "ends unlike what the instance says";
    is_noticed(rule, |state| {
        let found = instance(state, "twice");
        let first = found.executions.get_mut(&ExecutionId::FIRST).unwrap();
        first.pop_last();
    })
    .await;
    is_noticed(rule, |state| {
        instance(state, "calls").state = InstanceState::Completed {
            output: String::new(),
        };
    })
    .await;
    is_noticed(rule, |state| {
        instance(state, "done").state = InstanceState::Running;
    })
    .await;
}

#[tokio::test]
async fn events_that_are_not_in_a_row() {
    is_noticed("I8: event 2 where 1 is due", |state| {
        let found = instance(state, "calls");
        let first = found.executions.get_mut(&ExecutionId::FIRST).unwrap();
        first.pop_first();
    })
    .await;
    is_noticed("I8: event 2 where 2 is due", |state| {
        event(instance(state, "calls"), 2).event_id = EventId(3);
    })
    .await;
    is_noticed("I8: event 1 where 1 is due", |state| {
        event(instance(state, "done"), 1).kind = EventKind::KeyValuesCleared;
    })
    .await;
    is_noticed("I8: event 2 where 2 is due", |state| {
        let found = instance(state, "calls");
        event(found, 2).kind = event(found, 1).kind.clone();
    })
    .await;
    is_noticed("I8: event 3 follows the end", |state| {
        append(instance(state, "done"), None, EventKind::KeyValuesCleared);
    })
    .await;
}

/// `calls` has an open activity and `parent` an open child: neither is what a timer answers, and an
/// answer of one kind is none of another.
#[tokio::test]
async fn answers_to_nothing_that_is_open() {
    let activity = || EventKind::ActivityCompleted {
        result: String::new(),
    };
    let child = || EventKind::SubOrchestrationCompleted {
        result: String::new(),
    };
    let timer = |state: &mut State| EventKind::TimerFired {
        fire_at: event(instance(state, "calls"), 1).timestamp,
    };
    let open = Some(EventId(2));
    let rule = "I11: event 3 answers nothing that is open";
    is_noticed(rule, |state| {
        append(instance(state, "calls"), open, child());
    })
    .await;
    is_noticed(rule, |state| {
        append(instance(state, "parent"), open, activity());
    })
    .await;
    is_noticed(rule, |state| {
        let timer = timer(state);
        append(instance(state, "calls"), open, timer);
    })
    .await;
    is_noticed(rule, |state| {
        let first = Some(EventId::FIRST);
        append(instance(state, "calls"), first, activity());
    })
    .await;
}

/// Of the two answers of one activity, the second is one too many.
#[tokio::test]
async fn a_second_answer() {
    is_noticed("I11: event 4 answers nothing that is open", |state| {
        let answer = || EventKind::ActivityCompleted {
            result: String::new(),
        };
        let found = instance(state, "calls");
        append(found, Some(EventId(2)), answer());
        append(found, Some(EventId(2)), answer());
    })
    .await;
}

#[tokio::test]
async fn pins_that_are_not_those_of_the_first_event() {
    let rule = "I8: pinned to something else than its first event says";
    is_noticed(rule, |state| {
        instance(state, "calls").semantics = Some(77);
    })
    .await;
    is_noticed(rule, |state| {
        instance(state, "calls").version = Some("7.7.7".to_owned());
    })
    .await;
    is_noticed(rule, |state| {
        instance(state, "calls").orchestration = "refunds".to_owned();
    })
    .await;
    is_noticed(rule, |state| {
        let found = instance(state, "child");
        let EventKind::OrchestrationStarted { parent, .. } = &mut event(found, 1).kind else {
            panic!("no start");
        };
        *parent = None;
    })
    .await;
    is_noticed("I8: pinned before its first turn", |state| {
        instance(state, "new").semantics = Some(1);
    })
    .await;
}

#[tokio::test]
async fn what_is_shown_and_was_never_written() {
    is_noticed("I15: the custom status is", |state| {
        instance(state, "calls").custom_status = Some("half".to_owned());
    })
    .await;
}
