//! What happens between the look of a deletion at the disk and the deletion, or under a prune; and who comes
//! after what was deleted.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::children::starting;
use super::world::World;
use super::{events, id, is_quiet, soon, start, timers_of, turn};
use crate::env::Env as _;
use crate::history::{Event, EventKind, InstanceId};
use crate::provider::{
    Committed, Deleted, Provider as _, ProviderAdmin as _, ProviderError, TurnCommit, TurnItem,
    TurnOutcome,
};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::bodies::encode_turn;
use crate::storage::redb::commits::Looked;
use crate::storage::redb::inbox::{Head, Row};
use crate::storage::redb::limits::IDLE_ROWS;
use crate::time::Timestamp;

/// A deletion that has looked, and waits.
async fn looked<'a>(
    world: &Arc<World>,
    store: &'a RedbProvider,
    ids: &'a [InstanceId],
) -> BoxFuture<'a, Result<Deleted, ProviderError>> {
    world.hold_reads();
    let mut deletion = store.delete(ids, true);
    while world.reads_that_wait() == 0 {
        assert!(futures::poll!(&mut deletion).is_pending());
        tokio::task::yield_now().await;
    }
    world.do_reads();
    deletion
}

/// Commits as the verb does, and does not tell the writer.
fn commit_quietly(store: &RedbProvider, item: &TurnItem, commit: TurnCommit) {
    let record = encode_turn(commit.turn_id, &commit.history_delta).unwrap();
    let now = store.shared().now();
    let state = &mut store.shared().lock().state;
    let looked = Looked::default();
    let step = state.commit_turn(&item.lock, commit, Some(record), &looked, now);
    assert!(step.is_ok());
}

/// One more event, which sets a timer that is due.
fn and_a_timer(mut commit: TurnCommit, due: Timestamp) -> TurnCommit {
    let next = commit.history_delta.last().unwrap().event_id.next();
    let kind = EventKind::TimerCreated { fire_at: due };
    let event = Event::new(next, None, Timestamp::from_millis(5), kind);
    commit.history_delta.push(event);
    commit.timers = timers_of(&commit.history_delta);
    commit
}

/// Else it would be left behind, and its end would be told to whoever has the id next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_started_a_child_meanwhile_is_not_deleted_without_it() {
    let both = [id("p"), id("c")];
    for named in [&both[..1], &both] {
        let world = World::new();
        let store = world.store();
        start(&store, "p").await;
        let item = turn(&store).await;
        let deletion = looked(&world, &store, named).await;
        let commit = starting(&item, 1, &["c"]);
        store.commit_turn(&item.lock, commit).await.unwrap();
        let refused = soon(deletion).await;
        assert!(
            matches!(&refused, Err(ProviderError::Refused(why)) if why.contains("`c`")),
            "{refused:?}"
        );
        assert_eq!(store.children(&id("p")).await.unwrap(), [id("c")]);
        // The next look finds both.
        let deleted = store.delete(&both, true).await.unwrap();
        assert_eq!(deleted.instances, 2);
        assert!(is_quiet(&store).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_takes_what_its_own_do_meanwhile_and_leaves_what_others_do() {
    let world = World::new();
    let store = world.store();
    start(&store, "gone").await;
    let gone = turn(&store).await;
    start(&store, "other").await;
    let other = turn(&store).await;
    let ids = [id("gone")];
    let deletion = looked(&world, &store, &ids).await;
    // In the group that is open when the deletion joins it.
    let due = world.now();
    let mut commit = super::commit_of(&gone, 1);
    commit.history_delta = events(&gone, []);
    commit_quietly(&store, &gone, and_a_timer(commit, due));
    let commit = starting(&other, 2, &["child"]);
    commit_quietly(&store, &other, and_a_timer(commit, due));
    let deleted = soon(deletion).await.unwrap();
    assert_eq!((deleted.instances, deleted.queued), (1, 1));
    let mut found = [turn(&store).await, turn(&store).await];
    found.sort_by_key(|item| item.lock.instance.clone());
    let found = found.map(|item| (item.lock.instance, item.messages.len()));
    assert_eq!(found, [(id("child"), 1), (id("other"), 1)]);
    let depths = store.queue_depths().await.unwrap();
    assert_eq!((depths.orchestrator_queue, depths.timer_queue), (2, 0));
    assert!(is_quiet(&store).await);
}

/// Memory would grow with each timer and each child from then on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_watches_for_a_deletion_that_was_given_up() {
    let world = World::new();
    let store = world.store();
    start(&store, "a").await;
    let ids = [id("a")];
    let deletion = looked(&world, &store, &ids).await;
    assert!(store.shared().lock().state.removal.is_some());
    drop(deletion);
    assert!(store.shared().lock().state.removal.is_none());
    let deleted = soon(store.delete(&ids, true)).await.unwrap();
    assert_eq!(deleted.instances, 1);
}

/// A prune reads the row that is on disk. What is about to get there is newer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_not_durable_yet_is_known_after_a_prune() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    let mut commit = super::commit_of(&item, 1);
    let (next, continued) = super::again();
    commit.history_delta = events(&item, [continued]);
    commit.outcome = TurnOutcome::ContinuedAsNew { next };
    store.commit_turn(&item.lock, commit).await.unwrap();
    let item = turn(&store).await;
    let mut commit = super::commit_of(&item, 2);
    commit.history_delta = events(&item, []);
    commit_quietly(&store, &item, commit.clone());
    let forgotten = store.prune(&id("a"), None, None).await.unwrap();
    assert_eq!(forgotten.executions, 1);
    let again = store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied);
}

/// Memory forgets the rows that were not used for long, and with them which number an id has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_used_again_is_not_forgotten_with_the_instance_that_had_it() {
    let store = RedbProvider::in_memory().unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    let end = super::end_of(&item, 1, "end");
    store.commit_turn(&item.lock, end).await.unwrap();
    store.delete(&[id("a")], false).await.unwrap();
    start(&store, "a").await;
    let item = turn(&store).await;
    {
        let state = &mut store.shared().lock().state;
        let row = state.row(state.by_id[&id("a")]).unwrap().clone();
        for number in 0..=IDLE_ROWS as u64 {
            let head = Head {
                id: id(&format!("i{number}")),
                orchestration: row.head.orchestration.clone(),
                version: None,
                parent: None,
            };
            let other = Row {
                head: Arc::new(head),
                ..row.clone()
            };
            state.remember(1_000_000 + number, other);
        }
    }
    let end = super::end_of(&item, 2, "end");
    let committed = store.commit_turn(&item.lock, end).await.unwrap();
    assert_eq!(committed, Committed::Applied);
}

/// There is nothing to be written, and somebody who waits for an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deletion_of_nobody_is_answered() {
    let store = RedbProvider::in_memory().unwrap();
    let deleted = soon(store.delete(&[id("nobody")], true)).await.unwrap();
    assert_eq!(deleted, Deleted::default());
}
