//! Opening a store: is it one, can we read it, what is under way in it.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ::redb::{
    Database, DatabaseError, Durability, ReadableDatabase as _, StorageBackend, StorageError,
    TableHandle as _,
};

use crate::storage::redb::bodies;
use crate::storage::redb::disk::Disk;
use crate::storage::redb::journal;
use crate::storage::redb::layer::Layer;
use crate::storage::redb::options::{Factory, RedbOptions};
use crate::storage::redb::protocol::Protocol;
use crate::storage::redb::recovery::{self, Found, InHand};
use crate::storage::redb::schema::{
    ACTIVITIES, ATTEMPTS, CHILDREN, CUSTOM_STATUS, HISTORY, IDS, INBOX, INSTANCES, JOURNAL, META,
    META_INCARNATION, META_SCHEMA_VERSION, QUIET_TURNS, SCHEMA_VERSION, TIMERS, VALUES,
};
use crate::storage::redb::staged::StagedBackend;
use crate::storage::redb::tables::write_layer;
use crate::storage::redb::view::View;
use crate::sync::thread;
use crate::time::Timestamp;

/// Why a store cannot be opened. Whatever it is, no byte of it was changed, and nothing will be
/// repaired by deleting: look, make a backup, decide.
///
/// ```
/// use duroxide::storage::redb::{OpenError, RedbProvider};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("notes.txt");
/// std::fs::write(&path, "buy bread")?;
/// let opened = RedbProvider::open(&path);
/// assert!(matches!(opened, Err(OpenError::NotAStore { .. })));
/// assert_eq!(std::fs::read(&path)?, b"buy bread"); // as it was
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is something else in this place.
    #[error("not a store of duroxide: {problem}")]
    NotAStore {
        /// What is there.
        problem: String,
    },
    /// The store was written by a later version of this library.
    #[error("the store has format {found}; this version reads up to {supported}")]
    NewerFormat {
        /// The format of the store.
        found: u32,
        /// The newest that we know.
        supported: u32,
    },
    /// The store is open already, in this process or another.
    #[error("the store is in use")]
    InUse,
    /// The store is cut short, or overwritten.
    #[error("the store is damaged: {problem}")]
    Damaged {
        /// What was noticed.
        problem: String,
    },
    /// The system did not let us.
    #[error("the store cannot be opened")]
    Io(#[from] io::Error),
}

/// The words, not the name of the variant: this is what a `main` that returns the error prints.
impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(source) => write!(f, "{self}: {source}"),
            Self::NotAStore { .. }
            | Self::NewerFormat { .. }
            | Self::InUse
            | Self::Damaged { .. } => write!(f, "{self}"),
        }
    }
}

/// An open store, and what is under way in it.
pub(crate) struct Opened {
    pub(crate) disk: Disk,
    pub(crate) incarnation: u64,
    pub(crate) found: Found,
}

/// Opens the store on a thread of its own: redb may panic over a damaged file.
pub(crate) fn open(
    factory: &Factory,
    options: &RedbOptions,
    now: Timestamp,
    in_hand: &Arc<InHand>,
) -> Result<Opened, OpenError> {
    let (factory, options) = (factory.clone(), options.clone());
    let in_hand = Arc::clone(in_hand);
    let opening = thread::Builder::new()
        .name("duroxide-open".to_owned())
        .spawn(move || {
            catch_unwind(AssertUnwindSafe(|| {
                open_here(&factory, &options, now, &in_hand)
            }))
            .unwrap_or_else(|panic| Err(damaged(words_of(panic.as_ref()))))
        })?;
    opening
        .join()
        .unwrap_or_else(|panic| Err(damaged(words_of(panic.as_ref()))))
}

fn open_here(
    factory: &Factory,
    options: &RedbOptions,
    now: Timestamp,
    in_hand: &InHand,
) -> Result<Opened, OpenError> {
    let backend = factory.make()?;
    let place = look_at(backend.as_ref())?;
    let (staged, approval) = StagedBackend::new(backend);
    match place {
        Place::Empty => approval.approve(),
        Place::HalfCreated => staged.set_len(0)?,
        Place::Redb => {}
    }
    let mut database = Database::builder()
        .set_cache_size(options.cache_bytes)
        .create_with_backend(staged)
        .map_err(from_database)?;
    // What redb would repair is kept back with all that an open writes: the file stays as it is.
    if options.verify && !database.check_integrity().map_err(from_database)? {
        return Err(damaged("a page is not as it was written"));
    }
    let before = check_meta(&database)?;
    let (tail, found) = match before {
        Some(_) => {
            let transaction = database.begin_read().map_err(from_redb)?;
            let tail = Arc::new(journal::tail(&transaction)?);
            let view = View::new(transaction, vec![Arc::clone(&tail)]);
            (tail, recovery::scan(&view, now, in_hand)?)
        }
        None => (Arc::default(), Found::nothing(now)),
    };
    approval.approve();
    let incarnation = before.unwrap_or(0).saturating_add(1);
    begin(&database, options.protocol, incarnation, &tail).map_err(from_redb)?;
    Ok(Opened {
        disk: Disk::new(database, options),
        incarnation,
        found,
    })
}

enum Place {
    Empty,
    /// The system went down while redb created the file: it has room and no content.
    HalfCreated,
    Redb,
}

const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
/// Behind the header of redb.
const CONTENT: usize = 320;
/// redb creates its files with about a MiB; nothing larger is half created.
const LARGEST_EMPTY: u64 = 64 << 20;

