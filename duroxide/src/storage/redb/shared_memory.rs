//! A backend that several openings share, one after the other.

use std::io;
use std::sync::Arc;

use ::redb::StorageBackend;

/// The same bytes each time it is opened.
#[derive(Debug)]
pub(crate) struct SharedMemory<B>(Arc<B>);

impl<B> SharedMemory<B> {
    pub(crate) fn new(backend: B) -> Self {
        Self(Arc::new(backend))
    }
}

impl<B> Clone for SharedMemory<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: StorageBackend> StorageBackend for SharedMemory<B> {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
