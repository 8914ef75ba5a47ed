//! What a store has in memory after many executions of one instance: no more than after few.

use std::time::Duration;

use super::{
    activity, calls, commit_of, events, id, scheduled, soon, start, start_of, timers_of, turn,
};
use crate::env::{Env as _, TokioEnv};
use crate::history::{EventKind, ExecutionId, KvEntry, Start};
use crate::provider::{KvChange, Provider as _, TurnOutcome};
use crate::storage::redb::RedbProvider;
use crate::time::Timestamp;

/// All that is in memory, as text: every entry of every map has its words in it.
fn in_memory(store: &RedbProvider) -> usize {
    format!("{:?}", store.shared().lock().state).len()
}

/// One execution: an activity, a timer that fires, one that is set and cancelled, a value, a status, an
/// event; then the next one.
async fn generation(store: &RedbProvider, number: u64) {
    let now = TokioEnv::new().now();
    let item = turn(store).await;
    assert_eq!(item.execution_id, ExecutionId(number));
    let mut commit = commit_of(&item, u128::from(number) * 10 + 1);
    let value = number.to_string();
    let far = now.saturating_add(Duration::from_secs(3_600));
    commit.history_delta = events(
        &item,
        [
            scheduled("x"),
            EventKind::TimerCreated { fire_at: now },
            EventKind::TimerCreated { fire_at: far },
            EventKind::KeyValueSet {
                key: "k".to_owned(),
                value: value.clone(),
            },
            EventKind::CustomStatusUpdated {
                status: Some(value.clone()),
            },
        ],
    );
    commit.activities = calls(&commit.history_delta);
    commit.timers = timers_of(&commit.history_delta);
    commit.custom_status = Some(Some(value.clone()));
    let entry = KvEntry {
        key: "k".to_owned(),
        value,
        // As `events` writes them.
        updated_at: Timestamp::from_millis(5),
    };
    commit.kv = vec![KvChange::Set(entry.clone())];
    store.commit_turn(&item.lock, commit).await.unwrap();
    let told = super::poke();
    store
        .enqueue(&id("a"), u128::from(number), told)
        .await
        .unwrap();
    let work = activity(store).await;
    let done = store.complete_activity(&work.lock, Ok(String::new()));
    done.await.unwrap();
    let mut open = 3;
    let mut turns = 2;
    while open > 0 {
        let item = turn(store).await;
        open -= item.messages.len();
        let mut commit = commit_of(&item, u128::from(number) * 10 + turns);
        turns += 1;
        if open == 0 {
            let next = Start {
                execution_id: ExecutionId(number + 1),
                custom_status: Some(number.to_string()),
                kv: vec![entry.clone()],
                ..start_of("next")
            };
            let input = next.input.clone();
            let version = None;
            let again = EventKind::OrchestrationContinuedAsNew { input, version };
            commit.history_delta = events(&item, [again]);
            let mut first = timers_of(&soon_read(store, number).await);
            commit.cancelled_timers = first.split_off(1);
            commit.outcome = TurnOutcome::ContinuedAsNew { next };
            commit.forget_before = Some(ExecutionId(number));
        }
        store.commit_turn(&item.lock, commit).await.unwrap();
    }
}

/// The history of an execution.
async fn soon_read(store: &RedbProvider, number: u64) -> Vec<crate::history::Event> {
    let instance = id("a");
    let read = store.read(
        &instance,
        ExecutionId(number),
        crate::history::EventId::NONE,
        100,
    );
    soon(read).await.unwrap().events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_memory_does_not_grow_with_executions() {
    let long = std::env::var("DUROXIDE_LONG").is_ok_and(|value| value == "1");
    let last = if long { 10_000 } else { 2_000 };
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let mut early = 0;
    for number in 1..=last {
        generation(&store, number).await;
        if number == last / 5 {
            early = in_memory(&store);
        }
    }
    // Ids of events that were sent are remembered, up to 10,000 of them: each with its number twice.
    let ids = usize::try_from(last - last / 5).unwrap() * 2 * 16;
    let late = in_memory(&store);
    assert!(late <= early + ids + 4_096, "{early} became {late}");
}
