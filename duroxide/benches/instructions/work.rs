//! What is counted. One round of each is a fixed amount of work; no disk, and one thread that asks.
//! A whole runtime is not among it: how its commits share groups differs from run to run.

use std::time::Duration;

use duroxide::history::{Event, EventId, ExecutionId, InstanceId, Message};
use duroxide::provider::{ActivityFetch, Provider, TurnCommit, TurnFetch, TurnOutcome};
use duroxide::storage::redb::RedbProvider;
use tokio::runtime::{Builder, Runtime};

use crate::steps::Shape;

/// Does that many rounds.
pub(crate) type Work = fn(u64);

/// By name.
pub(crate) const WORK: [(&str, Work); 3] = [
    ("replay-chain-of-100", replay),
    ("live-fan-in-of-100", live),
    ("store-one-activity", store),
];

const LEASE: Duration = Duration::from_secs(60);

/// A history of 202 events.
fn replay(rounds: u64) {
    let history = Shape::Chain.history(100);
    for _ in 0..rounds {
        Shape::Chain.execution().replay(&history).unwrap();
    }
}

/// 101 turns.
fn live(rounds: u64) {
    for _ in 0..rounds {
        Shape::FanIn.history(100);
    }
}

/// An instance from its start to its end, as a runtime asks it of the store.
fn store(rounds: u64) {
    let store = RedbProvider::in_memory().unwrap();
    // The start and the call; the result and the end.
    let history = Shape::Chain.history(1);
    let (first, last) = history.split_at(2);
    tokio().block_on(async {
        for round in 0..rounds {
            let id = InstanceId::new(format!("i-{round}")).unwrap();
            let Message::Start(start) = Shape::Chain.start(1) else {
                panic!("a start is a start");
            };
            store.start(&id, start).await.unwrap();
            turn(&store, 1, first).await;
            let fetch = ActivityFetch::new(1, LEASE);
            let call = store.fetch_activities(fetch).await.unwrap().remove(0);
            let result = Ok("done".to_owned());
            store.complete_activity(&call.lock, result).await.unwrap();
            turn(&store, 2, last).await;
        }
    });
}

async fn turn(store: &RedbProvider, turn_id: u128, events: &[Event]) {
    let fetch = TurnFetch::new(1, LEASE);
    let item = store.fetch_turns(fetch).await.unwrap().remove(0);
    let consumed = item.messages.iter().map(|message| message.id).collect();
    let mut commit = TurnCommit::new(turn_id, ExecutionId::FIRST, consumed);
    commit.history_delta = events.to_vec();
    if turn_id == 1 {
        commit.activities.push(EventId(2));
    } else {
        let output = "1".to_owned();
        commit.outcome = TurnOutcome::Completed { output };
    }
    store.commit_turn(&item.lock, commit).await.unwrap();
}

fn tokio() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
