//! A group of changes that become durable together, and the one function that makes them so.

use std::ops::RangeInclusive;

use ::redb::Durability;

use crate::storage::redb::disk::Disk;
use crate::storage::redb::layer::{Change, Layer};
use crate::storage::redb::options::Commits;
use crate::storage::redb::ranges::Gone;
use crate::storage::redb::schema::RowKey;

/// Rows to be made durable in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    layer: Layer,
    /// All that was put in: rows that went again are counted too.
    load: Load,
}

/// How much work something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.layer.is_empty()
    }

    /// What was put into the group so far.
    pub(crate) fn load(&self) -> Load {
        self.load
    }

    /// Adds a row that the disk does not have.
    pub(crate) fn insert(&mut self, key: RowKey, value: Vec<u8>) {
        self.change(key, Change::Insert(value));
    }

    /// Writes a row that the disk may have.
    pub(crate) fn replace(&mut self, key: RowKey, value: Vec<u8>) {
        self.change(key, Change::Replace(value));
    }

    /// Removes a row; one that this group brought never reaches the disk.
    pub(crate) fn delete(&mut self, key: RowKey) {
        self.change(key, Change::Delete);
    }

    fn change(&mut self, key: RowKey, change: Change) {
        self.load.rows = self.load.rows.saturating_add(1);
        self.load.bytes = self.load.bytes.saturating_add(change.bytes());
        self.layer.change(key, change);
    }

    /// Removes all values of an instance, however many there are.
    pub(crate) fn clear_values(&mut self, instance: u64) {
        self.layer.remove(Gone::Values(instance));
    }

    /// Removes the histories of some executions, which nothing is added to any more.
    pub(crate) fn forget_executions(&mut self, instance: u64, executions: RangeInclusive<u64>) {
        let (first, last) = executions.into_inner();
        self.layer.remove(Gone::Executions(instance, first, last));
    }

    /// Removes what stands under the number of an instance, which nothing is added to any more:
    /// rows of queues and indexes are to be deleted one by one.
    pub(crate) fn drop_instance(&mut self, instance: u64) {
        self.layer.remove(Gone::Instance(instance));
    }

    pub(crate) fn layer(&self) -> &Layer {
        &self.layer
    }

    pub(crate) fn into_layer(self) -> Layer {
        self.layer
    }
}

/// Makes a group durable, and visible to those who read. An error means *unknown*, and the file is
/// to be opened again: redb refuses every later write.
pub(crate) fn commit(
    disk: &Disk,
    changes: Changes,
    durability: Durability,
) -> Result<(), ::redb::Error> {
    match disk.commits() {
        Commits::Tables => disk.write_tables(&changes, durability),
        Commits::Journal => disk.write_journal(changes, durability),
    }
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
        let rows: Vec<_> = changes.layer.rows().clone().into_iter().collect();
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
        let rows: Vec<_> = changes.layer.rows().keys().cloned().collect();
        assert_eq!(rows, [value(1, "c"), value(2, "a")]);
        let gone: Vec<_> = changes.layer.ranges().iter().collect();
        assert_eq!(gone, [Gone::Values(1)]);
    }

    #[test]
    fn a_row_that_the_disk_may_have_is_deleted_there() {
        let mut changes = Changes::default();
        changes.replace(inbox(1), vec![1]);
        changes.delete(inbox(1));
        changes.delete(inbox(2));
        changes.insert(inbox(2), vec![2]);
        let rows: Vec<_> = changes.layer.rows().clone().into_iter().collect();
        assert_eq!(
            rows,
            [
                (inbox(1), Change::Delete),
                (inbox(2), Change::Replace(vec![2]))
            ]
        );
    }
}
