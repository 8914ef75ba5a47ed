//! A group of changes that become durable together, and the one function that makes them so.
//!
//! A group is a value. Whatever else may one day make it durable (a journal, say) replaces
//! [`commit`] and nothing else.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use ::redb::{Database, Durability, Table, TableDefinition, TableError, WriteTransaction};

use crate::storage::redb::schema::{
    ACTIVITIES, ATTEMPTS, CHILDREN, CUSTOM_STATUS, HISTORY, IDS, INBOX, INSTANCES, QUIET_TURNS,
    RowKey, TIMERS, VALUES, activity_columns, timer_columns,
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
    /// Instances whose values all go, before the rows are written.
    cleared: BTreeSet<u64>,
    /// (instance, first execution, last execution): their histories go, after that.
    forgotten: BTreeSet<(u64, u64, u64)>,
    /// Instances that go: all rows whose keys begin with their numbers, at the very end.
    dropped: BTreeSet<u64>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.cleared.is_empty()
            && self.forgotten.is_empty()
            && self.dropped.is_empty()
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

    /// Removes all values of an instance, however many there are.
    pub(crate) fn clear_values(&mut self, instance: u64) {
        let values = RowKey::Value(instance, String::new())..;
        let own = |key: &RowKey| matches!(key, RowKey::Value(owner, _) if *owner == instance);
        let known = self.rows.range(values).map(|(key, _)| key);
        let known: Vec<_> = known.take_while(|key| own(key)).cloned().collect();
        for key in known {
            self.rows.remove(&key);
        }
        self.cleared.insert(instance);
    }

    /// Removes the histories of some executions, which nothing is added to any more.
    pub(crate) fn forget_executions(&mut self, instance: u64, executions: RangeInclusive<u64>) {
        let (first, last) = executions.into_inner();
        self.forgotten.insert((instance, first, last));
    }

    /// Removes what stands under the number of an instance, which nothing is added to any more:
    /// rows of queues and indexes are to be deleted one by one.
    pub(crate) fn drop_instance(&mut self, instance: u64) {
        self.dropped.insert(instance);
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
    clear_values(&transaction, &changes.cleared)?;
    write(&transaction, changes)?;
    forget_executions(&transaction, &changes.forgotten)?;
    drop_instances(&transaction, &changes.dropped)?;
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
    let mut custom_status = Lazy::new(transaction, CUSTOM_STATUS);
    let mut values = Lazy::new(transaction, VALUES);
    let mut children = Lazy::new(transaction, CHILDREN);
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
            RowKey::CustomStatus(instance) => custom_status.apply(instance, change)?,
            RowKey::Value(instance, key) => values.apply((*instance, key.as_str()), change)?,
            RowKey::Child(parent, child) => {
                children.apply((parent.as_str(), child.as_str()), change)?;
            }
        }
    }
    Ok(())
}

fn clear_values(
    transaction: &WriteTransaction,
    cleared: &BTreeSet<u64>,
) -> Result<(), ::redb::Error> {
    if cleared.is_empty() {
        return Ok(());
    }
    let mut values = transaction.open_table(VALUES)?;
    for &instance in cleared {
        values.retain_in((instance, "")..(instance.saturating_add(1), ""), |_, _| {
            false
        })?;
    }
    Ok(())
}

fn forget_executions(
    transaction: &WriteTransaction,
    forgotten: &BTreeSet<(u64, u64, u64)>,
) -> Result<(), ::redb::Error> {
    if forgotten.is_empty() {
        return Ok(());
    }
    let mut history = transaction.open_table(HISTORY)?;
    for &(instance, first, last) in forgotten {
        let all = (instance, first, 0)..=(instance, last, u64::MAX);
        history.retain_in(all, |_, _| false)?;
    }
    Ok(())
}

fn drop_instances(
    transaction: &WriteTransaction,
    dropped: &BTreeSet<u64>,
) -> Result<(), ::redb::Error> {
    if dropped.is_empty() {
        return Ok(());
    }
    let histories = dropped.iter().map(|&instance| (instance, 0, u64::MAX));
    forget_executions(transaction, &histories.collect())?;
    clear_values(transaction, dropped)?;
    for table in [INSTANCES, QUIET_TURNS, CUSTOM_STATUS] {
        let mut table = transaction.open_table(table)?;
        for instance in dropped {
            table.remove(instance)?;
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
    fn values_that_are_cleared_are_not_written_and_later_ones_are() {
        let value = |instance, key: &str| RowKey::Value(instance, key.to_owned());
        let mut changes = Changes::default();
        changes.replace(value(1, "a"), vec![1]);
        changes.replace(value(2, "a"), vec![1]);
        changes.delete(value(1, "b"));
        changes.clear_values(1);
        changes.replace(value(1, "c"), vec![2]);
        let rows: Vec<_> = changes.rows.into_keys().collect();
        assert_eq!(rows, [value(1, "c"), value(2, "a")]);
        assert_eq!(changes.cleared, BTreeSet::from([1]));
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
