//! Counts what goes to the disk: how often a store asks it to make everything durable is what its
//! speed is made of.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::redb::StorageBackend;

use crate::storage::redb::locks::delegate_locks;

/// What a store asked of its storage since it was opened.
///
/// ```
/// use duroxide::storage::redb::{IoCounts, RedbProvider};
///
/// let store = RedbProvider::in_memory()?;
/// let before = store.io_counts();
/// let IoCounts { syncs, writes, bytes_written } = store.io_counts().since(before);
/// println!("{syncs} fsyncs, {writes} writes, {bytes_written} bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoCounts {
    /// How often everything was made durable.
    pub syncs: u64,
    /// How many writes there were.
    pub writes: u64,
    /// How many bytes were written.
    pub bytes_written: u64,
}

impl IoCounts {
    /// What came since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            syncs: self.syncs.saturating_sub(earlier.syncs),
            writes: self.writes.saturating_sub(earlier.writes),
            bytes_written: self.bytes_written.saturating_sub(earlier.bytes_written),
        }
    }
}

/// Counts that grow while others read them.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    syncs: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
}

impl Counts {
    pub(crate) fn now(&self) -> IoCounts {
        IoCounts {
            syncs: self.syncs.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            bytes_written: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// Counts what goes through to another backend.
#[derive(Debug)]
pub(crate) struct CountingBackend {
    inner: Box<dyn StorageBackend>,
    counts: Arc<Counts>,
}

impl CountingBackend {
    pub(crate) fn new(inner: Box<dyn StorageBackend>, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }
}

impl StorageBackend for CountingBackend {
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
        self.counts.syncs.fetch_add(1, Ordering::Relaxed);
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.counts.writes.fetch_add(1, Ordering::Relaxed);
        let bytes = data.len() as u64;
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    delegate_locks!(inner);
}
