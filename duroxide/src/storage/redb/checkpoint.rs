//! How the tables follow the journal: in small slices, each in the transaction of some later group,
//! so that no commit ever waits for a large one.

use std::ops::Bound;
use std::sync::Arc;

use ::redb::WriteTransaction;

use crate::storage::redb::group::Load;
use crate::storage::redb::layer::Layer;
use crate::storage::redb::schema::{JOURNAL, RowKey};
use crate::storage::redb::tables::{remove_range, write_rows};

/// How the tables get what one layer says.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    layer: Arc<Layer>,
    /// The last record of the journal that is in the layer.
    last: u64,
    done: Done,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// So many ranges are out of the tables.
    Ranges(usize),
    /// All rows up to this one are in the tables.
    Rows(RowKey),
    /// Everything is in the tables; the journal begins with this record.
    Tables(u64),
    /// The records are gone from the journal too.
    All,
}

impl Checkpoint {
    pub(crate) fn new(layer: Arc<Layer>, last: u64) -> Self {
        Self {
            layer,
            last,
            done: Done::Ranges(0),
        }
    }

    /// The transaction of a slice is durable.
    pub(crate) fn advance(&mut self, done: Done) {
        self.done = done;
    }

    pub(crate) fn is_in_tables(&self) -> bool {
        matches!(self.done, Done::Tables(_) | Done::All)
    }

    /// The record with which the journal begins, if that is known.
    pub(crate) fn first_record(&self) -> Option<u64> {
        match self.done {
            Done::Ranges(_) | Done::Rows(_) => None,
            Done::Tables(first) => Some(first),
            Done::All => Some(self.last.saturating_add(1)),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done == Done::All
    }

    /// Goes on with about as much as `load`; how far it is when the transaction is durable. What
    /// `newer` layers make superfluous is left out: their turn comes, and until then the journal has
    /// them. `first` is the number of the oldest record.
    pub(crate) fn slice(
        &self,
        transaction: &WriteTransaction,
        newer: &[Arc<Layer>],
        first: u64,
        mut load: Load,
    ) -> Result<Done, ::redb::Error> {
        let mut done = self.done.clone();
        if let Done::Ranges(removed) = &mut done {
            for gone in self.layer.ranges().iter().skip(*removed) {
                if !load.take(RANGE) {
                    return Ok(done);
                }
                remove_range(transaction, gone)?;
                *removed = removed.saturating_add(1);
            }
        }
        let behind = match &done {
            Done::Ranges(_) => Bound::Unbounded,
            Done::Rows(last) => Bound::Excluded(last),
            Done::Tables(_) | Done::All => return self.trim(transaction, first, load),
        };
        let mut rows = Vec::new();
        let mut last = None;
        for (key, change) in self
            .layer
            .rows()
            .range::<RowKey, _>((behind, Bound::Unbounded))
        {
            let settled = newer.iter().any(|layer| layer.settles(key));
            let bytes = if settled { 0 } else { change.bytes() };
            if !load.take(Load { rows: 1, bytes }) {
                write_rows(transaction, rows)?;
                return Ok(last.map_or(done, Done::Rows));
            }
            if !settled {
                rows.push((key, change));
            }
            last = Some(key.clone());
        }
        write_rows(transaction, rows)?;
        self.trim(transaction, first, load)
    }

    /// Removes records whose changes are in the tables, the oldest first.
    fn trim(
        &self,
        transaction: &WriteTransaction,
        first: u64,
        load: Load,
    ) -> Result<Done, ::redb::Error> {
        let Some(most) = (load.rows as u64).checked_sub(1) else {
            return Ok(Done::Tables(first));
        };
        let last = self.last.min(first.saturating_add(most));
        transaction
            .open_table(JOURNAL)?
            .retain_in(first..=last, |_, _| false)?;
        if last == self.last {
            Ok(Done::All)
        } else {
            Ok(Done::Tables(last.saturating_add(1)))
        }
    }
}

/// What it costs to remove a range, more or less.
const RANGE: Load = Load { rows: 8, bytes: 0 };

impl Load {
    /// No bound.
    pub(crate) const ALL: Self = Self {
        rows: usize::MAX,
        bytes: usize::MAX,
    };

    /// Takes a part of what may still be done. One thing can always be done, so that whoever has
    /// anything left gets on.
    fn take(&mut self, part: Self) -> bool {
        if self.rows == 0 || self.bytes == 0 {
            return false;
        }
        self.rows = self.rows.saturating_sub(part.rows);
        self.bytes = self.bytes.saturating_sub(part.bytes);
        true
    }
}
