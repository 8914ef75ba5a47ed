//! What is durable at one moment, for those who read: the tables, and over them what stands in the
//! journal and is not yet in the tables.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::mem;
use std::ops::{Bound, RangeInclusive};
use std::sync::Arc;

use ::redb::{
    AccessGuard, Key, ReadOnlyTable, ReadTransaction, ReadableTableMetadata as _, TableDefinition,
};

use crate::history::{EventId, ExecutionId};
use crate::storage::redb::layer::{Layer, Said};
use crate::storage::redb::schema::{
    ACTIVITIES, ATTEMPTS, CHILDREN, CUSTOM_STATUS, HISTORY, IDS, INBOX, INSTANCES, QUIET_TURNS,
    Queue, RowKey, TIMERS, VALUES, activity_columns, activity_key, timer_columns, timer_key,
};

/// All rows as they were when the view was taken. Pins pages of the file: to be let go of soon.
pub(crate) struct View {
    transaction: ReadTransaction,
    /// The oldest first.
    layers: Vec<Arc<Layer>>,
}

/// The bytes of a row.
pub(crate) enum Record<'v> {
    Table(AccessGuard<'static, &'static [u8]>),
    Layer(&'v [u8]),
}

impl Record<'_> {
    pub(crate) fn value(&self) -> &[u8] {
        match self {
            Self::Table(guard) => guard.value(),
            Self::Layer(value) => value,
        }
    }
}

impl View {
    pub(crate) fn new(transaction: ReadTransaction, layers: Vec<Arc<Layer>>) -> Self {
        Self {
            transaction,
            layers,
        }
    }

