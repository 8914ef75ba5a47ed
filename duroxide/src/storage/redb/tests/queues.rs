//! Queues, locks and answers.

use std::time::Duration;

use super::{
    LEASE, activity, commit_of, end_of, events, id, is_quiet, poke, schedule, scheduled, soon,
    start, start_of, turn,
};
use crate::history::{EventId, ExecutionId};
use crate::provider::{
    Committed, MessageId, Provider as _, ProviderError, StartOutcome, TurnFetch,
};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::deliveries::{NewInstance, Parcel};
use crate::storage::redb::recovery::Found;
use crate::storage::redb::state::{Moment, State};
use crate::time::Timestamp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_is_told_whether_it_is_the_same() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    for (input, same) in [("in", true), ("other", false)] {
        let again = store.start(&id("a"), start_of(input)).await.unwrap();
        let StartOutcome::Exists {
            same_request,
            status,
        } = again
        else {
            panic!("{again:?}");
        };
        assert_eq!((same_request, status.change), (same, 1));
    }
    assert_eq!(turn(&store).await.messages.len(), 1);
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_starts_of_one_id_make_one_instance() {
    let store = RedbProvider::in_memory().unwrap();
    let all: Vec<_> = (0..32)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.start(&id("a"), start_of("in")).await.unwrap() })
        })
        .collect();
    let mut created = 0;
    for one in all {
        created += usize::from(one.await.unwrap() == StartOutcome::Created);
    }
    assert_eq!(created, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_is_written_once() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 1);
    commit.history_delta = events(&item, [scheduled("x")]);
    let first = store.commit_turn(&item.lock, commit.clone()).await.unwrap();
    assert_eq!(first, Committed::Applied);
    let again = store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied);
    let other = store.commit_turn(&item.lock, commit_of(&item, 2)).await;
    assert!(matches!(other, Err(ProviderError::LockLost)));
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_commit_changes_nothing() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    let good = commit_of(&item, 1);
    let mut gap = good.clone();
    gap.history_delta = events(&item, [scheduled("x")]);
    gap.history_delta[1].event_id = EventId(3);
    let mut stranger = good.clone();
    stranger.consumed.push(MessageId(999));
    let mut execution = good.clone();
    execution.execution_id = ExecutionId(2);
    let mut unscheduled = good.clone();
    unscheduled.activities.push(EventId(1));
    let mut large = good.clone();
    large.history_delta = events(&item, [scheduled(&"x".repeat((1 << 20) + 1))]);
    let mut headless = good.clone();
    headless.history_delta = events(&item, [scheduled("x")]).split_off(1);
    headless.history_delta[0].event_id = EventId(1);
    let mut endless = end_of(&item, 1, "end");
    endless.history_delta.pop();
    // Each is refused for its own reason, and not for that of another.
    for (wrong, reason) in [
        (gap, "event 3 does not follow event 1"),
        (stranger, "does not cover message 999"),
        (execution, "execution 2 is not the current one"),
        (unscheduled, "event 1 schedules no activity"),
        (large, "the input has 1048577 bytes"),
        (headless, "a start is the first event"),
        (endless, "the outcome is not what the events say"),
    ] {
        let refused = store.commit_turn(&item.lock, wrong).await;
        assert!(
            matches!(&refused, Err(ProviderError::Refused(why)) if why.contains(reason)),
            "{reason}: {refused:?}"
        );
    }
    store.commit_turn(&item.lock, good).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_activity_is_lost_for_whoever_runs_it() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x", "y"]).await;
    let running = activity(&store).await;
    let done = activity(&store).await;
    store
        .complete_activity(&done.lock, Ok(String::new()))
        .await
        .unwrap();
    let item = turn(&store).await;
    let mut commit = commit_of(&item, 2);
    commit.history_delta = events(&item, [scheduled("never")]);
    commit.activities = vec![EventId(4)];
    commit.cancelled_activities = vec![EventId(2), EventId(4), EventId(77)];
    store.commit_turn(&item.lock, commit).await.unwrap();
    let renew = store.renew_activity(&running.lock, LEASE).await;
    assert!(matches!(renew, Err(ProviderError::LockLost)));
    let late = store
        .complete_activity(&running.lock, Ok(String::new()))
        .await;
    assert!(matches!(late, Err(ProviderError::LockLost)));
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_for_an_ended_instance_are_handed_out_to_be_consumed() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x", "y"]).await;
    let first = activity(&store).await;
    let second = activity(&store).await;
    store
        .complete_activity(&first.lock, Ok(String::new()))
        .await
        .unwrap();
    let item = turn(&store).await;
    let end = end_of(&item, 2, "end");
    store.commit_turn(&item.lock, end).await.unwrap();
    store
        .complete_activity(&second.lock, Ok(String::new()))
        .await
        .unwrap();
    let item = turn(&store).await;
    assert!(item.ended);
    store
        .commit_turn(&item.lock, commit_of(&item, 3))
        .await
        .unwrap();
    let status = store.status(&id("a")).await.unwrap().unwrap();
    assert!(status.state.is_terminal());
    assert!(is_quiet(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_fetch_has_locked_nothing_and_hands_its_wake_up_on() {
    let store = RedbProvider::in_memory().unwrap();
    for round in 0..50 {
        let mut dropped = store.fetch_turns(TurnFetch::new(1, LEASE));
        assert!(futures::poll!(&mut dropped).is_pending());
        let other = {
            let store = store.clone();
            tokio::spawn(async move { turn(&store).await })
        };
        start(&store, &format!("i{round}")).await;
        drop(dropped);
        let item = soon(other).await.unwrap();
        store
            .commit_turn(&item.lock, commit_of(&item, 1))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relaxed_store_says_so_and_keeps_everything_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    let relaxed = || {
        RedbProvider::options()
            .durability(crate::storage::redb::Durability::LosesLastSeconds)
            .hold(Duration::ZERO)
            .open(&path)
            .unwrap()
    };
    let store = relaxed();
    assert!(store.describe().contains("loses"));
    start(&store, "a").await;
    drop(store);
    assert!(relaxed().status(&id("a")).await.unwrap().is_some());
}

/// Each group has a number of its own: that an earlier one is on disk says nothing about it.
#[test]
fn a_child_is_handed_out_when_its_own_group_is_on_disk() {
    let now = Moment {
        elapsed: Duration::ZERO,
        wall: Timestamp::default(),
    };
    let mut state = State::new(1, Found::nothing(now.wall), now);
    let bear = |state: &mut State, number, name| {
        let child = NewInstance::new(number, id(name), start_of("in"), true, now);
        state.create(child.unwrap(), now);
        // An event is seen at once, and comes behind the start.
        let event = Parcel::new(number, poke(), None).unwrap();
        state.deliver(number, event, now);
    };
    let offered = |state: &State| [1, 2].map(|number| state.inboxes[&number].queued);
    bear(&mut state, 1, "first");
    state.close_group();
    bear(&mut state, 2, "second");
    assert_eq!(offered(&state), [false, false]);
    state.settle(now);
    assert_eq!(offered(&state), [true, false]);
    state.close_group();
    state.settle(now);
    assert_eq!(offered(&state), [true, true]);
}
