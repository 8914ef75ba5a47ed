//! What happens between the look of a deletion at the disk, and the deletion.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::children::starting;
use super::world::World;
use super::{events, id, is_quiet, soon, start, timers_of, turn};
use crate::env::Env as _;
use crate::history::{Event, EventKind, InstanceId};
use crate::provider::{
    Deleted, Provider as _, ProviderAdmin as _, ProviderError, TurnCommit, TurnItem,
};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::bodies::encode_turn;
use crate::storage::redb::commits::Looked;
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
