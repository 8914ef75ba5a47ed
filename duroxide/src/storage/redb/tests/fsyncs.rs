//! What costs an fsync, and what does not.

use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;

use super::{LEASE, activity, commit_of, events, history, id, schedule, soon, start, turn};
use crate::history::EventKind;
use crate::provider::{Provider as _, TurnItem, TurnOutcome};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::shared_memory::SharedMemory;
use crate::storage::redb::testing::{CountingBackend, Counts};

fn counted() -> (RedbProvider, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let memory = SharedMemory::new(InMemoryBackend::new());
    let to = Arc::clone(&counts);
    let factory = move || Ok(CountingBackend::new(memory.clone(), Arc::clone(&to)));
    // The machine may be busy: the bound is not what is tested.
    let options = RedbProvider::options().hold(Duration::from_secs(5));
    (options.open_backend(factory).unwrap(), counts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_costs_one_fsync_for_each_step() {
    const STEPS: u64 = 200;
    let (store, counts) = counted();
    let before = counts.syncs();
    let worker = {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..STEPS {
                let item = activity(&store).await;
                store
                    .complete_activity(&item.lock, Ok("done".to_owned()))
                    .await
                    .unwrap();
            }
        })
    };
    // As in a runtime, one is parked while another works.
    let turns = [(); 2].map(|()| {
        let store = store.clone();
        tokio::spawn(async move {
            while let Ok(mut items) = store.fetch_turns(1, LEASE).await {
                let item = items.pop().unwrap();
                let step = item.last_event_id.0 + 1;
                if step <= STEPS {
                    schedule(&store, &item, step.into(), &["x"]).await;
                } else {
                    finish(&store, &item).await;
                }
            }
        })
    });
    start(&store, "chain").await;
    worker.await.unwrap();
    let status = soon(store.wait(&id("chain"), 1)).await.unwrap();
    assert!(status.state.is_terminal());
    let syncs = counts.syncs() - before;
    for turns in turns {
        turns.abort();
        drop(turns.await);
    }
    assert!(syncs <= 210, "{syncs} fsyncs");
    assert_eq!(history(&store, "chain").await.len() as u64, STEPS + 1);
}

async fn finish(store: &RedbProvider, item: &TurnItem) {
    let mut last = commit_of(item, 99_999);
    let output = "end".to_owned();
    last.outcome = TurnOutcome::Completed {
        output: output.clone(),
    };
    last.history_delta = events(item, [EventKind::OrchestrationCompleted { output }]);
    store.commit_turn(&item.lock, last).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fetching_and_leasing_cost_nothing() {
    let (store, counts) = counted();
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    let before = (counts.syncs(), counts.writes());
    for _ in 0..5 {
        let work = activity(&store).await;
        store.renew_activity(&work.lock, LEASE * 2).await.unwrap();
        store
            .abandon_activity(&work.lock, Duration::ZERO, false)
            .await
            .unwrap();
    }
    assert_eq!(before, (counts.syncs(), counts.writes()));
    let work = activity(&store).await;
    assert_eq!(work.attempt, 6);
    store
        .complete_activity(&work.lock, Ok("done".to_owned()))
        .await
        .unwrap();
    let before = (counts.syncs(), counts.writes());
    for attempt in 1..5 {
        let item = turn(&store).await;
        assert_eq!(item.messages[0].attempt, attempt);
        store.renew_turn(&item.lock, LEASE * 2).await.unwrap();
        store
            .abandon_turn(&item.lock, Duration::ZERO, false)
            .await
            .unwrap();
    }
    assert_eq!(before, (counts.syncs(), counts.writes()));
}
