//! Bytes that nobody wrote: decoders say what is wrong with them, and never panic; keys keep their
//! order.

use std::cmp::Ordering;
use std::fmt::Debug;

use ::redb::Key;
use proptest::prelude::*;

use crate::history::{Event, EventId, ExecutionId, KvEntry, Message};
use crate::storage::redb::bodies::{self, ActivityKey, TimerKey};
use crate::storage::redb::record::{self, Kind, RecordError};
use crate::time::Timestamp;

/// Cases of one property: some in each run, many for `DUROXIDE_LONG=1`.
fn cases(short: u32) -> ProptestConfig {
    let long = std::env::var("DUROXIDE_LONG").is_ok_and(|value| value == "1");
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(if long { 1_000_000 } else { short })
    }
}

pub(super) const ACTIVITY: ActivityKey = ActivityKey {
    sequence: 1,
    instance: 2,
    execution_id: ExecutionId(3),
    source: EventId(4),
};
pub(super) const TIMER: TimerKey = TimerKey {
    fire_at: Timestamp::from_millis(9),
    instance: 2,
    execution_id: ExecutionId(3),
    source: EventId(4),
};

/// What each decoder makes of these bytes; the texts are there to be computed.
fn decoded(record: &[u8]) -> [Result<String, RecordError>; 10] {
    fn shown<T: Debug>(result: Result<T, RecordError>) -> Result<String, RecordError> {
        result.map(|value| format!("{value:?}"))
    }
    [
        shown(
            bodies::decode_turn(EventId::FIRST, record)
                .map_err(|(_, error)| error)
                .map(|turn| turn.events),
        ),
        shown(bodies::decode_message(record).map(|_| ())),
        shown(bodies::decode_instance(record).map(|_| ())),
        shown(bodies::decode_activity(&ACTIVITY, record).map(|_| ())),
        shown(bodies::decode_timer(&TIMER, record)),
        shown(bodies::decode_attempts(record)),
        shown(bodies::decode_quiet_turn(record)),
        shown(bodies::decode_incarnation(record)),
        shown(bodies::decode_custom_status(2, record).map(|_| ())),
        shown(bodies::decode_value(2, "k", record).map(|_| ())),
    ]
}

const KINDS: [Kind; 10] = [
    Kind::INCARNATION_V1,
    Kind::INSTANCE_V1,
    Kind::TURN_V1,
    Kind::MESSAGE_V1,
    Kind::ACTIVITY_V1,
    Kind::TIMER_V1,
    Kind::ATTEMPTS_V1,
    Kind::QUIET_TURN_V1,
    Kind::CUSTOM_STATUS_V1,
    Kind::VALUE_V1,
];

/// An envelope whose checksum is right, around any bytes.
fn sealed(kind: Kind, body: &[u8]) -> Vec<u8> {
    let write = |to: &mut Vec<u8>| {
        to.extend_from_slice(body);
        Ok::<(), RecordError>(())
    };
    record::seal(kind, write).unwrap()
}

/// A turn and a message as they are stored.
fn written() -> [(Kind, Vec<u8>); 2] {
    let kinds = [
        super::scheduled("some input"),
        crate::history::EventKind::KeyValueSet {
            key: "k".to_owned(),
            value: "v".repeat(40),
        },
    ];
    let events: Vec<Event> = (1..).map(EventId).zip(kinds).map(event).collect();
    let mut start = super::start_of("in");
    start.kv = vec![KvEntry {
        key: "k".to_owned(),
        value: "v".to_owned(),
        updated_at: Timestamp::from_millis(3),
    }];
    start.carried = vec![("queue".to_owned(), "data".to_owned())];
    let message = bodies::encode_message(2, &Message::Start(start), None);
    [
        (Kind::TURN_V1, bodies::encode_turn(7, &events).unwrap()),
        (Kind::MESSAGE_V1, message.unwrap()),
    ]
}

fn event((id, kind): (EventId, crate::history::EventKind)) -> Event {
    Event::new(id, None, Timestamp::from_millis(5), kind)
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_bytes_are_an_error_or_a_value(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for result in decoded(&bytes) {
            prop_assert!(result.is_err(), "a checksum by chance: {bytes:?}");
        }
    }

    #[test]
    fn any_body_under_a_good_checksum_is_an_error_or_a_value(
        kind in prop::sample::select(KINDS.to_vec()),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        // One decoder at the most takes this kind.
        let taken = decoded(&sealed(kind, &body)).iter().filter(|result| result.is_ok()).count();
        prop_assert!(taken <= 1);
    }

    /// A body that was written, changed in some places, with a checksum that fits: what a bug or an
    /// attacker leaves. Lengths that are lies must not make anybody ask for that much memory.
    #[test]
    fn a_changed_body_under_a_good_checksum_is_an_error_or_a_value(
        which in 0_usize..2,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let (kind, record) = written()[which].clone();
        let mut body = record[record::HEADER_BYTES..].to_vec();
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        if cuts {
            body.truncate(cut.index(body.len()));
        }
        drop(decoded(&sealed(kind, &body)));
    }

    /// Rows of one instance stand together, in the order of what their keys say; that is what every
    /// range of the store relies on.
    #[test]
    fn keys_keep_their_order(
        a in any::<(u64, u64, u64)>(), b in any::<(u64, u64, u64)>(),
        c in any::<(u64, u64, u64, u64)>(), d in any::<(u64, u64, u64, u64)>(),
        texts in any::<[String; 4]>(), numbers in any::<[u64; 2]>(),
    ) {
        prop_assert_eq!(compared::<(u64, u64, u64)>(&a, &b), a.cmp(&b));
        prop_assert_eq!(compared::<(u64, u64, u64, u64)>(&c, &d), c.cmp(&d));
        let [p, q, r, s] = &texts;
        let (x, y) = ((p.as_str(), q.as_str()), (r.as_str(), s.as_str()));
        prop_assert_eq!(compared::<(&str, &str)>(&x, &y), x.cmp(&y));
        // Where one text ends and the next begins is part of the key.
        let joined = format!("{p}{q}");
        let split = (joined.as_str(), "");
        prop_assert_eq!(compared::<(&str, &str)>(&x, &split), x.cmp(&split));
        let (x, y) = ((numbers[0], p.as_str()), (numbers[1], q.as_str()));
        prop_assert_eq!(compared::<(u64, &str)>(&x, &y), x.cmp(&y));
    }
}

/// As redb compares the stored forms.
fn compared<'a, K: Key + 'static>(a: &'a K::SelfType<'a>, b: &'a K::SelfType<'a>) -> Ordering {
    K::compare(K::as_bytes(a).as_ref(), K::as_bytes(b).as_ref())
}

/// A length that claims more than there is asks for nothing: the limit comes first.
#[test]
fn a_length_that_lies_is_refused_before_memory_is_asked_for() {
    let mut body = vec![0xFD];
    body.extend([0xFF; 8]);
    for kind in KINDS {
        for front in 0..6 {
            let lie: Vec<u8> = std::iter::repeat_n(1, front).chain(body.clone()).collect();
            drop(decoded(&sealed(kind, &lie)));
        }
    }
}
