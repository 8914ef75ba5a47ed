//! How a store is opened.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::redb::StorageBackend;
use ::redb::backends::{FileBackend, InMemoryBackend};

use crate::env::{EnvRef, TokioEnv};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::counting::{CountingBackend, Counts};
use crate::storage::redb::file;
use crate::storage::redb::limits::StoreLimits;
use crate::storage::redb::open::OpenError;
use crate::storage::redb::overlay::Pace;
use crate::storage::redb::protocol::Protocol;
use crate::storage::redb::shared_memory::SharedMemory;

/// What an acknowledged write survives.
///
/// An example stands at [`RedbOptions`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Everything, power loss included: it was fsynced.
    #[default]
    Immediate,
    /// The end of the process only as far as it was written about a second before, and a loss of
    /// power likewise: acknowledged writes of the last seconds may be gone, the store stays whole.
    LosesLastSeconds,
}

/// How a group of writes becomes durable. A store that was written in one way can be opened in the
/// other.
///
/// ```
/// use duroxide::storage::redb::{Commits, RedbProvider};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.redb");
/// let store = RedbProvider::options().commits(Commits::Journal).checkpoint_rows(1_000).open(&path)?;
/// drop(store);
/// let store = RedbProvider::open(&path)?; // the same store, in the other way
/// # drop(store);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Commits {
    /// Each commit brings all tables up to date.
    #[default]
    Tables,
    /// A commit writes one record, with all that the group changed; the tables follow in small
    /// pieces, with later commits and when there is nothing else to do. Much that comes and goes in
    /// between never reaches them. What they lack is kept in memory, and when the store is
    /// opened after a crash it is applied first.
    Journal,
}

/// How a store is opened; see [`RedbProvider::options`].
///
/// ```
/// use duroxide::storage::redb::{Durability, RedbProvider};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("scratch.redb");
/// let store = RedbProvider::options()
///     .durability(Durability::LosesLastSeconds)
///     .cache_bytes(16 << 20)
///     .open(path)?;
/// # drop(store);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RedbOptions {
    pub(crate) durability: Durability,
    pub(crate) commits: Commits,
    pub(crate) protocol: Protocol,
    pub(crate) pace: Pace,
    pub(crate) cache_bytes: usize,
    pub(crate) env: EnvRef,
    pub(crate) max_group: usize,
    pub(crate) hold: Duration,
    pub(crate) max_inbox: usize,
    pub(crate) limits: StoreLimits,
    pub(crate) verify: bool,
}

impl Default for RedbOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Immediate,
            commits: Commits::Tables,
            protocol: Protocol::default(),
            pace: Pace::default(),
            cache_bytes: 64 << 20,
            env: Arc::new(TokioEnv::new()),
            max_group: 512,
            hold: Duration::from_millis(1),
            max_inbox: 10_000,
            limits: StoreLimits::default(),
            verify: false,
        }
    }
}

impl RedbOptions {
    /// What an acknowledged write survives. [`Durability::Immediate`] if not said.
    ///
    /// An example stands at [`RedbOptions`].
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How a group of writes becomes durable. [`Commits::Tables`] if not said.
    ///
    /// An example stands at [`Commits`].
    #[must_use]
    pub fn commits(mut self, commits: Commits) -> Self {
        self.commits = commits;
        self
    }

    /// With [`Commits::Journal`]: when the tables lack so many rows, they begin to follow. What they
    /// lack is in memory, twice as much at most. 4,096 if not said, and never more than some MiB.
    ///
    /// An example stands at [`Commits`].
    #[must_use]
    pub fn checkpoint_rows(mut self, rows: usize) -> Self {
        self.pace.enough.rows = rows.max(1);
        self
    }

    /// A commit that the power interrupts is never taken for a whole one, whatever its pages say. Off if
    /// not said: then a checksum over the pages tells the two apart, and somebody who chooses what is
    /// written, and when the machine goes down, might find two contents with the same one. Costs a second
    /// fsync for each group of writes.
    ///
    /// A store that was written in one way can be opened in the other.
    ///
    /// ```
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.redb");
    /// let store = RedbProvider::options().two_phase_commit(true).open(&path)?;
    /// drop(store);
    /// let store = RedbProvider::open(&path)?; // the same store, in the usual way
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn two_phase_commit(mut self, two_phases: bool) -> Self {
        self.protocol.two_phase_commit = two_phases;
        self
    }

