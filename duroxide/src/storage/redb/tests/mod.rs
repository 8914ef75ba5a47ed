//! The store as its callers see it.

mod bytes;
mod children;
mod damage;
mod decoding;
mod eternal;
mod failures;
mod forgetting;
mod fsyncs;
mod groups;
mod isolation;
mod journal;
mod limits;
mod meanwhile;
mod opening;
mod protocols;
mod queues;
mod reads;
mod removal;
mod reopening;
mod routing;
mod rows;
mod schedules;
mod sessions;
mod stress;
mod timers;
mod world;

use std::time::Duration;

use crate::history::{Event, EventId, EventKind, ExecutionId, InstanceId, Message, Start};
use crate::provider::{
    ActivityFetch, ActivityItem, MessageId, Provider as _, StartOutcome, Timer, TurnCommit,
    TurnFetch, TurnItem, TurnOutcome,
};
use crate::storage::redb::RedbProvider;
use crate::time::Timestamp;

pub(super) const LEASE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn id(text: &str) -> InstanceId {
    text.parse().unwrap()
}

pub(super) fn start_of(input: &str) -> Start {
    Start::first("Order", input.to_owned(), 7)
}

pub(super) async fn start(store: &RedbProvider, instance: &str) {
    let outcome = store.start(&id(instance), start_of("in")).await.unwrap();
    assert_eq!(outcome, StartOutcome::Created);
}

/// A fetch that is expected to have something.
pub(super) async fn turn(store: &RedbProvider) -> TurnItem {
    soon(store.fetch_turns(TurnFetch::new(1, LEASE)))
        .await
        .unwrap()
        .pop()
        .unwrap()
}

pub(super) async fn activity(store: &RedbProvider) -> ActivityItem {
    soon(store.fetch_activities(ActivityFetch::new(1, LEASE)))
        .await
        .unwrap()
        .pop()
        .unwrap()
}

pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(PATIENCE, future).await;
    result.expect("this should not take long")
}

/// Whether nothing comes: the fetch is polled, and parks.
pub(super) async fn is_quiet(store: &RedbProvider) -> bool {
    let turns = store.fetch_turns(TurnFetch::new(1, LEASE));
    let activities = store.fetch_activities(ActivityFetch::new(1, LEASE));
    let short = Duration::from_millis(30);
    let turns = tokio::time::timeout(short, turns).await;
    let activities = tokio::time::timeout(short, activities).await;
    turns.is_err() && activities.is_err()
}

/// A commit that consumes everything in the item and leaves no event.
pub(super) fn commit_of(item: &TurnItem, turn_id: u128) -> TurnCommit {
    let consumed = item.messages.iter().map(|message| message.id).collect();
    TurnCommit::new(turn_id, item.execution_id, consumed)
}

/// The next events of the item's history. Every execution begins with its start: in a first turn
/// that stands in front of `kinds`.
pub(super) fn events(item: &TurnItem, kinds: impl IntoIterator<Item = EventKind>) -> Vec<Event> {
    let mut last = item.last_event_id;
    let begins = (last == EventId::NONE).then(|| started(item));
    let next = begins.into_iter().chain(kinds).map(|kind| {
        last = last.next();
        Event::new(last, None, Timestamp::from_millis(5), kind)
    });
    next.collect()
}

/// What the start in the item makes of the execution. [`start_of`] asks for no version, so that this
/// one is news.
fn started(item: &TurnItem) -> EventKind {
    let Ok(Message::Start(start)) = &item.messages[0].message else {
        panic!("a first turn without a start: {item:?}");
    };
    EventKind::OrchestrationStarted {
        name: start.name.clone(),
        version: "1.0.0".to_owned(),
        input: start.input.clone(),
        seed: start.seed,
        semantics: 1,
        parent: start.parent.clone(),
        carried: start.carried.clone(),
        custom_status: start.custom_status.clone(),
        kv: start.kv.clone(),
    }
}

