//! What is opened, what is refused, and that refusing changes nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, io};

use ::redb::backends::InMemoryBackend;
use ::redb::{Database, StorageBackend};

use super::reopening::Shared;
use super::{history, schedule, start, turn};
use crate::provider::Provider as _;
use crate::storage::redb::schema::{META, META_SCHEMA_VERSION};
use crate::storage::redb::staged::StagedBackend;
use crate::storage::redb::{OpenError, RedbProvider};

/// Opens, and checks that the file is as before.
fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).unwrap();
    let error = RedbProvider::open(path).unwrap_err();
    assert!(
        fs::read(path).unwrap() == before,
        "the file was changed: {error}"
    );
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_private_says_what_it_is_and_opens_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    let store = RedbProvider::open(&path).unwrap();
    assert_eq!(store.describe(), "redb file app.redb, every commit fsynced");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    start(&store, "a").await;
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x"]).await;
    for _ in 0..5 {
        drop(RedbProvider::open(&path).unwrap_err());
        assert_eq!(history(&store, "a").await.len(), 2);
    }
    drop(store);
    let store = RedbProvider::open(&path).unwrap();
    assert_eq!(history(&store, "a").await.len(), 2);
}

#[test]
fn a_second_handle_is_told_that_the_store_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    let _store = RedbProvider::open(&path).unwrap();
    assert!(matches!(refused(&path), OpenError::InUse));
}

#[test]
fn other_files_are_not_stores() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    for content in [b"hello".to_vec(), vec![b'x'; 100_000], vec![7; 5]] {
        fs::write(&path, content).unwrap();
        assert!(matches!(refused(&path), OpenError::NotAStore { .. }));
    }
}

#[test]
fn a_redb_file_of_another_program_is_not_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    let database = Database::create(&path).unwrap();
    let table = ::redb::TableDefinition::<u64, u64>::new("theirs");
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(matches!(refused(&path), OpenError::NotAStore { .. }));
    assert!(Database::open(&path).is_ok());
}

#[test]
fn an_empty_file_and_a_half_created_one_become_stores() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    fs::write(&path, []).unwrap();
    drop(RedbProvider::open(&path).unwrap());
    drop(RedbProvider::open(&path).unwrap());
    fs::write(&path, vec![0; 1 << 20]).unwrap();
    drop(RedbProvider::open(&path).unwrap());
    // redb was created, our tables were not.
    fs::remove_file(&path).unwrap();
    drop(Database::create(&path).unwrap());
    drop(RedbProvider::open(&path).unwrap());
    drop(RedbProvider::open(&path).unwrap());
}

/// Power is lost while redb writes the first header, before the length of the file is durable: the
/// file ends within the header, and the magic number is not there yet.
#[test]
fn a_file_that_ends_within_its_first_header_becomes_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    drop(RedbProvider::open(&path).unwrap());
    let mut header = fs::read(&path).unwrap();
    header.truncate(320);
    let magic = header[..9].to_vec();
    header[..9].fill(0);
    for end in (1..=320).step_by(11) {
        fs::write(&path, &header[..end]).unwrap();
        drop(RedbProvider::open(&path).unwrap());
    }
    // A part of the magic number, and nothing else.
    fs::write(&path, &magic[..5]).unwrap();
    drop(RedbProvider::open(&path).unwrap());
}

#[test]
fn a_newer_format_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    drop(RedbProvider::open(&path).unwrap());
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert(META_SCHEMA_VERSION, 9_u32.to_le_bytes().as_slice())
            .unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    let error = refused(&path);
    let expected = OpenError::NewerFormat {
        found: 9,
        supported: 2,
    };
    assert_eq!(error.to_string(), expected.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_cut_short_is_damaged_wherever_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    let store = RedbProvider::open(&path).unwrap();
    for number in 0..50 {
        start(&store, &format!("i{number}")).await;
    }
    drop(store);
    let whole = fs::read(&path).unwrap();
    for part in [100, 500, 4_096, 5_000, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..part]).unwrap();
        let error = refused(&path);
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{part}: {error:?}"
        );
    }
    fs::write(&path, &whole).unwrap();
    assert!(RedbProvider::open(&path).is_ok());
}

#[test]
fn a_whole_store_can_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    for _ in 0..2 {
        let opened = RedbProvider::options().verify(true).open(&path);
        drop(opened.unwrap());
    }
}

#[test]
fn each_option_leaves_the_others_as_they_are() {
    let options = RedbProvider::options().max_inbox(3).verify(true);
    let options = options.max_group(7).hold(Duration::ZERO).checkpoint_rows(5);
    assert_eq!((options.max_inbox, options.max_group), (3, 7));
    assert_eq!(options.pace.enough.rows, 5);
    assert_eq!((options.verify, options.hold), (true, Duration::ZERO));
    let least = options.max_group(0).checkpoint_rows(0);
    assert_eq!((least.max_group, least.pace.enough.rows), (1, 1));
    assert_eq!(least.max_inbox, 3);
}

/// A backend that knows whether it was closed.
#[derive(Clone, Debug)]
struct Closed {
    inner: Shared,
    is_so: Arc<AtomicBool>,
}

impl Closed {
    fn over_memory() -> (Self, Arc<AtomicBool>) {
        let is_so = Arc::new(AtomicBool::new(false));
        let closed = Self {
            inner: Shared(Arc::new(InMemoryBackend::new())),
            is_so: Arc::clone(&is_so),
        };
        (closed, is_so)
    }
}

impl StorageBackend for Closed {
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
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inner.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.is_so.store(true, Ordering::SeqCst);
        self.inner.close()
    }
}

#[test]
fn a_backend_of_ones_own_is_closed_with_the_store() {
    let (backend, is_closed) = Closed::over_memory();
    let factory = move || Ok(backend.clone());
    let store = RedbProvider::options().open_backend(factory).unwrap();
    assert!(!is_closed.load(Ordering::SeqCst));
    drop(store);
    assert!(is_closed.load(Ordering::SeqCst));
}

/// Also if the open came to nothing, and what it wrote is kept back.
#[test]
fn what_is_below_is_told_when_redb_needs_it_no_more() {
    for is_ours in [false, true] {
        let (below, is_closed) = Closed::over_memory();
        let (staged, approval) = StagedBackend::new(Box::new(below));
        if is_ours {
            approval.approve();
        }
        let database = Database::builder().create_with_backend(staged);
        assert!(!is_closed.load(Ordering::SeqCst));
        drop(database.unwrap());
        assert!(is_closed.load(Ordering::SeqCst));
    }
}
