//! The open file, and what is durable in it: the tables, and the layers of the journal that the
//! tables do not have yet. One thread writes; whoever reads takes a [`View`].

use std::sync::PoisonError;

use ::redb::{Database, Durability, ReadableDatabase as _, WriteTransaction};

use crate::storage::redb::bodies;
use crate::storage::redb::checkpoint::Done;
use crate::storage::redb::group::{Changes, Load};
use crate::storage::redb::options::{Commits, RedbOptions};
use crate::storage::redb::overlay::{Overlay, Pace};
use crate::storage::redb::protocol::Protocol;
use crate::storage::redb::schema::JOURNAL;
use crate::storage::redb::tables::write_layer;
use crate::storage::redb::view::View;
use crate::sync::{Mutex, MutexGuard};

/// An open file.
#[derive(Debug)]
pub(crate) struct Disk {
    database: Database,
    protocol: Protocol,
    commits: Commits,
    pace: Pace,
    /// A commit is made visible under this lock, behind redb's own commit: who begins to read
    /// under it has tables that are at most one group newer than the layers, and of that group the
    /// tables have nothing yet that the layers do not say too.
    overlay: Mutex<Overlay>,
}

impl Disk {
    /// The tables have everything, and the journal is empty.
    pub(crate) fn new(database: Database, options: &RedbOptions) -> Self {
        Self {
            database,
            protocol: options.protocol,
            commits: options.commits,
            pace: options.pace,
            overlay: Mutex::new(Overlay::new(options.pace)),
        }
    }

    pub(crate) fn commits(&self) -> Commits {
        self.commits
    }

    /// What is durable now.
    pub(crate) fn view(&self) -> Result<View, ::redb::Error> {
        let overlay = self.overlay();
        let transaction = self.database.begin_read()?;
        Ok(View::new(transaction, overlay.layers().to_vec()))
    }

    fn overlay(&self) -> MutexGuard<'_, Overlay> {
        // Every update leaves it whole.
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, durability: Durability) -> Result<WriteTransaction, ::redb::Error> {
        self.protocol.begin(&self.database, durability)
    }

    /// Writes a group into the tables. Nothing may be above them.
    pub(crate) fn write_tables(
        &self,
        changes: &Changes,
        durability: Durability,
    ) -> Result<(), ::redb::Error> {
        let transaction = self.begin(durability)?;
        write_layer(&transaction, changes.layer())?;
        transaction.commit()?;
        Ok(())
    }

    /// Writes a group into the journal, and something older into the tables.
    pub(crate) fn write_journal(
        &self,
        changes: Changes,
        durability: Durability,
    ) -> Result<(), ::redb::Error> {
        if changes.is_empty() {
            return self.write_tables(&changes, durability);
        }
        let number = self.overlay().next();
        let Some(record) = self.record_of(number, &changes)? else {
            while self.has_backlog() {
                self.follow(Load::ALL, durability)?;
            }
            return self.write_tables(&changes, durability);
        };
        let transaction = self.begin(durability)?;
        transaction
            .open_table(JOURNAL)?
            .insert(number, record.as_slice())?;
        let load = self.overlay().pace(changes.load());
        let done = self.slice(&transaction, load)?;
        transaction.commit()?;
        let mut overlay = self.overlay();
        let unneeded = done.and_then(|done| overlay.advance(done));
        overlay.add(changes.into_layer());
        drop(overlay);
        // Takes its time; nobody has to wait for it.
        drop(unneeded);
        Ok(())
    }

    /// Whether the tables lack something, or the journal has something that they have.
    pub(crate) fn has_backlog(&self) -> bool {
        !self.overlay().is_empty()
    }

    /// Lets the tables follow when there is nothing else to do.
    pub(crate) fn rest(&self, durability: Durability) -> Result<(), ::redb::Error> {
        self.follow(self.pace.calm, durability)
    }

    fn follow(&self, load: Load, durability: Durability) -> Result<(), ::redb::Error> {
        let transaction = self.begin(durability)?;
        self.overlay().freeze();
        let done = self.slice(&transaction, load)?;
        transaction.commit()?;
        let unneeded = done.and_then(|done| self.overlay().advance(done));
        drop(unneeded);
        Ok(())
    }

    /// Goes on with the checkpoint, if one is under way.
    fn slice(
        &self,
        transaction: &WriteTransaction,
        load: Load,
    ) -> Result<Option<Done>, ::redb::Error> {
        let (under_way, first) = {
            let overlay = self.overlay();
            (overlay.checkpoint(), overlay.first())
        };
        let Some((checkpoint, newer)) = under_way else {
            return Ok(None);
        };
        checkpoint.slice(transaction, &newer, first, load).map(Some)
    }

    /// The record of a group; `None` if it is too large for the journal.
    fn record_of(&self, number: u64, changes: &Changes) -> Result<Option<Vec<u8>>, ::redb::Error> {
        let largest = self.pace.largest_record;
        if changes.load().bytes > largest {
            return Ok(None);
        }
        let record = bodies::encode_journal(number, changes.layer())
            .map_err(|error| ::redb::Error::Corrupted(error.to_string()))?;
        Ok((record.len() <= largest).then_some(record))
    }
}