    /// One row.
    pub(crate) fn get(&self, key: &RowKey) -> Result<Option<Record<'_>>, ::redb::Error> {
        for layer in self.layers.iter().rev() {
            match layer.says(key) {
                Said::Nothing => {}
                Said::Gone => return Ok(None),
                Said::Is(value) => return Ok(Some(Record::Layer(value))),
            }
        }
        Ok(self.in_table(key)?.map(Record::Table))
    }

    fn in_table(
        &self,
        key: &RowKey,
    ) -> Result<Option<AccessGuard<'static, &'static [u8]>>, ::redb::Error> {
        let row = match key {
            RowKey::Id(id) => self.open(IDS)?.get(id.as_str()),
            RowKey::Instance(instance) => self.open(INSTANCES)?.get(instance),
            RowKey::History(instance, execution, first) => {
                let columns = (*instance, execution.0, first.0);
                self.open(HISTORY)?.get(columns)
            }
            RowKey::Inbox { sequence, instance } => self.open(INBOX)?.get((*sequence, *instance)),
            RowKey::Activity(key) => self.open(ACTIVITIES)?.get(activity_columns(key)),
            RowKey::Timer(key) => self.open(TIMERS)?.get(timer_columns(key)),
            RowKey::Attempts(queue, sequence) => {
                self.open(ATTEMPTS)?.get((queue.code(), *sequence))
            }
            RowKey::QuietTurn(instance) => self.open(QUIET_TURNS)?.get(instance),
            RowKey::CustomStatus(instance) => self.open(CUSTOM_STATUS)?.get(instance),
            RowKey::Value(instance, key) => self.open(VALUES)?.get((*instance, key.as_str())),
            RowKey::Child(parent, child) => {
                self.open(CHILDREN)?.get((parent.as_str(), child.as_str()))
            }
        };
        Ok(row?)
    }

    fn open<K: Key + 'static>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
    ) -> Result<ReadOnlyTable<K, &'static [u8]>, ::redb::Error> {
        Ok(self.transaction.open_table(table)?)
    }

    /// The rows of one table from `from` on, up to and with `until`, or to the end of the table.
    pub(crate) fn rows(
        &self,
        from: &RowKey,
        until: Option<RowKey>,
    ) -> Result<Rows<'_>, ::redb::Error> {
        let above = self.above(from, until.as_ref());
        let table = self.table_rows(from)?;
        Ok(Rows {
            view: self,
            table: table.peekable(),
            above,
            until,
        })
    }

    /// The instance with the highest number.
    pub(crate) fn last_instance(&self) -> Result<Option<u64>, ::redb::Error> {
        let from = RowKey::Instance(0);
        let table = self.scan(INSTANCES, 0, None, RowKey::Instance)?;
        let last = self.last_of(table, &self.above(&from, None))?;
        let Some((RowKey::Instance(instance), _)) = last else {
            return Ok(None);
        };
        Ok(Some(instance))
    }

    /// The last turn among these; keys are (instance, execution, first event).
    pub(crate) fn last_turn(
        &self,
        turns: RangeInclusive<(u64, u64, u64)>,
    ) -> Result<Option<(TurnKey, Record<'_>)>, ::redb::Error> {
        let (from, until) = turns.into_inner();
        let above = self.above(&turn_key(from), Some(&turn_key(until)));
        let table = self.scan(HISTORY, from, Some(until), turn_key)?;
        let last = self.last_of(table, &above)?;
        let Some((RowKey::History(instance, execution, first), record)) = last else {
            return Ok(None);
        };
        Ok(Some(((instance, execution.0, first.0), record)))
    }

    fn last_of<'v>(
        &'v self,
        mut table: TableRows,
        above: &Above<'v>,
    ) -> Result<Option<(RowKey, Record<'v>)>, ::redb::Error> {
        let mut present = above.iter().rev();
        let newest = present.find_map(|(&key, &value)| Some((key, value?)));
        while let Some(row) = table.next_back() {
            let (key, value) = row?;
            if newest.is_some_and(|(other, _)| *other > key) {
                break;
            }
            if !self.is_hidden(&key, above) {
                return Ok(Some((key, Record::Table(value))));
            }
        }
        Ok(newest.map(|(key, value)| (key.clone(), Record::Layer(value))))
    }

    /// How many rows there are in a table, whose first possible key this is. Not for tables of
    /// which ranges go.
    pub(crate) fn count<K: Key + 'static>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
        first: &RowKey,
    ) -> Result<u64, ::redb::Error> {
        let mut count = self.open(table)?.len()?;
        for (key, value) in self.above(first, None) {
            match (self.in_table(key)?.is_some(), value.is_some()) {
                (false, true) => count = count.saturating_add(1),
                (true, false) => count = count.saturating_sub(1),
                (true, true) | (false, false) => {}
            }
        }
        Ok(count)
    }

    /// What the layers say of these rows.
    fn above<'v>(&'v self, from: &RowKey, until: Option<&RowKey>) -> Above<'v> {
        let mut above = Above::new();
        let mut all = self.layers.iter();
        if let Some(oldest) = all.next() {
            add_rows(&mut above, oldest, from, until);
        }
        for layer in all {
            if !layer.ranges().is_empty() {
                above.retain(|key, _| !layer.ranges().covers(key));
            }
            add_rows(&mut above, layer, from, until);
        }
        above
    }

    /// Whether a row of a table is out of date.
    fn is_hidden(&self, key: &RowKey, above: &Above<'_>) -> bool {
        above.contains_key(key) || self.is_covered(key)
    }

    /// Whether a range that went has the row.
    fn is_covered(&self, key: &RowKey) -> bool {
        self.layers.iter().any(|layer| layer.ranges().covers(key))
    }

    fn table_rows(&self, from: &RowKey) -> Result<TableRows, ::redb::Error> {
        match from {
            RowKey::Id(id) => {
                let row = |id: &str| RowKey::Id(id.to_owned());
                self.scan(IDS, id.as_str(), None, row)
            }
            RowKey::Instance(instance) => self.scan(INSTANCES, *instance, None, RowKey::Instance),
            RowKey::History(instance, execution, first) => {
                let from = (*instance, execution.0, first.0);
                self.scan(HISTORY, from, None, turn_key)
            }
            RowKey::Inbox { sequence, instance } => {
                let row = |(sequence, instance)| RowKey::Inbox { sequence, instance };
                self.scan(INBOX, (*sequence, *instance), None, row)
            }
            RowKey::Activity(key) => {
                let row = |columns| RowKey::Activity(activity_key(columns));
                self.scan(ACTIVITIES, activity_columns(key), None, row)
            }
            RowKey::Timer(key) => {
                let row = |columns| RowKey::Timer(timer_key(columns));
                self.scan(TIMERS, timer_columns(key), None, row)
            }
            RowKey::Attempts(queue, sequence) => {
                // No third queue was ever written.
                let row = |(code, sequence)| {
                    RowKey::Attempts(
                        Queue::from_code(code).unwrap_or(Queue::Activities),
                        sequence,
                    )
                };
                self.scan(ATTEMPTS, (queue.code(), *sequence), None, row)
            }
            RowKey::QuietTurn(instance) => {
                self.scan(QUIET_TURNS, *instance, None, RowKey::QuietTurn)
            }
            RowKey::CustomStatus(instance) => {
                self.scan(CUSTOM_STATUS, *instance, None, RowKey::CustomStatus)
            }
            RowKey::Value(instance, key) => {
                let row = |(instance, key): (u64, &str)| RowKey::Value(instance, key.to_owned());
                self.scan(VALUES, (*instance, key.as_str()), None, row)
            }
            RowKey::Child(parent, child) => {
                let row = |(parent, child): (&str, &str)| {
                    RowKey::Child(parent.to_owned(), child.to_owned())
                };
                self.scan(CHILDREN, (parent.as_str(), child.as_str()), None, row)
            }
        }
    }

    /// The rows of a table between two keys, both included, under their names.
    fn scan<'k, K: Key + 'static, C: Borrow<K::SelfType<'k>>>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
        from: C,
        until: Option<C>,
        name: impl for<'r> Fn(K::SelfType<'r>) -> RowKey + 'static,
    ) -> Result<TableRows, ::redb::Error> {
        let until = until.map_or(Bound::Unbounded, Bound::Included);
        let rows = self.open(table)?.range((Bound::Included(from), until))?;
        Ok(Box::new(rows.map(move |row| {
            let (key, value) = row?;
            Ok((name(key.value()), value))
        })))
    }
}

