//! The threads of an open store in thousands of orders: the writer and those who wait for it, and
//! fetches that wait for work. Where the store should wake somebody and does not, nobody goes on,
//! and that is reported: no time passes here that would hide it.
//!
//! Each of these tests has failed once, with a bug that was made for it: `docs/testing.md`.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::redb::StorageBackend;
use ::redb::backends::InMemoryBackend;
use futures_util::future::{Either, select};
use shuttle::future::block_on;
use shuttle::rand::Rng as _;
use shuttle::thread;

use super::reopening::{copy_of, over};
use super::{commit_of, end_of, id, start, start_of};
use crate::history::Message;
use crate::provider::{Enqueued, Provider as _, ProviderError, StartOutcome, TurnFetch, TurnItem};
use crate::schedules::{ExploredEnv, explore_fewer, while_others_work};
use crate::storage::redb::reads;
use crate::storage::redb::{Commits, RedbOptions, RedbProvider};

/// Nothing runs out by itself.
const FOR_EVER: Duration = Duration::from_secs(100_000);

/// The bytes of a store without content. To be made outside of what is explored.
fn empty_store() -> &'static Arc<InMemoryBackend> {
    static BYTES: OnceLock<Arc<InMemoryBackend>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let memory = Arc::new(InMemoryBackend::new());
        drop(over(&memory));
        memory
    })
}

fn explore_stores(body: fn()) {
    empty_store();
    explore_fewer(body);
}

/// A disk that knows whether something was written and not made durable, and fails when asked to.
#[derive(Clone, Debug)]
struct Watched {
    memory: Arc<InMemoryBackend>,
    is_owed: Arc<AtomicBool>,
    syncs: Arc<AtomicU64>,
    /// The sync with which this gets to zero fails.
    fails_in: Arc<AtomicI64>,
}

impl Watched {
    fn new() -> Self {
        Self {
            memory: copy_of(empty_store()),
            is_owed: Arc::default(),
            syncs: Arc::default(),
            fails_in: Arc::default(),
        }
    }

    fn open(&self) -> RedbProvider {
        let is_journal = shuttle::rand::thread_rng().r#gen();
        let commits = if is_journal {
            Commits::Journal
        } else {
            Commits::Tables
        };
        let options = RedbProvider::options().commits(commits);
        self.open_with(options)
    }

    fn open_with(&self, options: RedbOptions) -> RedbProvider {
        let backend = self.clone();
        let env = ExploredEnv::new(FOR_EVER);
        let options = options.env(env).cache_bytes(1 << 20);
        options.open_backend(move || Ok(backend.clone())).unwrap()
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.memory.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.fails_in.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(io::Error::other("the disk is gone"));
        }
        self.is_owed.store(false, Ordering::SeqCst);
        self.syncs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.is_owed.store(true, Ordering::SeqCst);
        self.memory.write(offset, data)
    }
}

/// Whether it is there; waits for a file that is opened again.
fn is_on_disk(store: &RedbProvider, instance: &str) -> bool {
    loop {
        let disk = store.shared().lock().phase.disk("look").map(Arc::clone);
        if let Ok(disk) = disk {
            return reads::number_of(&disk, &id(instance)).unwrap().is_some();
        }
        thread::yield_now();
    }
}

#[test]
fn nobody_is_answered_before_the_fsync_of_its_group() {
    explore_stores(|| {
        let disk = Watched::new();
        let store = disk.open();
        for name in ["a", "b", "c"] {
            let (store, disk) = (store.clone(), disk.clone());
            thread::spawn(move || {
                let before = disk.syncs.load(Ordering::SeqCst);
                let outcome = block_on(store.start(&id(name), start_of("in")));
                let since = disk.syncs.load(Ordering::SeqCst) - before;
                assert!(since > 0, "answered without an fsync");
                let is_owed = disk.is_owed.load(Ordering::SeqCst);
                assert!(!is_owed, "answered before the fsync");
                assert_eq!(outcome.unwrap(), StartOutcome::Created);
                assert!(is_on_disk(&store, name), "answered and not there");
            });
        }
        // Whichever handle goes last waits for the writer; if that does not end, nothing does.
    });
}

fn fetch_one() -> TurnFetch {
    TurnFetch::new(1, FOR_EVER)
}

async fn fetch(store: &RedbProvider) -> Result<TurnItem, ProviderError> {
    let mut items = store.fetch_turns(fetch_one()).await?;
    assert_eq!(items.len(), 1);
    Ok(items.remove(0))
}