fn look_at(backend: &dyn StorageBackend) -> Result<Place, OpenError> {
    let len = backend.len()?;
    if len == 0 {
        return Ok(Place::Empty);
    }
    let foreign = || OpenError::NotAStore {
        problem: "the file is something else".to_owned(),
    };
    let mut start = MAGIC;
    let known = usize::try_from(len).map_or(start.len(), |len| len.min(start.len()));
    let start = start.get_mut(..known).unwrap_or_default();
    backend.read(0, start)?;
    if *start == MAGIC {
        return Ok(Place::Redb);
    }
    // redb writes its magic number last; a torn write may leave a part of it. The length is not
    // durable before the header either: the file may end within that.
    let torn = start
        .iter()
        .zip(&MAGIC)
        .all(|(is, should)| *is == 0 || is == should);
    if !torn || len > LARGEST_EMPTY {
        return Err(foreign());
    }
    let mut all = vec![0_u8; usize::try_from(len).unwrap_or_default()];
    backend.read(0, &mut all)?;
    if all.iter().skip(CONTENT).any(|byte| *byte != 0) {
        return Err(foreign());
    }
    Ok(Place::HalfCreated)
}

/// The incarnation before this one; `None` if the store is new.
fn check_meta(database: &Database) -> Result<Option<u64>, OpenError> {
    let transaction = database.begin_read().map_err(from_redb)?;
    let tables: Vec<String> = transaction
        .list_tables()
        .map_err(from_redb)?
        .map(|table| table.name().to_owned())
        .collect();
    if tables.is_empty() {
        // redb was created, and then the system went down before our first commit.
        return Ok(None);
    }
    let not_ours = || OpenError::NotAStore {
        problem: "a redb file of some other program".to_owned(),
    };
    let meta = transaction.open_table(META).map_err(|_| not_ours())?;
    let version = meta.get(META_SCHEMA_VERSION).map_err(from_redb)?;
    let Some(version) = version.and_then(|bytes| bytes.value().try_into().ok()) else {
        return Err(not_ours());
    };
    let found = u32::from_le_bytes(version);
    if found == 0 || found > SCHEMA_VERSION {
        return Err(OpenError::NewerFormat {
            found,
            supported: SCHEMA_VERSION,
        });
    }
    let incarnation = meta.get(META_INCARNATION).map_err(from_redb)?;
    let Some(incarnation) = incarnation else {
        return Err(damaged("the incarnation is missing"));
    };
    let incarnation = bodies::decode_incarnation(incarnation.value())
        .map_err(|error| damaged(format!("the incarnation: {error}")))?;
    Ok(Some(incarnation))
}

/// One more life: locks of earlier ones are void from here on. Creates the tables of a new store,
/// and brings them up to date.
fn begin(
    database: &Database,
    protocol: Protocol,
    incarnation: u64,
    tail: &Layer,
) -> Result<(), ::redb::Error> {
    let record = bodies::encode_incarnation(incarnation)
        .map_err(|error| ::redb::Error::Corrupted(error.to_string()))?;
    let transaction = protocol.begin(database, Durability::Immediate)?;
    {
        let mut meta = transaction.open_table(META)?;
        if incarnation == 1 {
            transaction.open_table(IDS)?;
            transaction.open_table(INSTANCES)?;
            transaction.open_table(HISTORY)?;
            transaction.open_table(INBOX)?;
            transaction.open_table(ACTIVITIES)?;
            transaction.open_table(TIMERS)?;
            transaction.open_table(ATTEMPTS)?;
            transaction.open_table(QUIET_TURNS)?;
            transaction.open_table(CUSTOM_STATUS)?;
            transaction.open_table(VALUES)?;
            transaction.open_table(CHILDREN)?;
        }
        // All that version 2 has more than version 1 is a journal.
        let mut journal = transaction.open_table(JOURNAL)?;
        journal.retain(|_, _| false)?;
        meta.insert(META_SCHEMA_VERSION, SCHEMA_VERSION.to_le_bytes().as_slice())?;
        meta.insert(META_INCARNATION, record.as_slice())?;
    }
    write_layer(&transaction, tail)?;
    transaction.commit()?;
    Ok(())
}

fn from_database(error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse,
        other => from_redb(other),
    }
}

pub(crate) fn from_redb(error: impl Into<::redb::Error>) -> OpenError {
    match error.into() {
        ::redb::Error::DatabaseAlreadyOpen => OpenError::InUse,
        ::redb::Error::Io(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => damaged(error.to_string()),
            _ => OpenError::Io(error),
        },
        ::redb::Error::PreviousIo => {
            OpenError::Io(io::Error::other(StorageError::PreviousIo.to_string()))
        }
        other => damaged(other.to_string()),
    }
}

pub(crate) fn damaged(problem: impl Into<String>) -> OpenError {
    OpenError::Damaged {
        problem: problem.into(),
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    words.unwrap_or_else(|| "it cannot be made sense of".to_owned())
}

#[cfg(test)]
mod tests {
    use ::redb::backends::InMemoryBackend;

    use super::*;

    #[test]
    fn what_is_larger_than_an_empty_file_can_be_is_not_half_created() {
        let memory = InMemoryBackend::new();
        memory.set_len(LARGEST_EMPTY).unwrap();
        assert!(matches!(look_at(&memory), Ok(Place::HalfCreated)));
        for more in [1, 2] {
            memory.set_len(LARGEST_EMPTY + more).unwrap();
            let place = look_at(&memory);
            assert!(matches!(place, Err(OpenError::NotAStore { .. })));
        }
    }

    #[test]
    fn a_main_that_returns_the_error_prints_its_words() {
        assert_eq!(format!("{:?}", OpenError::InUse), "the store is in use");
        let error = OpenError::from(io::Error::other("no such disk"));
        assert_eq!(
            format!("{error:?}"),
            "the store cannot be opened: no such disk"
        );
    }
}
