//! Everything at once: failing disk, short leases, dropped fetches, abandoned work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::failures::flaky_with;
use super::{chain_turn, history, id, soon, start_of};
use crate::history::EventKind;
use crate::provider::Provider as _;
use crate::provider::{ActivityFetch, TurnFetch};
use crate::storage::redb::{Commits, RedbOptions, RedbProvider};

const INSTANCES: u64 = 40;
const STEPS: u64 = 15;

/// Numbers that look random; each caller gets others, each run the same.
#[derive(Clone, Debug, Default)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (next ^ (next >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) % sides
    }
}

fn lease(dice: &Dice) -> Duration {
    Duration::from_millis(if dice.roll(8) == 0 { 2 } else { 10_000 })
}

async fn run_turns(store: RedbProvider, dice: Dice) {
    loop {
        let max = 1 + usize::from(dice.roll(2) == 0);
        let fetch = store.fetch_turns(TurnFetch::new(max, lease(&dice)));
        let patience = Duration::from_millis(if dice.roll(5) == 0 { 1 } else { 10_000 });
        // Dropped or failed: others come for it.
        let Ok(Ok(items)) = tokio::time::timeout(patience, fetch).await else {
            tokio::task::yield_now().await;
            continue;
        };
        for item in items {
            let delay = Duration::from_millis(dice.roll(3));
            match dice.roll(10) {
                0 => drop(store.abandon_turn(&item.lock, delay, true).await),
                1 => drop(store.renew_turn(&item.lock, lease(&dice)).await),
                _ => {}
            }
            // Only the lock's holder gets through, and only once.
            let commit = chain_turn(&item, uuid::Uuid::new_v4().as_u128(), STEPS);
            drop(store.commit_turn(&item.lock, commit).await);
        }
    }
}

async fn run_activities(store: RedbProvider, dice: Dice) {
    loop {
        let Ok(items) = store
            .fetch_activities(ActivityFetch::new(2, lease(&dice)))
            .await
        else {
            tokio::task::yield_now().await;
            continue;
        };
        for item in items {
            if dice.roll(10) == 0 {
                let delay = Duration::from_millis(dice.roll(3));
                drop(store.abandon_activity(&item.lock, delay, false).await);
            } else {
                drop(
                    store
                        .complete_activity(&item.lock, Ok("r".to_owned()))
                        .await,
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_step_happens_once_whatever_goes_wrong() {
    every_step_happens_once(RedbProvider::options()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_step_happens_once_with_a_journal_and_small_checkpoints() {
    let mut options = RedbProvider::options().commits(Commits::Journal);
    options.pace.enough.rows = 30;
    options.pace.least.rows = 4;
    options.pace.calm_after = Duration::from_millis(1);
    every_step_happens_once(options).await;
}

async fn every_step_happens_once(options: RedbOptions) {
    let (store, countdown) = flaky_with(options);
    let dice = Dice::default();
    let mut loops = Vec::new();
    for _ in 0..6 {
        loops.push(tokio::spawn(run_turns(store.clone(), dice.clone())));
        loops.push(tokio::spawn(run_activities(store.clone(), dice.clone())));
    }
    let mut ends = Vec::new();
    for number in 0..INSTANCES {
        let store = store.clone();
        ends.push(tokio::spawn(async move {
            let instance = id(&format!("i{number}"));
            while store.start(&instance, start_of("in")).await.is_err() {
                tokio::task::yield_now().await;
            }
            let mut seen = 0;
            loop {
                match store.wait(&instance, seen).await {
                    Ok(status) if status.state.is_terminal() => return,
                    Ok(status) => seen = status.change,
                    Err(_away) => tokio::task::yield_now().await,
                }
            }
        }));
    }
    let breaks = tokio::spawn(async move {
        loop {
            // The last failure has happened: the next comes some groups later.
            if countdown.load(Ordering::SeqCst) <= 0 {
                countdown.store(25, Ordering::SeqCst);
            }
            tokio::task::yield_now().await;
        }
    });
    for end in ends {
        soon(end).await.unwrap();
    }
    breaks.abort();
    drop(breaks.await);
    for one in loops {
        one.abort();
        drop(one.await);
    }
    while store.status(&id("i0")).await.is_err() {
        tokio::task::yield_now().await;
    }
    for number in 0..INSTANCES {
        let events = history(&store, &format!("i{number}")).await;
        let count = |wanted: fn(&EventKind) -> bool| {
            events.iter().filter(|event| wanted(&event.kind)).count() as u64
        };
        assert_eq!(events.len() as u64, 2 * STEPS + 2);
        assert_eq!(
            count(|kind| matches!(kind, EventKind::ActivityScheduled { .. })),
            STEPS
        );
        assert_eq!(
            count(|kind| matches!(kind, EventKind::ActivityCompleted { .. })),
            STEPS
        );
        assert!(
            events
                .iter()
                .zip(1..)
                .all(|(event, id)| event.event_id.0 == id)
        );
    }
    let core = store.shared().lock();
    assert!(
        core.state.incarnation > 3,
        "the disk was to fail now and then"
    );
    assert!(core.state.ready.is_empty());
    assert!(
        core.state
            .inboxes
            .values()
            .all(|inbox| inbox.messages.is_empty())
    );
}