#[test]
fn a_failed_fsync_leaves_nobody_without_an_answer_and_nobody_asleep() {
    explore_stores(|| {
        let disk = Watched::new();
        let store = disk.open();
        let fails_in = shuttle::rand::thread_rng().gen_range(1..4);
        disk.fails_in.store(fails_in, Ordering::SeqCst);
        for name in ["a", "b"] {
            let store = store.clone();
            thread::spawn(move || {
                while block_on(store.start(&id(name), start_of("in"))).is_err() {
                    thread::yield_now();
                }
                assert!(is_on_disk(&store, name), "acknowledged and lost");
            });
        }
        thread::spawn(move || {
            while block_on(fetch(&store)).is_err() {
                thread::yield_now();
            }
        });
    });
}

/// Three fetches for two pieces of work, and one of them is dropped at some moment: nothing is left
/// lying while somebody waits for it, and nothing is given to two.
#[test]
fn work_reaches_those_who_still_wait_for_it() {
    explore_stores(|| {
        let store = Watched::new().open();
        for name in ["a", "b"] {
            let store = store.clone();
            thread::spawn(move || block_on(start(&store, name)));
        }
        let given_up = store.clone();
        thread::spawn(move || {
            block_on(async {
                let fetch = std::pin::pin!(fetch(&given_up));
                let patience = std::pin::pin!(while_others_work(12));
                if let Either::Left((item, _)) = select(fetch, patience).await {
                    let lock = item.unwrap().lock;
                    let given_back = given_up.abandon_turn(&lock, Duration::ZERO, true);
                    given_back.await.unwrap();
                }
            });
        });
        let fetches = [store.clone(), store];
        let fetches = fetches.map(|store| thread::spawn(move || block_on(fetch(&store)).unwrap()));
        let mut found = fetches.map(|thread| thread.join().unwrap().lock.instance);
        found.sort();
        assert_eq!(found, [id("a"), id("b")]);
    });
}

#[test]
fn whoever_waits_for_an_instance_sees_its_end() {
    explore_stores(|| {
        let store = Watched::new().open();
        for _ in 0..2 {
            let store = store.clone();
            thread::spawn(move || {
                let mut seen = 0;
                loop {
                    let status = block_on(store.wait(&id("a"), seen)).unwrap();
                    if status.state.is_terminal() {
                        return;
                    }
                    assert!(status.change > seen, "nothing has changed");
                    seen = status.change;
                }
            });
        }
        let worker = store.clone();
        thread::spawn(move || {
            block_on(async {
                let item = fetch(&worker).await.unwrap();
                let end = end_of(&item, 1, "out");
                worker.commit_turn(&item.lock, end).await.unwrap();
            });
        });
        block_on(start(&store, "a"));
    });
}

/// Two senders, each of which waits for the answer before it sends the next, and a group that may be
/// held open for the turn that takes what they sent.
#[test]
fn messages_of_one_sender_are_handed_out_once_and_in_order() {
    explore_stores(|| {
        let store = Watched::new().open();
        block_on(start(&store, "a"));
        for sender in [10, 20] {
            let store = store.clone();
            thread::spawn(move || {
                for number in [sender, sender + 1] {
                    let message = Message::QueueEvent {
                        queue: "q".to_owned(),
                        data: number.to_string(),
                    };
                    let sent = block_on(store.enqueue(&id("a"), number, message));
                    assert_eq!(sent.unwrap(), Enqueued::Accepted);
                }
            });
        }
        let mut taken = Vec::new();
        for turn_id in 1.. {
            let item = block_on(fetch(&store)).unwrap();
            let data = |message: &Message| match message {
                Message::QueueEvent { data, .. } => Some(data.clone()),
                _ => None,
            };
            let messages = item.messages.iter();
            taken.extend(messages.filter_map(|message| data(message.message.as_ref().unwrap())));
            let mut commit = commit_of(&item, turn_id);
            commit.history_delta = super::events(&item, []);
            block_on(store.commit_turn(&item.lock, commit)).unwrap();
            if taken.len() >= 4 {
                break;
            }
        }
        let of = |sender: char| -> Vec<&str> {
            let texts = taken.iter().map(String::as_str);
            texts.filter(|text| text.starts_with(sender)).collect()
        };
        assert_eq!((of('1'), of('2')), (vec!["10", "11"], vec!["20", "21"]));
        assert_eq!(taken.len(), 4);
    });
}
