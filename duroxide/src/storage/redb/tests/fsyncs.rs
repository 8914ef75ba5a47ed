//! What costs an fsync, and what does not.

use std::time::Duration;

use super::{LEASE, activity, chain_turn, history, id, schedule, soon, start, turn};
use crate::provider::Provider as _;
use crate::provider::TurnFetch;
use crate::storage::redb::{Commits, Durability, RedbProvider};

fn counted(commits: Commits) -> RedbProvider {
    // The machine may be busy: the bounds are not what is tested.
    let mut options = RedbProvider::options().hold(Duration::from_secs(5));
    options.pace.calm_after = Duration::from_secs(3_600);
    options.commits(commits).in_memory().unwrap()
}

/// On one thread: of two, a busy machine can stop the one whose fetch a group would have waited for.
#[tokio::test]
async fn a_chain_costs_one_fsync_for_each_step() {
    chain(Commits::Tables).await;
    chain(Commits::Journal).await;
}

async fn chain(commits: Commits) {
    const STEPS: u64 = 200;
    let store = counted(commits);
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
            while let Ok(mut items) = store.fetch_turns(TurnFetch::new(1, LEASE)).await {
                let item = items.pop().unwrap();
                let turn_id = u128::from(item.last_event_id.0) + 1;
                let commit = chain_turn(&item, turn_id, STEPS);
                store.commit_turn(&item.lock, commit).await.unwrap();
            }
        })
    });
    start(&store, "chain").await;
    worker.await.unwrap();
    // 1: started, 2: the version pinned, 3: the end.
    let status = soon(store.wait(&id("chain"), 2)).await.unwrap();
    assert!(status.state.is_terminal());
    // In total: the opening of the store, start and end are among them.
    let syncs = store.io_counts().syncs;
    for turns in turns {
        turns.abort();
        drop(turns.await);
    }
    assert!(syncs <= 210, "{syncs} fsyncs");
    assert_eq!(history(&store, "chain").await.len() as u64, 2 * STEPS + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fetching_and_leasing_cost_nothing() {
    leasing(Commits::Tables).await;
    leasing(Commits::Journal).await;
}

async fn leasing(commits: Commits) {
    let store = counted(commits);
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    let before = (store.io_counts().syncs, store.io_counts().writes);
    for _ in 0..5 {
        let work = activity(&store).await;
        store.renew_activity(&work.lock, LEASE * 2).await.unwrap();
        store
            .abandon_activity(&work.lock, Duration::ZERO, false)
            .await
            .unwrap();
    }
    assert_eq!(before, (store.io_counts().syncs, store.io_counts().writes));
    let work = activity(&store).await;
    assert_eq!(work.attempt, 6);
    store
        .complete_activity(&work.lock, Ok("done".to_owned()))
        .await
        .unwrap();
    let before = (store.io_counts().syncs, store.io_counts().writes);
    for attempt in 1..5 {
        let item = turn(&store).await;
        assert_eq!(item.messages[0].attempt, attempt);
        store.renew_turn(&item.lock, LEASE * 2).await.unwrap();
        store
            .abandon_turn(&item.lock, Duration::ZERO, false)
            .await
            .unwrap();
    }
    assert_eq!(before, (store.io_counts().syncs, store.io_counts().writes));
}

/// What was written last is no exception, if nothing comes after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relaxed_store_is_fsynced_though_nobody_calls_it() {
    for commits in [Commits::Tables, Commits::Journal] {
        let options = RedbProvider::options().commits(commits);
        let relaxed = options.durability(Durability::LosesLastSeconds);
        let store = relaxed.in_memory().unwrap();
        let mut number = 0;
        let before = loop {
            let before = store.io_counts().syncs;
            start(&store, &format!("i{number}")).await;
            if store.io_counts().syncs == before {
                break before;
            }
            number += 1;
        };
        soon(async {
            while store.io_counts().syncs == before {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
