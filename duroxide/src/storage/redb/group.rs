//! A group of changes that become durable together, and the one function that makes them so.
//!
//! A group is a value. Whatever else may one day make it durable (a journal, say) replaces
//! [`commit`] and nothing else.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ::redb::{Database, Durability, Table, TableDefinition, TableError, WriteTransaction};

use crate::storage::redb::schema::{
    ACTIVITIES, ATTEMPTS, HISTORY, IDS, INBOX, INSTANCES, QUIET_TURNS, RowKey, TIMERS,
    activity_columns, timer_columns,
};

/// What becomes of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The row is new: if it goes again before the group is written, it was never there.
    Insert(Vec<u8>),
    /// The row may exist on disk.
    Replace(Vec<u8>),
    /// The row exists on disk.
    Delete,
}

/// Rows to be written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    rows: BTreeMap<RowKey, Change>,
    bytes: usize,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes put into the group so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a row that the disk does not have.
    pub(crate) fn insert(&mut self, key: RowKey, value: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(value.len());
        match self.rows.entry(key) {
            Entry::Vacant(free) => {
                free.insert(Change::Insert(value));
            }
            Entry::Occupied(mut taken) => {
                let change = match taken.get() {
                    Change::Insert(_) => Change::Insert(value),
                    Change::Replace(_) | Change::Delete => Change::Replace(value),
                };
                taken.insert(change);
            }
        }
    }

    /// Writes a row that the disk may have.
    pub(crate) fn replace(&mut self, key: RowKey, value: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(value.len());
        match self.rows.entry(key) {
            Entry::Vacant(free) => {
                free.insert(Change::Replace(value));
            }
            Entry::Occupied(mut taken) => {
                let change = match taken.get() {
                    Change::Insert(_) => Change::Insert(value),
                    Change::Replace(_) | Change::Delete => Change::Replace(value),
                };
                taken.insert(change);
            }
        }
    }

    /// Removes a row; one that this group brought never reaches the disk.
    pub(crate) fn delete(&mut self, key: RowKey) {
        match self.rows.entry(key) {
            Entry::Vacant(free) => {
                free.insert(Change::Delete);
            }
            Entry::Occupied(mut taken) => match taken.get() {
                Change::Insert(_) => {
                    taken.remove();
                }
                Change::Replace(_) | Change::Delete => {
                    taken.insert(Change::Delete);
                }
            },
        }
    }
}

/// Writes all changes in one transaction. An error means *unknown*, and the database is to be
/// opened again: redb refuses every later write.
pub(crate) fn commit(
    database: &Database,
    changes: &Changes,
    durability: Durability,
) -> Result<(), ::redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(durability)?;
    write(&transaction, changes)?;
    transaction.commit()?;
    Ok(())
}

fn write(transaction: &WriteTransaction, changes: &Changes) -> Result<(), ::redb::Error> {
    let mut ids = Lazy::new(transaction, IDS);
    let mut instances = Lazy::new(transaction, INSTANCES);
    let mut history = Lazy::new(transaction, HISTORY);
    let mut inbox = Lazy::new(transaction, INBOX);
    let mut activities = Lazy::new(transaction, ACTIVITIES);
    let mut timers = Lazy::new(transaction, TIMERS);
    let mut attempts = Lazy::new(transaction, ATTEMPTS);
    let mut quiet_turns = Lazy::new(transaction, QUIET_TURNS);
    for (key, change) in &changes.rows {
        match key {
            RowKey::Id(id) => ids.apply(id.as_str(), change)?,
            RowKey::Instance(instance) => instances.apply(instance, change)?,
            RowKey::History(instance, execution, first) => {
                history.apply((*instance, execution.0, first.0), change)?;
            }
            RowKey::Inbox { sequence, instance } => inbox.apply((*sequence, *instance), change)?,
            RowKey::Activity(key) => activities.apply(activity_columns(key), change)?,
            RowKey::Timer(key) => timers.apply(timer_columns(key), change)?,
            RowKey::Attempts(queue, sequence) => {
                attempts.apply((queue.code(), *sequence), change)?;
            }
            RowKey::QuietTurn(instance) => quiet_turns.apply(instance, change)?,
        }
    }
    Ok(())
}

/// A table that is opened by its first change: opening one costs.
struct Lazy<'t, K: ::redb::Key + 'static> {
    transaction: &'t WriteTransaction,
    definition: TableDefinition<'static, K, &'static [u8]>,
    table: Option<Table<'t, K, &'static [u8]>>,
}

impl<'t, K: ::redb::Key + 'static> Lazy<'t, K> {
    fn new(
        transaction: &'t WriteTransaction,
        definition: TableDefinition<'static, K, &'static [u8]>,
    ) -> Self {
        Self {
            transaction,
            definition,
            table: None,
        }
    }

    fn apply<'k>(
        &mut self,
        key: impl std::borrow::Borrow<K::SelfType<'k>>,
        change: &Change,
    ) -> Result<(), ::redb::Error> {
        let table = match &mut self.table {
            Some(table) => table,
            closed @ None => closed.insert(open(self.transaction, self.definition)?),
        };
        match change {
            Change::Insert(value) | Change::Replace(value) => {
                table.insert(key, value.as_slice())?;
            }
            Change::Delete => {
                table.remove(key)?;
            }
        }
        Ok(())
    }
}

fn open<'t, K: ::redb::Key + 'static>(
    transaction: &'t WriteTransaction,
    definition: TableDefinition<'static, K, &'static [u8]>,
) -> Result<Table<'t, K, &'static [u8]>, TableError> {
    transaction.open_table(definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(sequence: u64) -> RowKey {
        RowKey::Inbox {
            sequence,
            instance: 1,
        }
    }

    #[test]
    fn a_row_that_comes_and_goes_in_one_group_is_never_written() {
        let mut changes = Changes::default();
        changes.insert(inbox(1), vec![1]);
        changes.insert(inbox(2), vec![2]);
        changes.delete(inbox(1));
        changes.delete(inbox(3));
        let rows: Vec<_> = changes.rows.into_iter().collect();
        assert_eq!(
            rows,
            [
                (inbox(2), Change::Insert(vec![2])),
                (inbox(3), Change::Delete)
            ]
        );
    }

    #[test]
    fn a_row_that_the_disk_may_have_is_deleted_there() {
        let mut changes = Changes::default();
        changes.replace(inbox(1), vec![1]);
        changes.delete(inbox(1));
        changes.delete(inbox(2));
        changes.insert(inbox(2), vec![2]);
        let rows: Vec<_> = changes.rows.into_iter().collect();
        assert_eq!(
            rows,
            [
                (inbox(1), Change::Delete),
                (inbox(2), Change::Replace(vec![2]))
            ]
        );
    }
}
