//! Changes that are durable in the journal and not yet in the tables, as values. Must not know:
//! tables, files, threads.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::storage::redb::ranges::{Gone, Ranges};
use crate::storage::redb::schema::RowKey;

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

impl Change {
    /// What stands in the row afterwards.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Insert(value) | Self::Replace(value) => Some(value),
            Self::Delete => None,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.value().map_or(0, <[u8]>::len)
    }

    /// What becomes of the row if `later` happens next; `None`: it was never there.
    pub(crate) fn then(&self, later: Self) -> Option<Self> {
        match (self, later) {
            (Self::Insert(_), Self::Insert(value) | Self::Replace(value)) => {
                Some(Self::Insert(value))
            }
            (Self::Insert(_), Self::Delete) => None,
            (Self::Replace(_) | Self::Delete, Self::Insert(value) | Self::Replace(value)) => {
                Some(Self::Replace(value))
            }
            (Self::Replace(_) | Self::Delete, Self::Delete) => Some(Self::Delete),
        }
    }
}

/// What some consecutive groups did together: first whole ranges went, then rows changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    ranges: Ranges,
    rows: BTreeMap<RowKey, Change>,
    bytes: usize,
}

/// What a layer says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'l> {
    /// Older layers know, or the table.
    Nothing,
    Gone,
    Is(&'l [u8]),
}

impl Layer {
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.rows.is_empty()
    }

    pub(crate) fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    pub(crate) fn rows(&self) -> &BTreeMap<RowKey, Change> {
        &self.rows
    }

    /// Bytes of all values.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds what happened next. A row that this layer brought, and that goes, was never there.
    pub(crate) fn absorb(&mut self, later: Self) {
        for gone in later.ranges.iter() {
            self.remove(gone);
        }
        for (key, change) in later.rows {
            self.change(key, change);
        }
    }

    /// One row changes.
    pub(crate) fn change(&mut self, key: RowKey, change: Change) {
        self.bytes = self.bytes.saturating_add(change.bytes());
        match self.rows.entry(key) {
            Entry::Vacant(free) => {
                free.insert(change);
            }
            Entry::Occupied(mut taken) => {
                self.bytes = self.bytes.saturating_sub(taken.get().bytes());
                if let Some(both) = taken.get().then(change) {
                    taken.insert(both);
                } else {
                    taken.remove();
                }
            }
        }
    }

    /// Whatever stands in a range goes.
    pub(crate) fn remove(&mut self, gone: Gone) {
        for key in gone.keys_in(&self.rows) {
            if let Some(change) = self.rows.remove(&key) {
                self.bytes = self.bytes.saturating_sub(change.bytes());
            }
        }
        self.ranges.add(gone);
    }

    pub(crate) fn says(&self, key: &RowKey) -> Said<'_> {
        match self.rows.get(key) {
            Some(change) => change.value().map_or(Said::Gone, Said::Is),
            None if self.ranges.covers(key) => Said::Gone,
            None => Said::Nothing,
        }
    }

    /// Whether nobody will ever ask what older layers say of the row, and the tables will get it
    /// right without them.
    pub(crate) fn settles(&self, key: &RowKey) -> bool {
        match self.rows.get(key) {
            // If it goes again in this layer, nothing of it is left.
            Some(Change::Insert(_)) => false,
            Some(Change::Replace(_) | Change::Delete) => true,
            None => self.ranges.covers(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{EventId, ExecutionId};

    fn inbox(sequence: u64) -> RowKey {
        RowKey::Inbox {
            sequence,
            instance: 1,
        }
    }

    fn history(execution: u64) -> RowKey {
        RowKey::History(1, ExecutionId(execution), EventId(1))
    }

    fn layer(
        ranges: impl IntoIterator<Item = Gone>,
        rows: impl IntoIterator<Item = (RowKey, Change)>,
    ) -> Layer {
        let mut all = Layer::default();
        ranges.into_iter().for_each(|gone| all.remove(gone));
        rows.into_iter()
            .for_each(|(key, change)| all.change(key, change));
        all
    }

    #[test]
    fn a_row_that_comes_and_goes_between_two_checkpoints_is_never_written() {
        let mut all = layer(
            [],
            [
                (inbox(1), Change::Insert(vec![1])),
                (inbox(2), Change::Insert(vec![2])),
                (inbox(3), Change::Replace(vec![3])),
            ],
        );
        all.absorb(layer(
            [],
            [
                (inbox(1), Change::Delete),
                (inbox(2), Change::Replace(vec![9, 9])),
                (inbox(3), Change::Delete),
            ],
        ));
        let rows: Vec<_> = all.rows().clone().into_iter().collect();
        assert_eq!(
            rows,
            [
                (inbox(2), Change::Insert(vec![9, 9])),
                (inbox(3), Change::Delete)
            ]
        );
        assert_eq!(all.bytes(), 2);
    }

    #[test]
    fn a_row_that_went_and_comes_back_replaces_the_one_on_disk() {
        let mut all = layer([], [(inbox(1), Change::Delete)]);
        all.absorb(layer([], [(inbox(1), Change::Insert(vec![1]))]));
        assert_eq!(all.rows()[&inbox(1)], Change::Replace(vec![1]));
        all.absorb(layer([], [(inbox(1), Change::Delete)]));
        assert_eq!(all.says(&inbox(1)), Said::Gone);
    }

    #[test]
    fn a_range_takes_what_was_before_and_leaves_what_comes_later() {
        let mut all = layer(
            [],
            [
                (history(1), Change::Insert(vec![1])),
                (history(2), Change::Insert(vec![2, 2])),
                (RowKey::Value(1, "a".to_owned()), Change::Replace(vec![1])),
            ],
        );
        let value = RowKey::Value(1, "b".to_owned());
        all.absorb(layer(
            [Gone::Executions(1, 0, 1), Gone::Values(1)],
            [(value.clone(), Change::Replace(vec![7]))],
        ));
        assert_eq!(all.says(&history(1)), Said::Gone);
        assert_eq!(all.says(&history(0)), Said::Gone);
        assert_eq!(all.says(&history(2)), Said::Is([2, 2].as_slice()));
        assert_eq!(all.says(&RowKey::Value(1, "a".to_owned())), Said::Gone);
        assert_eq!(all.says(&value), Said::Is([7].as_slice()));
        assert_eq!(all.says(&inbox(1)), Said::Nothing);
        assert_eq!(all.bytes(), 3);
    }

    #[test]
    fn only_what_stays_in_a_layer_settles_a_row() {
        let mut newer = layer(
            [Gone::Instance(1)],
            [
                (inbox(1), Change::Insert(vec![1])),
                (inbox(2), Change::Replace(vec![2])),
                (inbox(3), Change::Delete),
            ],
        );
        assert!(!newer.settles(&inbox(1)));
        assert!(newer.settles(&inbox(2)) && newer.settles(&inbox(3)));
        assert!(newer.settles(&history(4)) && !newer.settles(&inbox(4)));
        newer.absorb(layer([], [(inbox(1), Change::Delete)]));
        assert_eq!(newer.says(&inbox(1)), Said::Nothing);
    }
}
