//! The embedded store: one file, one process, every acknowledged write fsynced.
//!
//! Leases, ready queues and near timers live in memory; tables hold what must survive. All writes
//! go through one writer, a thread of its own, that writes them in groups, so that one fsync serves
//! everybody who waits for one. `docs/storage-format.md` describes the file. Must not know: what a history means.

mod activities;
mod admin;
mod bodies;
mod checkpoint;
mod checks;
mod commits;
mod counting;
mod deliveries;
mod disk;
mod driver;
mod fetch;
mod file;
mod group;
mod inbox;
mod incoming;
mod isolation;
mod journal;
mod layer;
mod limits;
mod locks;
mod lot;
mod open;
mod options;
mod outcome;
mod overlay;
mod parking;
mod protocol;
mod queue;
mod ranges;
mod reads;
mod ready;
mod record;
mod recovery;
mod remains;
mod removal;
mod schema;
mod sent;
mod sessions;
mod shared;
mod shared_memory;
mod shelves;
mod staged;
mod state;
mod surveys;
mod tables;
mod timers;
mod turns;
mod verbs;
mod view;
mod watched;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use crate::storage::redb::driver::Driver;
use crate::storage::redb::options::Factory;
use crate::storage::redb::shared::Shared;
use crate::storage::redb::state::{Moment, State};
use crate::sync::Mutex;

pub use counting::IoCounts;
pub use open::OpenError;
pub use options::{Commits, Durability, RedbOptions};

/// A durable store in one file, for one process.
///
/// Clones are handles to the same store. The file is closed when the last of them is dropped;
/// that call returns when it is closed.
///
/// ```
/// use duroxide::storage::redb::RedbProvider;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.redb");
/// let store = RedbProvider::open(&path)?;
/// assert!(RedbProvider::open(&path).is_err(), "one process, one handle that opens it");
/// # drop(store);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RedbProvider {
    handle: Arc<Handle>,
}

/// Lives as long as there is a handle.
struct Handle {
    name: String,
    shared: Arc<Shared>,
    driver: Mutex<Option<Driver>>,
}

impl RedbProvider {
    /// Opens the store in this file; creates it if there is no such file, or an empty one.
    ///
    /// An example stands at [`RedbProvider`].
    ///
    /// # Errors
    ///
    /// [`OpenError`]; the file is then as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::options().open(path)
    }

    /// A store that is gone with its last handle.
    ///
    /// ```
    /// use duroxide::prelude::*;
    ///
    /// let store = RedbProvider::in_memory()?;
    /// let clone = store.clone(); // a handle on the same one
    /// # drop((store, clone));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OpenError::Io`] if the system refuses a thread.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::options().in_memory()
    }

    /// Chooses durability, cache and clock before opening.
    ///
    /// An example stands at [`RedbOptions`].
    pub fn options() -> RedbOptions {
        RedbOptions::default()
    }

    /// What the store asked of its storage since it was opened: fsyncs, writes, bytes.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::Client;
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let store = RedbProvider::in_memory()?;
    /// let client = Client::new(Arc::new(store.clone()));
    /// let before = store.io_counts();
    /// client.start_orchestration("report-7", "monthly_report", "null").await?;
    /// assert!(store.io_counts().since(before).syncs >= 1); // that it was started is on disk
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn io_counts(&self) -> IoCounts {
        self.shared().factory.counts.now()
    }

    fn start(name: String, factory: Factory, options: RedbOptions) -> Result<Self, OpenError> {
        let now = Moment {
            elapsed: options.env.elapsed(),
            wall: options.env.now(),
        };
        let opened = open::open(&factory, &options, now.wall, &Arc::default())?;
        let state = State::new(opened.incarnation, opened.found, now);
        let shared = Arc::new(Shared::new(options, factory, opened.disk, state));
        let driver = Driver::start(&shared)?;
        Ok(Self {
            handle: Arc::new(Handle {
                name,
                shared,
                driver: Mutex::new(Some(driver)),
            }),
        })
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    fn described(&self) -> String {
        if self.handle.name == options::IN_MEMORY {
            return format!("redb {}: gone with its last handle", self.handle.name);
        }
        let how = match self.shared().options.durability {
            Durability::Immediate => "every commit fsynced",
            Durability::LosesLastSeconds => "relaxed: a crash loses the writes of the last seconds",
        };
        format!("redb {}, {how}", self.handle.name)
    }
}

impl fmt::Debug for RedbProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedbProvider")
            .field(&self.described())
            .finish()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        {
            let mut core = self.shared.lock();
            core.closing = true;
            self.shared.bell.ring();
        }
        let driver = self
            .driver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(driver) = driver {
            driver.finish(&self.shared);
        }
    }
}