/// A commit that ends the instance well.
pub(super) fn end_of(item: &TurnItem, turn_id: u128, output: &str) -> TurnCommit {
    let output = output.to_owned();
    let mut commit = commit_of(item, turn_id);
    commit.outcome = TurnOutcome::Completed {
        output: output.clone(),
    };
    commit.history_delta = events(item, [EventKind::OrchestrationCompleted { output }]);
    commit
}

/// The start of a second execution, and the event with which the first one ends.
pub(super) fn again() -> (Start, EventKind) {
    let next = Start {
        execution_id: ExecutionId(2),
        ..start_of("again")
    };
    let (input, version) = (next.input.clone(), next.version.clone());
    let continued = EventKind::OrchestrationContinuedAsNew { input, version };
    (next, continued)
}

/// An event that says nothing.
pub(super) fn poke() -> Message {
    Message::ExternalEvent {
        name: "poke".to_owned(),
        data: String::new(),
    }
}

/// The next turn of an instance that calls one activity after the other: the result of the last
/// and the call of the next, or the end after `steps` of them.
pub(super) fn chain_turn(item: &TurnItem, turn_id: u128, steps: u64) -> TurnCommit {
    let mut kinds = Vec::new();
    for message in &item.messages {
        match message.message.as_ref().unwrap() {
            Message::Start(_) => {}
            Message::ActivityCompleted { result, .. } => {
                let result = result.clone();
                kinds.push(EventKind::ActivityCompleted { result });
            }
            other => panic!("{other:?}"),
        }
    }
    let mut commit = commit_of(item, turn_id);
    // The start, and then two events for each step; the last result is not yet among them.
    if item.last_event_id.0 / 2 >= steps {
        let output = String::new();
        commit.outcome = TurnOutcome::Completed {
            output: output.clone(),
        };
        kinds.push(EventKind::OrchestrationCompleted { output });
        commit.history_delta = events(item, kinds);
    } else {
        kinds.push(scheduled("x"));
        commit.history_delta = events(item, kinds);
        commit.activities = calls(&commit.history_delta);
    }
    commit
}

/// The events among these that call activities.
pub(super) fn calls(events: &[Event]) -> Vec<EventId> {
    events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::ActivityScheduled { .. }))
        .map(|event| event.event_id)
        .collect()
}

/// The timers that these events set.
pub(super) fn timers_of(events: &[Event]) -> Vec<Timer> {
    let timer = |event: &Event| match event.kind {
        EventKind::TimerCreated { fire_at } => Some(Timer {
            fire_at,
            source: event.event_id,
        }),
        _ => None,
    };
    events.iter().filter_map(timer).collect()
}

pub(super) fn scheduled(input: &str) -> EventKind {
    EventKind::ActivityScheduled {
        name: "work".to_owned(),
        input: input.to_owned(),
        attempt: 1,
        first_attempt: None,
        session_id: None,
        tag: None,
    }
}

/// Commits a turn that schedules activities.
pub(super) async fn schedule(
    store: &RedbProvider,
    item: &TurnItem,
    turn_id: u128,
    inputs: &[&str],
) {
    let mut commit = commit_of(item, turn_id);
    commit.history_delta = events(item, inputs.iter().map(|input| scheduled(input)));
    commit.activities = calls(&commit.history_delta);
    store.commit_turn(&item.lock, commit).await.unwrap();
}

/// Commits a turn that sets timers.
pub(super) async fn set_timers(
    store: &RedbProvider,
    item: &TurnItem,
    turn_id: u128,
    at: &[Timestamp],
) {
    let mut commit = commit_of(item, turn_id);
    let created = at
        .iter()
        .map(|&fire_at| EventKind::TimerCreated { fire_at });
    commit.history_delta = events(item, created);
    commit.timers = timers_of(&commit.history_delta);
    store.commit_turn(&item.lock, commit).await.unwrap();
}

pub(super) async fn history(store: &RedbProvider, instance: &str) -> Vec<Event> {
    let instance = id(instance);
    let page = store.read(&instance, ExecutionId::FIRST, EventId::NONE, 100_000);
    page.await.unwrap().events
}

pub(super) fn message_ids(item: &TurnItem) -> Vec<MessageId> {
    item.messages.iter().map(|message| message.id).collect()
}
