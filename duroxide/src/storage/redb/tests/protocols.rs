//! Two phases and quick repair: whatever writes, writes in the way that the options say.

use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;
use ::redb::{Database, DatabaseError, RepairSession};

use super::reopening::{Shared, copy_of};
use super::{activity, history, id, schedule, start, turn};
use crate::provider::Provider as _;
use crate::storage::redb::{Commits, RedbOptions, RedbProvider};

fn over(memory: &Arc<InMemoryBackend>, mut options: RedbOptions) -> RedbProvider {
    // The tables follow the journal when they are told to, and not because time passes.
    options.pace.calm_after = Duration::from_secs(3_600);
    options.pace.enough.rows = 1;
    let memory = Shared(Arc::clone(memory));
    options.open_backend(move || Ok(memory.clone())).unwrap()
}

/// Whether redb would have to read the whole file if the process ended now.
fn needs_repair(memory: &Arc<InMemoryBackend>) -> bool {
    let opened = Database::builder()
        .set_repair_callback(RepairSession::abort)
        .create_with_backend(Shared(copy_of(memory)));
    match opened {
        Ok(_) => false,
        Err(DatabaseError::RepairAborted) => true,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_quick_repair_no_crash_leaves_a_file_to_be_read() {
    for commits in [Commits::Tables, Commits::Journal] {
        for quick in [true, false] {
            let options = RedbProvider::options().commits(commits).quick_repair(quick);
            let memory = Arc::new(InMemoryBackend::new());
            let store = over(&memory, options.clone());
            let look =
                |when: &str| assert_eq!(needs_repair(&memory), !quick, "{commits:?}: {when}");
            look("opened");
            start(&store, "a").await;
            look("started");
            let item = turn(&store).await;
            schedule(&store, &item, 1, &["x", "y"]).await;
            look("a turn");
            let work = activity(&store).await;
            let done = store.complete_activity(&work.lock, Ok("done".to_owned()));
            done.await.unwrap();
            look("an activity");
            drop(store);
            assert!(!needs_repair(&memory), "a good end");
            let store = over(&memory, options);
            look("opened again");
            assert_eq!(history(&store, "a").await.len(), 3);
        }
    }
}

/// What the last commit was made with counts, not what the file was once written with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_of_committing_may_change_with_each_opening() {
    let mut memory = Arc::new(InMemoryBackend::new());
    for life in 0..12_usize {
        let (two, quick) = (life % 3 == 1, life % 3 == 2);
        let options = RedbProvider::options()
            .two_phase_commit(two)
            .quick_repair(quick);
        let store = over(&memory, options);
        start(&store, &format!("i-{life}")).await;
        assert_eq!(needs_repair(&memory), !quick, "{life}");
        // Every other life ends without a good-bye.
        let killed = copy_of(&memory);
        drop(store);
        if life % 2 == 0 {
            memory = killed;
        }
    }
    let store = over(&memory, RedbProvider::options());
    for life in 0..12 {
        let status = store.status(&id(&format!("i-{life}"))).await.unwrap();
        assert!(status.is_some(), "{life}");
    }
}

/// One caller that waits for each: one group for each call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phases_are_two_fsyncs() {
    for (commits, two, quick, syncs) in [
        (Commits::Tables, false, false, 1),
        (Commits::Journal, false, false, 1),
        (Commits::Tables, true, false, 2),
        (Commits::Journal, true, false, 2),
        (Commits::Tables, false, true, 2),
        (Commits::Journal, false, true, 2),
    ] {
        let options = RedbProvider::options()
            .commits(commits)
            .two_phase_commit(two)
            .quick_repair(quick)
            .hold(Duration::ZERO);
        let store = over(&Arc::new(InMemoryBackend::new()), options);
        let before = store.io_counts();
        for number in 0..10 {
            start(&store, &format!("i-{number}")).await;
        }
        let counted = store.io_counts().since(before);
        assert_eq!(counted.syncs, 10 * syncs, "{commits:?} {two} {quick}");
    }
}