    /// After a crash the store opens as fast as it would have after a good end, however large its file
    /// is. Off if not said: then such an opening reads the whole file, which takes seconds for each GiB.
    /// Costs what [`two_phase_commit`](Self::two_phase_commit) does, which it contains, and in each
    /// group some pages that say which pages are free; `docs/performance.md` says how much that is.
    ///
    /// It counts for what the last commit before the crash was made with. Such an opening does not look
    /// at checksums of pages either: what [`verify`](Self::verify) says of crashes is not true for it.
    ///
    /// ```
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.redb");
    /// // Many GiB of histories, and somebody who waits for it to come back.
    /// let store = RedbProvider::options().quick_repair(true).open(&path)?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn quick_repair(mut self, quick: bool) -> Self {
        self.protocol.quick_repair = quick;
        self
    }

    /// Memory for pages of the file. 64 MiB if not said.
    ///
    /// An example stands at [`RedbOptions`].
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Where clock, ids and sleep come from.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::{EnvRef, TokioEnv};
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// let env: EnvRef = Arc::new(TokioEnv::new()); // or a world of one's own
    /// let store = RedbProvider::options().env(env).in_memory()?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn env(mut self, env: EnvRef) -> Self {
        self.env = env;
        self
    }

    /// The number of requests with which a group is written, even if more might join it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// // For a disk whose fsync takes longer than anything else.
    /// let patient = RedbProvider::options().max_group(2_048).hold(Duration::from_millis(5));
    /// let store = patient.in_memory()?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_group(mut self, requests: usize) -> Self {
        self.max_group = requests.max(1);
        self
    }

    /// How long a group may wait for the turns that its own messages caused. 1 ms if not said;
    /// zero: never.
    ///
    /// An example stands at [`max_group`](Self::max_group).
    #[must_use]
    pub fn hold(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// How many messages may wait in the inbox of one instance, its start aside; an event for one that
    /// has so many is refused, and may be sent again when it has taken some. 10,000 if not said: an
    /// instance that far behind is not waited for by sending it more. Answers to what it asked for,
    /// and requests to end, always get through.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::Client;
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let store = RedbProvider::options().max_inbox(1).in_memory()?;
    /// let client = Client::new(Arc::new(store));
    /// client.start_orchestration("cart-7", "cart", "null").await?;
    /// client.enqueue_event("cart-7", "items", "apples").await?; // waits behind the start
    /// assert!(client.enqueue_event("cart-7", "items", "pears").await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn max_inbox(mut self, messages: usize) -> Self {
        self.max_inbox = messages;
        self
    }

    /// Bytes of one text: an input, output, event, error or value. 1 MiB if not said, 8 MiB at most.
    /// What is longer is refused, to a client with an error; an instance that writes such a thing fails.
    ///
    /// [`Limits::payload_bytes`](crate::engine::Limits) is the same for what orchestrations ask for,
    /// and lets them catch it: it should not be larger.
    ///
    /// ```
    /// use duroxide::prelude::*;
    /// use duroxide::engine::Limits;
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = RedbProvider::options().max_payload_bytes(4 << 20).open("large.redb")?;
    /// let limits = Limits { payload_bytes: 4 << 20, ..Limits::default() };
    /// let options = RuntimeOptions { limits, ..Default::default() };
    /// let runtime = Runtime::builder().store(store).options(options).start().await?;
    /// # runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn max_payload_bytes(mut self, bytes: usize) -> Self {
        self.limits = self.limits.with_payload(bytes);
        self
    }

    /// Bytes of the id of an instance. 256 if not said, which is also the most. What is longer is
    /// refused: to a client that starts it with an error, to an orchestration by its end.
    ///
    /// [`Limits::id_bytes`](crate::engine::Limits) is the same for what orchestrations start, and lets
    /// them catch it: it should not be larger.
    ///
    /// ```
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// // For many small instances: what is larger is a mistake of somebody.
    /// let store = RedbProvider::options()
    ///     .max_id_bytes(64)
    ///     .max_name_bytes(64)
    ///     .max_turn_events(1_000)
    ///     .max_turn_bytes(1 << 20)
    ///     .in_memory()?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_id_bytes(mut self, bytes: usize) -> Self {
        self.limits = self.limits.with_id(bytes);
        self
    }

    /// Bytes of the name of an orchestration, an event or a queue. 128 if not said, which is also the
    /// most. What is longer is refused, as with [`max_id_bytes`](Self::max_id_bytes).
    ///
    /// An example stands at [`max_id_bytes`](Self::max_id_bytes).
    #[must_use]
    pub fn max_name_bytes(mut self, bytes: usize) -> Self {
        self.limits = self.limits.with_name(bytes);
        self
    }

    /// Events that one turn may add to a history. 200,000 if not said, which is also the most: a
    /// turn is one write. An instance whose turn has more fails.
    ///
    /// Messages that wait are taken in one turn until it has `turn_events` of
    /// [`Limits`](crate::engine::Limits), 10,000 if not said. This limit should be the higher one: a
    /// lower one can fail an instance for having been sent much at once.
    ///
    /// An example stands at [`max_id_bytes`](Self::max_id_bytes).
    #[must_use]
    pub fn max_turn_events(mut self, events: usize) -> Self {
        self.limits = self.limits.with_turn_events(events);
        self
    }

    /// Bytes of the texts of all events that one turn may add to a history; what the execution began
    /// with is not counted. 8 MiB if not said, 12 MiB at most. An instance whose turn has more fails.
    ///
    /// Messages that wait are taken in one turn until it has `turn_bytes` of
    /// [`Limits`](crate::engine::Limits), 4 MiB if not said: see
    /// [`max_turn_events`](Self::max_turn_events).
    ///
    /// An example stands at [`max_id_bytes`](Self::max_id_bytes).
    #[must_use]
    pub fn max_turn_bytes(mut self, bytes: usize) -> Self {
        self.limits = self.limits.with_turn_bytes(bytes);
        self
    }

    /// Looks at the checksum of every page before the store opens: what was damaged while nobody
    /// looked is [`OpenError::Damaged`] then, and not found later, or not at all. Reads the whole
    /// file, so it is off if not said; after a crash as much is looked at anyway, unless there is
    /// [`quick_repair`](Self::quick_repair).
    ///
    /// ```
    /// use duroxide::storage::redb::{OpenError, RedbProvider};
    ///
    /// fn check(path: &str) -> Result<bool, OpenError> {
    ///     match RedbProvider::options().verify(true).open(path) {
    ///         Ok(_store) => Ok(true),
    ///         Err(OpenError::Damaged { .. }) => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Opens the store in this file; creates it if there is no such file, or an empty one.
    ///
    /// An example stands at [`RedbOptions`].
    ///
    /// # Errors
    ///
    /// [`OpenError`]; the file is then as it was.
    pub fn open(self, path: impl AsRef<Path>) -> Result<RedbProvider, OpenError> {
        let path = path.as_ref().to_owned();
        let shown = path.file_name().unwrap_or(path.as_os_str());
        let name = format!("file {}", shown.to_string_lossy());
        let factory = move || {
            let file = file::open(&path)?;
            let backend = FileBackend::new(file).map_err(io::Error::other)?;
            Ok(Box::new(backend) as Box<dyn StorageBackend>)
        };
        RedbProvider::start(name, Factory::new(factory), self)
    }

    /// A store that is gone with its last handle.
    ///
    /// An example stands at [`max_group`](Self::max_group).
    ///
    /// # Errors
    ///
    /// [`OpenError::Io`] if the system refuses a thread.
    pub fn in_memory(self) -> Result<RedbProvider, OpenError> {
        let memory = SharedMemory::new(InMemoryBackend::new());
        let factory = move || Ok(Box::new(memory.clone()) as Box<dyn StorageBackend>);
        let name = IN_MEMORY.to_owned();
        RedbProvider::start(name, Factory::new(factory), self)
    }

    /// Opens the store on a backend of one's own. The factory is called again when the backend
    /// failed, and must give access to the same bytes.
    ///
    /// ```
    /// use std::{fs::File, io};
    ///
    /// use duroxide::storage::redb::RedbProvider;
    /// use redb::backends::FileBackend;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.redb");
    /// let store = RedbProvider::options().open_backend(move || {
    ///     let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
    ///     FileBackend::new(file).map_err(io::Error::other)
    /// })?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing was written then.
    pub fn open_backend<B, F>(self, factory: F) -> Result<RedbProvider, OpenError>
    where
        B: StorageBackend,
        F: Fn() -> io::Result<B> + Send + Sync + 'static,
    {
        let factory = move || factory().map(|backend| Box::new(backend) as Box<dyn StorageBackend>);
        let name = "backend".to_owned();
        RedbProvider::start(name, Factory::new(factory), self)
    }
}

/// The name of a store without a file.
pub(crate) const IN_MEMORY: &str = "in memory";

/// Makes a backend; again after each failure. What goes through all of them is counted together.
#[derive(Clone)]
pub(crate) struct Factory {
    make: Arc<MakeBackend>,
    pub(crate) counts: Arc<Counts>,
}

type MakeBackend = dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync;

impl Factory {
    pub(crate) fn new(
        make: impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            make: Arc::new(make),
            counts: Arc::default(),
        }
    }

    pub(crate) fn make(&self) -> io::Result<Box<dyn StorageBackend>> {
        let counted = CountingBackend::new((self.make)()?, Arc::clone(&self.counts));
        Ok(Box::new(counted))
    }
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factory")
    }
}
