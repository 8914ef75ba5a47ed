//! The journal as it is found at open.

use ::redb::{ReadTransaction, TableError};

use crate::storage::redb::bodies;
use crate::storage::redb::layer::Layer;
use crate::storage::redb::open::{OpenError, damaged, from_redb};
use crate::storage::redb::schema::JOURNAL;

/// What the tables lack, read from the journal.
pub(crate) fn tail(transaction: &ReadTransaction) -> Result<Layer, OpenError> {
    let mut tail = Layer::default();
    let journal = match transaction.open_table(JOURNAL) {
        Ok(journal) => journal,
        // An older version had none.
        Err(TableError::TableDoesNotExist(_)) => return Ok(tail),
        Err(error) => return Err(from_redb(error)),
    };
    let mut next = None;
    for row in journal.range(0..).map_err(from_redb)? {
        let (number, record) = row.map_err(from_redb)?;
        let number = number.value();
        if next.is_some_and(|next| next != number) {
            return Err(damaged(format!(
                "the journal lacks the record before {number}"
            )));
        }
        next = number.checked_add(1);
        let layer = bodies::decode_journal(number, record.value())
            .map_err(|error| damaged(format!("record {number} of the journal: {error}")))?;
        tail.absorb(layer);
    }
    Ok(tail)
}
