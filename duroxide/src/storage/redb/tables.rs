//! How changes get into the tables, inside of a transaction that somebody else commits.

use ::redb::{Table, TableDefinition, TableError, WriteTransaction};

use crate::storage::redb::layer::{Change, Layer};
use crate::storage::redb::ranges::Gone;
use crate::storage::redb::schema::{
    ACTIVITIES, ATTEMPTS, CHILDREN, CUSTOM_STATUS, HISTORY, IDS, INBOX, INSTANCES, QUIET_TURNS,
    RowKey, TIMERS, VALUES, activity_columns, timer_columns,
};

/// Writes all that a layer has.
pub(crate) fn write_layer(
    transaction: &WriteTransaction,
    layer: &Layer,
) -> Result<(), ::redb::Error> {
    for gone in layer.ranges().iter() {
        remove_range(transaction, gone)?;
    }
    write_rows(transaction, layer.rows())
}

/// Writes rows; cheapest in the order of their keys.
pub(crate) fn write_rows<'r>(
    transaction: &WriteTransaction,
    rows: impl IntoIterator<Item = (&'r RowKey, &'r Change)>,
) -> Result<(), ::redb::Error> {
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
    for (key, change) in rows {
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

/// Removes whatever stands in a range.
pub(crate) fn remove_range(
    transaction: &WriteTransaction,
    gone: Gone,
) -> Result<(), ::redb::Error> {
    match gone {
        Gone::Values(instance) => clear_values(transaction, instance),
        Gone::Executions(instance, first, last) => {
            forget_executions(transaction, instance, first, last)
        }
        Gone::Instance(instance) => {
            forget_executions(transaction, instance, 0, u64::MAX)?;
            clear_values(transaction, instance)?;
            for table in [INSTANCES, QUIET_TURNS, CUSTOM_STATUS] {
                transaction.open_table(table)?.remove(instance)?;
            }
            Ok(())
        }
    }
}

fn clear_values(transaction: &WriteTransaction, instance: u64) -> Result<(), ::redb::Error> {
    let mut values = transaction.open_table(VALUES)?;
    let own = (instance, "")..(instance.saturating_add(1), "");
    values.retain_in(own, |_, _| false)?;
    Ok(())
}

fn forget_executions(
    transaction: &WriteTransaction,
    instance: u64,
    first: u64,
    last: u64,
) -> Result<(), ::redb::Error> {
    let mut history = transaction.open_table(HISTORY)?;
    let all = (instance, first, 0)..=(instance, last, u64::MAX);
    history.retain_in(all, |_, _| false)?;
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
