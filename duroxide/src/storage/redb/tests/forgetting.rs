//! Forgetting executions: what they left goes with them, and what others left stays.

use std::time::Duration;

use super::{activity, again, calls, commit_of, events, id, scheduled, start, timers_of, turn};
use crate::env::{Env as _, TokioEnv};
use crate::history::{EventId, EventKind, ExecutionId, Message};
use crate::provider::{
    Deleted, Provider as _, ProviderAdmin as _, QueueDepths, TurnItem, TurnOutcome,
};
use crate::storage::redb::RedbProvider;

fn set_far() -> EventKind {
    let now = TokioEnv::new().now();
    let fire_at = now.saturating_add(Duration::from_secs(3_600));
    EventKind::TimerCreated { fire_at }
}

/// An instance in its second execution. Each has called an activity and set timers: the first one two
/// that are far away, and one that has fired and that nobody consumed; the second one a far one.
async fn two_executions(store: &RedbProvider) {
    let due = EventKind::TimerCreated {
        fire_at: TokioEnv::new().now(),
    };
    start(store, "a").await;
    let item = turn(store).await;
    let (next, continued) = again();
    let mut commit = commit_of(&item, 1);
    commit.history_delta = events(
        &item,
        [scheduled("old"), set_far(), set_far(), due, continued],
    );
    commit.activities = calls(&commit.history_delta);
    commit.timers = timers_of(&commit.history_delta);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    store.commit_turn(&item.lock, commit).await.unwrap();

    let item = turn(store).await;
    assert_eq!((item.execution_id.0, item.messages.len()), (2, 2));
    let mut commit = commit_of(&item, 2);
    commit.consumed.truncate(1);
    commit.history_delta = events(&item, [scheduled("new"), set_far()]);
    commit.activities = calls(&commit.history_delta);
    commit.timers = timers_of(&commit.history_delta);
    store.commit_turn(&item.lock, commit).await.unwrap();
}

fn is_fired(item: &TurnItem) -> bool {
    matches!(
        item.messages.as_slice(),
        [message] if matches!(
            message.message,
            Ok(Message::TimerFired {
                execution_id: ExecutionId::FIRST,
                source: EventId(5),
                ..
            })
        )
    )
}

/// What the second execution left is there, a timer with each of these activities, and the message that
/// the first one was sent.
async fn the_second_is_whole(store: &RedbProvider, inputs: &[&str]) {
    let expected = QueueDepths {
        orchestrator_queue: 1,
        worker_queue: inputs.len(),
        timer_queue: inputs.len(),
    };
    assert_eq!(store.queue_depths().await.unwrap(), expected);
    for input in inputs {
        assert_eq!(activity(store).await.request.unwrap().input, *input);
    }
    let executions = store.executions(&id("a")).await.unwrap();
    let kept: Vec<_> = executions.iter().map(|it| it.execution_id.0).collect();
    assert_eq!(kept, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_forgets_an_execution_forgets_what_that_left_and_no_message() {
    let store = RedbProvider::in_memory().unwrap();
    two_executions(&store).await;
    let gone = store.prune(&id("a"), None, None).await.unwrap();
    let expected = Deleted {
        instances: 0,
        executions: 1,
        events: 6,
        // The activity, and the two timers that have not fired.
        queued: 3,
    };
    assert_eq!(gone, expected);
    the_second_is_whole(&store, &["new"]).await;
    assert!(is_fired(&turn(&store).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_forgets_keeps_what_its_own_execution_left_and_leaves() {
    let store = RedbProvider::in_memory().unwrap();
    two_executions(&store).await;
    let item = turn(&store).await;
    assert!(is_fired(&item));
    let mut commit = commit_of(&item, 3);
    commit.consumed.clear();
    commit.history_delta = events(&item, [scheduled("newest"), set_far()]);
    commit.activities = calls(&commit.history_delta);
    commit.timers = timers_of(&commit.history_delta);
    commit.forget_before = Some(ExecutionId(2));
    store.commit_turn(&item.lock, commit).await.unwrap();
    the_second_is_whole(&store, &["new", "newest"]).await;
    assert!(is_fired(&turn(&store).await));
}
