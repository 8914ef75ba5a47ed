//! A disk that fails in the middle.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use ::redb::StorageBackend;
use ::redb::backends::InMemoryBackend;

use super::reopening::Shared;
use super::{LEASE, activity, commit_of, history, id, schedule, soon, start, start_of, turn};
use crate::provider::{Provider as _, ProviderError, StartOutcome, TurnFetch};
use crate::storage::redb::reads::ReadError;
use crate::storage::redb::{RedbOptions, RedbProvider};

/// Fails the sync with which `countdown` gets to zero, and each write while it is full.
#[derive(Clone, Debug)]
struct Flaky {
    inner: Shared,
    countdown: Arc<AtomicI64>,
    is_full: Arc<AtomicBool>,
}

impl StorageBackend for Flaky {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.countdown.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(io::Error::other("the disk is gone"));
        }
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.write(offset, data)
    }
}

pub(super) fn flaky() -> (RedbProvider, Arc<AtomicI64>) {
    flaky_with(RedbProvider::options())
}

pub(super) fn flaky_with(options: RedbOptions) -> (RedbProvider, Arc<AtomicI64>) {
    let (store, backend) = opened(options);
    (store, backend.countdown)
}

fn opened(options: RedbOptions) -> (RedbProvider, Flaky) {
    let backend = Flaky {
        inner: Shared(Arc::new(InMemoryBackend::new())),
        countdown: Arc::default(),
        is_full: Arc::default(),
    };
    let opened = backend.clone();
    let store = options.open_backend(move || Ok(opened.clone())).unwrap();
    (store, backend)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_fsync_the_store_comes_back_with_all_it_had_acknowledged() {
    let (store, countdown) = flaky();
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    let work = activity(&store).await;
    start(&store, "b").await;
    let other = turn(&store).await;

    countdown.store(1, Ordering::SeqCst);
    let lost = store.start(&id("c"), start_of("in")).await;
    assert!(
        matches!(lost, Err(ProviderError::Unavailable { .. })),
        "{lost:?}"
    );
    // The outcome was unknown; asking again makes it known.
    let outcome = soon(async {
        loop {
            match store.start(&id("c"), start_of("in")).await {
                Ok(outcome) => return outcome,
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    if let StartOutcome::Exists { same_request, .. } = outcome {
        assert!(same_request);
    }

    assert_eq!(history(&store, "a").await.len(), 2);
    let late = store.complete_activity(&work.lock, Ok(String::new())).await;
    assert!(matches!(late, Err(ProviderError::LockLost)), "{late:?}");
    let late = store.commit_turn(&other.lock, commit_of(&other, 9)).await;
    assert!(matches!(late, Err(ProviderError::LockLost)), "{late:?}");

    let again = activity(&store).await;
    assert!(again.lock.epoch > work.lock.epoch);
    store
        .complete_activity(&again.lock, Ok(String::new()))
        .await
        .unwrap();
    let items = soon(store.fetch_turns(TurnFetch::new(10, LEASE)))
        .await
        .unwrap();
    let mut seen: Vec<_> = items
        .iter()
        .map(|item| item.lock.instance.to_string())
        .collect();
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);
    for item in items {
        store
            .commit_turn(&item.lock, commit_of(&item, 77))
            .await
            .unwrap();
    }
}

/// A reader that was on its way when the file was given up must not break the one behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_late_reader_tells_of_the_old_file_breaks_no_new_lock() {
    let (store, countdown) = flaky();
    start(&store, "a").await;
    let shared = store.shared();
    let disk = || Arc::clone(shared.lock().phase.disk("test").unwrap());
    let old = disk();
    countdown.store(1, Ordering::SeqCst);
    assert!(store.start(&id("b"), start_of("in")).await.is_err());
    let item = turn(&store).await;
    assert!(!Arc::ptr_eq(&old, &disk()));

    shared.report(&old, &ReadError::Store(::redb::Error::PreviousIo));
    assert!(!shared.lock().broken);
    store.renew_turn(&item.lock, LEASE).await.unwrap();
    shared.report(&disk(), &ReadError::Store(::redb::Error::PreviousIo));
    soon(async {
        while store.renew_turn(&item.lock, LEASE).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_fetch_outlives_a_failure() {
    let (store, countdown) = flaky();
    let parked = {
        let store = store.clone();
        tokio::spawn(async move { turn(&store).await })
    };
    while !store.shared().lock().state.turn_lot.is_attended() {
        tokio::task::yield_now().await;
    }
    countdown.store(1, Ordering::SeqCst);
    let mut tries = 0;
    soon(async {
        while store.start(&id("a"), start_of("in")).await.is_err() {
            tries += 1;
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(tries > 0);
    let item = soon(parked).await.unwrap();
    assert_eq!(item.lock.instance, id("a"));
}

/// An activity of `a`, a timer of `b` that is due, and the start of `c`.
async fn one_of_each(store: &RedbProvider) {
    start(store, "a").await;
    let item = turn(store).await;
    schedule(store, &item, 1, &["x"]).await;
    start(store, "b").await;
    let item = turn(store).await;
    super::set_timers(store, &item, 2, &[crate::time::Timestamp::from_millis(1)]).await;
    start(store, "c").await;
}

/// Whoever had a message, a timer or an activity when the disk failed had no part in that: such a
/// delivery does not count, so that nothing becomes poison because the disk fails often.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_that_a_failed_store_took_away_are_not_counted() {
    let (store, countdown) = flaky();
    one_of_each(&store).await;
    for number in 0..15 {
        let mut attempts = Vec::new();
        while attempts.len() < 2 {
            let items = soon(store.fetch_turns(TurnFetch::new(10, LEASE)))
                .await
                .unwrap();
            attempts.extend(items.iter().map(|item| item.messages[0].attempt));
        }
        attempts.push(activity(&store).await.attempt);
        assert_eq!(attempts, [1, 1, 1], "failure {number}");
        countdown.store(1, Ordering::SeqCst);
        let lost = store
            .start(&id(&format!("lost-{number}")), start_of("in"))
            .await;
        assert!(lost.is_err());
        // The start may have been written all the same; it is taken out of the way.
        let gone = id(&format!("lost-{number}"));
        soon(async {
            while store
                .admin()
                .unwrap()
                .delete(std::slice::from_ref(&gone), true)
                .await
                .is_err()
            {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Does something while the disk is full, and waits until the store is back.
async fn in_vain<T>(store: &RedbProvider, disk: &Flaky, call: impl Future<Output = T>) -> T {
    disk.is_full.store(true, Ordering::SeqCst);
    let answer = call.await;
    disk.is_full.store(false, Ordering::SeqCst);
    soon(async {
        while store.status(&id("a")).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    answer
}

/// The same if the delivery had come to its end, which was lost; and if the store failed twice
/// before the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_whose_end_a_full_disk_took_away_are_not_counted() {
    let (store, disk) = opened(RedbProvider::options());
    one_of_each(&store).await;
    for number in 0..15 {
        let (first, second) = (turn(&store).await, turn(&store).await);
        let work = activity(&store).await;
        let attempts = [&first, &second].map(|item| item.messages[0].attempt);
        assert_eq!((attempts, work.attempt), ([1, 1], 1), "failure {number}");
        let lost = in_vain(&store, &disk, async {
            tokio::join!(
                store.commit_turn(&first.lock, commit_of(&first, 100)),
                store.commit_turn(&second.lock, commit_of(&second, 101)),
                store.complete_activity(&work.lock, Ok(String::new())),
            )
        })
        .await;
        assert!(lost.0.is_err() && lost.1.is_err() && lost.2.is_err());
        let never = id("never");
        let lost = in_vain(&store, &disk, store.start(&never, start_of("in"))).await;
        assert!(lost.is_err());
    }
}

/// Those that had come to their ends before do count, of what the store found when it was opened:
/// what is poison stays so, however often the disk fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_that_were_over_when_a_store_failed_stay_counted() {
    let (store, disk) = opened(RedbProvider::options());
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    start(&store, "b").await;
    let (never, passing) = (id("never"), id("passing"));
    for attempt in [1, 2] {
        let lost = in_vain(&store, &disk, store.start(&never, start_of("in"))).await;
        assert!(lost.is_err());
        let (item, work) = (turn(&store).await, activity(&store).await);
        assert_eq!((item.messages[0].attempt, work.attempt), (attempt, attempt));
        // So that the deliveries are on disk.
        store.start(&passing, start_of("in")).await.unwrap();
        let admin = store.admin().unwrap();
        let gone = admin.delete(std::slice::from_ref(&passing), true).await;
        gone.unwrap();
        let given = store.abandon_turn(&item.lock, Duration::ZERO, false);
        given.await.unwrap();
        let given = store.abandon_activity(&work.lock, Duration::ZERO, false);
        given.await.unwrap();
        let (item, work) = (turn(&store).await, activity(&store).await);
        let next = attempt + 1;
        assert_eq!((item.messages[0].attempt, work.attempt), (next, next));
    }
}