/// (instance, execution, first event).
pub(crate) type TurnKey = (u64, u64, u64);

fn turn_key((instance, execution, first): TurnKey) -> RowKey {
    RowKey::History(instance, ExecutionId(execution), EventId(first))
}

type Guard = AccessGuard<'static, &'static [u8]>;
type TableRows = Box<dyn DoubleEndedIterator<Item = Result<(RowKey, Guard), ::redb::Error>>>;
/// What the layers say; `None`: the row is gone.
type Above<'v> = BTreeMap<&'v RowKey, Option<&'v [u8]>>;

fn add_rows<'v>(above: &mut Above<'v>, layer: &'v Layer, from: &RowKey, until: Option<&RowKey>) {
    let kind = mem::discriminant(from);
    let rows = layer.rows().range(from..);
    let rows = rows.take_while(|(key, _)| {
        mem::discriminant(*key) == kind && until.is_none_or(|until| *key <= until)
    });
    above.extend(rows.map(|(key, change)| (key, change.value())));
}

/// Rows of one table, ascending.
pub(crate) struct Rows<'v> {
    view: &'v View,
    table: Peekable<TableRows>,
    above: Above<'v>,
    until: Option<RowKey>,
}

impl<'v> Iterator for Rows<'v> {
    type Item = Result<(RowKey, Record<'v>), ::redb::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let above = self.above.first_key_value().map(|(key, _)| *key);
            let table = match self.table.peek() {
                Some(Ok((key, _))) => Some(key),
                Some(Err(_)) => return self.next_of_table(),
                None => None,
            };
            let table = table.filter(|key| self.until.as_ref().is_none_or(|until| *key <= until));
            match (table, above) {
                (None, None) => return None,
                (Some(key), above) if above.is_none_or(|above| key < above) => {
                    let hidden = self.view.is_covered(key);
                    let row = self.next_of_table();
                    if !hidden {
                        return row;
                    }
                }
                (table, Some(above)) => {
                    if table == Some(above) {
                        self.table.next();
                    }
                    if let Some((key, Some(value))) = self.above.pop_first() {
                        return Some(Ok((key.clone(), Record::Layer(value))));
                    }
                }
                (Some(_), None) => return self.next_of_table(),
            }
        }
    }
}

impl Rows<'_> {
    fn next_of_table(&mut self) -> Option<<Self as Iterator>::Item> {
        let row = self.table.next()?;
        Some(row.map(|(key, value)| (key, Record::Table(value))))
    }
}
