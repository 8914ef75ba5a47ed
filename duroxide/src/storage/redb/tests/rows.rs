//! A row says what its key says, in each part: one that was mixed up is not taken for another.

use crate::history::{EventId, ExecutionId};
use crate::storage::redb::bodies::{self, ActivityKey, Routing, TimerKey};
use crate::storage::redb::record::{Kind, MAX_BODY_BYTES, RecordError, seal, unseal};
use crate::time::Timestamp;

use super::decoding::{ACTIVITY, TIMER};

#[test]
fn the_row_of_an_activity_belongs_to_one_key() {
    let row = bodies::encode_activity(&ACTIVITY, &Routing::default()).unwrap();
    assert!(bodies::decode_activity(&ACTIVITY, &row).is_ok());
    let (sequence, instance) = (9, 9);
    let (execution_id, source) = (ExecutionId(9), EventId(9));
    let others = [
        ActivityKey {
            sequence,
            ..ACTIVITY
        },
        ActivityKey {
            instance,
            ..ACTIVITY
        },
        ActivityKey {
            execution_id,
            ..ACTIVITY
        },
        ActivityKey { source, ..ACTIVITY },
    ];
    for other in others {
        assert!(bodies::decode_activity(&other, &row).is_err(), "{other:?}");
    }
}

#[test]
fn the_row_of_a_timer_belongs_to_one_key() {
    let row = bodies::encode_timer(&TIMER, 7).unwrap();
    assert_eq!(bodies::decode_timer(&TIMER, &row).unwrap(), 7);
    let (fire_at, instance) = (Timestamp::from_millis(10), 9);
    let (execution_id, source) = (ExecutionId(9), EventId(9));
    let others = [
        TimerKey { fire_at, ..TIMER },
        TimerKey { instance, ..TIMER },
        TimerKey {
            execution_id,
            ..TIMER
        },
        TimerKey { source, ..TIMER },
    ];
    for other in others {
        assert!(bodies::decode_timer(&other, &row).is_err(), "{other:?}");
    }
}

/// The largest body that is written is read; one byte more is refused, under a good checksum too.
#[test]
fn a_body_may_be_as_long_as_is_allowed() {
    let sealed = |bytes: usize| {
        seal(Kind::TURN_V1, |to| {
            to.resize(to.len() + bytes, 7);
            Ok::<(), RecordError>(())
        })
        .unwrap()
    };
    let whole = sealed(MAX_BODY_BYTES);
    assert_eq!(unseal(Kind::TURN_V1, &whole).unwrap().len(), MAX_BODY_BYTES);
    let long = sealed(MAX_BODY_BYTES + 1);
    let refused = unseal(Kind::TURN_V1, &long).unwrap_err().to_string();
    assert!(refused.contains("16777217 bytes"), "{refused}");
}
