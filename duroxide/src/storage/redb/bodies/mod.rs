//! What stands inside the envelopes: one frozen struct for each kind of record. This is the only
//! module that names the codec.
//!
//! The structs are versioned by hand: an added field is a new struct with a new kind. Closed sets
//! are `u8` codes through an explicit `match`; a derived enum would be positional, and a reorder
//! would corrupt silently. Nothing here is recursive.

mod event;
mod failure;
mod journal;
mod message;
mod rows;

use bincode::config::{self, Config};
use bincode::{BorrowDecode, Encode};

use crate::storage::redb::record::{self, Kind, RecordError};

pub(crate) use event::{StoredTurn, decode_turn, decode_turn_head, encode_turn};
pub(crate) use journal::{decode_journal, encode_journal};
pub(crate) use message::{StoredMessage, decode_message, encode_message};
pub(crate) use rows::{
    ActivityKey, CustomStatus, InstanceRow, Routing, TimerKey, decode_activity, decode_attempts,
    decode_custom_status, decode_incarnation, decode_instance, decode_quiet_turn, decode_timer,
    decode_value, encode_activity, encode_attempts, encode_custom_status, encode_incarnation,
    encode_instance, encode_quiet_turn, encode_timer, encode_value,
};

/// A length prefix may claim what it likes: more memory than this is never asked for.
const DECODE_LIMIT: usize = 32 << 20;

fn codec() -> impl Config {
    config::standard().with_limit::<DECODE_LIMIT>()
}

fn put(to: &mut Vec<u8>, value: impl Encode) -> Result<(), RecordError> {
    bincode::encode_into_std_write(value, to, codec())
        .map(|_bytes| ())
        .map_err(|error| RecordError::corrupt(format!("cannot be encoded: {error}")))
}

/// Takes one value off the front of `from`.
fn take<'a, T: BorrowDecode<'a, ()>>(from: &mut &'a [u8]) -> Result<T, RecordError> {
    let (value, used) = bincode::borrow_decode_from_slice(from, codec())
        .map_err(|error| RecordError::corrupt(format!("cannot be decoded: {error}")))?;
    *from = from.get(used..).unwrap_or_default();
    Ok(value)
}

/// The codec ignores trailing bytes; a record has none.
fn nothing_left(rest: &[u8]) -> Result<(), RecordError> {
    if rest.is_empty() {
        Ok(())
    } else {
        let more = rest.len();
        Err(RecordError::corrupt(format!("{more} bytes too many")))
    }
}

fn seal(kind: Kind, value: impl Encode) -> Result<Vec<u8>, RecordError> {
    record::seal(kind, |to| put(to, value))
}

fn unseal<'a, T: BorrowDecode<'a, ()>>(kind: Kind, record: &'a [u8]) -> Result<T, RecordError> {
    let mut body = record::unseal(kind, record)?;
    let value = take(&mut body)?;
    nothing_left(body)?;
    Ok(value)
}

fn unknown_code(what: &str, code: impl Into<u64>) -> RecordError {
    RecordError::corrupt(format!("{what} code {} is unknown", code.into()))
}
