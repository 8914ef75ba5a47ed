//! The bytes of every kind of record, as they stand in files: a change here breaks stores.

use crate::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, KvEntry, Message, Parent,
    Start,
};
use crate::provider::{InstanceState, InstanceStatus};
use crate::storage::redb::bodies::{
    self, ActivityKey, CustomStatus, InstanceRow, Routing, StoredMessage, TimerKey,
    decode_activity, decode_custom_status, decode_instance, decode_message, decode_turn,
    decode_value,
};
use crate::storage::redb::record::{self, Kind, RecordError};
use crate::time::Timestamp;

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn details() -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::ActivityFailed, "no")
}

fn parent() -> Parent {
    Parent {
        instance: "p".parse().unwrap(),
        execution_id: ExecutionId(7),
        source: EventId(8),
    }
}

fn value() -> KvEntry {
    KvEntry {
        key: "k".to_owned(),
        value: "v".to_owned(),
        updated_at: Timestamp::from_millis(5),
    }
}

fn shown() -> CustomStatus {
    CustomStatus {
        status: Some("s".to_owned()),
        version: 2,
        updated_at: Timestamp::from_millis(5),
    }
}

fn routing() -> Routing {
    Routing {
        session: Some("s".to_owned()),
        tag: Some("t".to_owned()),
    }
}

fn activity() -> ActivityKey {
    ActivityKey {
        sequence: 1,
        instance: 2,
        execution_id: ExecutionId(3),
        source: EventId(4),
    }
}

fn row() -> InstanceRow {
    InstanceRow {
        status: InstanceStatus {
            instance: "i".parse().unwrap(),
            orchestration: "O".to_owned(),
            version: Some("1".to_owned()),
            execution_id: ExecutionId(2),
            state: InstanceState::Failed { details: details() },
            pending: false,
            parent: Some("p".parse().unwrap()),
            custom_status: None,
            custom_status_version: 0,
            created_at: Timestamp::from_millis(300),
            updated_at: Timestamp::from_millis(301),
            change: 3,
        },
        parent: Some(parent()),
        semantics: Some(1),
        digest: 4,
    }
}

fn events() -> Vec<Event> {
    let text = || "t".to_owned();
    let at = Timestamp::from_millis(9);
    let kinds = [
        EventKind::OrchestrationStarted {
            name: text(),
            version: text(),
            input: text(),
            seed: 5,
            semantics: 1,
            parent: Some(parent()),
            custom_status: Some(text()),
            kv: vec![value()],
            carried: vec![("q".to_owned(), text())],
        },
        EventKind::OrchestrationCompleted { output: text() },
        EventKind::OrchestrationFailed { details: details() },
        EventKind::OrchestrationContinuedAsNew {
            input: text(),
            version: None,
        },
        EventKind::ActivityScheduled {
            name: text(),
            input: text(),
            attempt: 2,
            first_attempt: Some(EventId(3)),
            session_id: Some("s".to_owned()),
            tag: Some("g".to_owned()),
        },
        EventKind::ActivityCompleted { result: text() },
        EventKind::ActivityFailed { details: details() },
        EventKind::ActivityCancelRequested { reason: text() },
        EventKind::TimerCreated { fire_at: at },
        EventKind::TimerFired { fire_at: at },
        EventKind::TimerCancelled {
            fire_at: Timestamp::from_millis(9),
            reason: text(),
        },
        EventKind::ExternalSubscribed { name: text() },
        EventKind::ExternalEvent {
            name: text(),
            data: text(),
        },
        EventKind::ExternalSubscribedCancelled { reason: text() },
        EventKind::QueueSubscribed { name: text() },
        EventKind::QueueEventDelivered {
            name: text(),
            data: text(),
        },
        EventKind::QueueSubscriptionCancelled { reason: text() },
    ];
    let numbered = kinds.into_iter().chain(young_kinds()).zip(1..);
    numbered
        .map(|(kind, id)| Event::new(EventId(id), (id > 1).then_some(EventId(1)), at, kind))
        .collect()
}

fn young_kinds() -> [EventKind; 11] {
    let text = || "t".to_owned();
    [
        EventKind::OrchestrationCancelRequested {
            reason: text(),
            terminate: true,
        },
        EventKind::SubOrchestrationScheduled {
            name: text(),
            version: Some(text()),
            instance: text(),
            input: text(),
        },
        EventKind::SubOrchestrationCompleted { result: text() },
        EventKind::SubOrchestrationFailed { details: details() },
        EventKind::SubOrchestrationCancelRequested {
            instance: text(),
            reason: text(),
        },
        EventKind::OrchestrationChained {
            name: text(),
            version: None,
            instance: text(),
            input: text(),
        },
        EventKind::CustomStatusUpdated {
            status: Some(text()),
        },
        EventKind::KeyValueSet {
            key: text(),
            value: text(),
        },
        EventKind::KeyValueCleared { key: text() },
        EventKind::KeyValuesCleared,
        EventKind::PatchApplied { id: text() },
    ]
}

fn messages() -> [Message; 11] {
    let execution_id = ExecutionId(1);
    let source = EventId(2);
    [
        Message::Start(super::start_of("in")),
        Message::ActivityCompleted {
            execution_id,
            source,
            result: "r".to_owned(),
        },
        Message::ActivityFailed {
            execution_id,
            source,
            details: details(),
        },
        Message::TimerFired {
            execution_id,
            source,
            fire_at: Timestamp::from_millis(7),
        },
        Message::ExternalEvent {
            name: "n".to_owned(),
            data: "d".to_owned(),
        },
        Message::QueueEvent {
            queue: "q".to_owned(),
            data: "d".to_owned(),
        },
        Message::Start(Start {
            carried: vec![("q".to_owned(), "d".to_owned())],
            parent: Some(parent()),
            custom_status: Some("c".to_owned()),
            kv: vec![value()],
            ..super::start_of("in")
        }),
        Message::SubOrchestrationCompleted {
            execution_id,
            source,
            result: "r".to_owned(),
        },
        Message::SubOrchestrationFailed {
            execution_id,
            source,
            details: details(),
        },
        Message::CancelRequested {
            reason: "c".to_owned(),
            terminate: true,
        },
        Message::CancelChild {
            parent: parent(),
            reason: "c".to_owned(),
        },
    ]
}

#[test]
fn what_is_written_is_read() {
    let turn = decode_turn(EventId(1), &bodies::encode_turn(8, &events()).unwrap()).unwrap();
    assert_eq!((turn.turn_id, turn.events), (8, events()));
    for message in messages() {
        let sent_as = message.is_event().then_some(9);
        let record = bodies::encode_message(6, &message, sent_as).unwrap();
        let stored = StoredMessage {
            instance: 6,
            message,
            sent_as,
        };
        assert_eq!(decode_message(&record), Ok(stored));
    }
    assert_eq!(
        decode_instance(&bodies::encode_instance(&row()).unwrap()),
        Ok(row())
    );
    let record = bodies::encode_custom_status(6, &shown()).unwrap();
    assert_eq!(decode_custom_status(6, &record), Ok(shown()));
    assert!(decode_custom_status(7, &record).is_err());
    let record = bodies::encode_value(6, &value()).unwrap();
    assert_eq!(decode_value(6, "k", &record), Ok(value()));
    assert!(decode_value(6, "other", &record).is_err());
    let record = bodies::encode_activity(&activity(), &routing()).unwrap();
    assert_eq!(decode_activity(&activity(), &record), Ok(routing()));
}

#[test]
fn the_bytes_are_the_documented_ones() {
    let timer = TimerKey {
        fire_at: Timestamp::from_millis(1_000),
        instance: 2,
        execution_id: ExecutionId(3),
        source: EventId(4),
    };
    let messages = messages().map(|message| {
        let sent_as = message.is_event().then_some(300);
        bodies::encode_message(6, &message, sent_as).unwrap()
    });
    let rows = [
        bodies::encode_incarnation(2).unwrap(),
        bodies::encode_instance(&row()).unwrap(),
        bodies::encode_turn(8, &events()).unwrap(),
        bodies::encode_activity(&activity(), &routing()).unwrap(),
        bodies::encode_custom_status(6, &shown()).unwrap(),
        bodies::encode_value(6, &value()).unwrap(),
        bodies::encode_timer(&timer, 1).unwrap(),
        bodies::encode_attempts(3).unwrap(),
        bodies::encode_quiet_turn(300).unwrap(),
    ];
    assert_eq!(rows.map(|record| hex(&record)), GOLDEN);
    assert_eq!(messages.map(|record| hex(&record)), GOLDEN_MESSAGES);
}

#[test]
fn the_codes_of_failures_are_the_documented_ones() {
    let reason = "t".to_owned();
    let kinds = [
        AppErrorKind::ActivityFailed,
        AppErrorKind::OrchestrationFailed,
        AppErrorKind::Panicked,
        AppErrorKind::Cancelled { reason },
        AppErrorKind::Rejected,
    ];
    let records = kinds.map(|kind| {
        let message = Message::ActivityFailed {
            execution_id: ExecutionId(1),
            source: EventId(2),
            details: ErrorDetails::application(kind, "no"),
        };
        let record = bodies::encode_message(6, &message, None).unwrap();
        assert_eq!(
            decode_message(&record).map(|stored| stored.message),
            Ok(message)
        );
        hex(&record)
    });
    assert_eq!(records, GOLDEN_FAILURES);
}

#[test]
fn a_length_that_nothing_backs_is_refused_without_asking_for_memory() {
    // An instance id of 2^62 bytes.
    let bomb = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0x40];
    let record = record::seal(Kind::INSTANCE_V1, |to| {
        to.extend_from_slice(&bomb);
        Ok::<(), RecordError>(())
    });
    assert!(decode_instance(&record.unwrap()).is_err());
    // A turn of 2^32 - 1 events.
    let record = record::seal(Kind::TURN_V1, |to| {
        to.extend_from_slice(&[8, 0xfc, 0xff, 0xff, 0xff, 0xff]);
        Ok::<(), RecordError>(())
    });
    assert!(decode_turn(EventId(1), &record.unwrap()).is_err());
}

#[test]
fn bytes_behind_the_body_are_refused() {
    let record = record::seal(Kind::ATTEMPTS_V1, |to| {
        to.extend_from_slice(&[1, 1]);
        Ok::<(), RecordError>(())
    });
    assert!(bodies::decode_attempts(&record.unwrap()).is_err());
}

/// In the order of the records in their test.
const GOLDEN: [&str; 9] = [
    "010100000100000097dccddf02",
    "01020000260000006184f8e30169014f0101310101700708020101030001030100026e6f000000000000fb2c01fb2d010304",
    "01030000e300000073e87a19081c01000901740174017405010101700708010171017401017401016b0176050201090174030109030100026e6f0000000000000401090174000501090174017402030101730101670601090174070109030100026e6f0000000000000801090174090109090a0109090b01090901740c010901740d0109017401740e010901740f010901741001090174017411010901741201090174011301090174010174017401741401090174150109030100026e6f0000000000001601090174017417010901740001740174180109010174190109017401741a010901741b01091c01090174",
    "010500000a00000039a45d9801020304010173010174",
    "010900000600000051abda03060101730205",
    "010a000006000000e409338f06016b017605",
    "0106000007000000c8578aadfbe80302030401",
    "0107000001000000b727c39e03",
    "0108000003000000b892da92fb2c01",
];

/// In the order of the messages in their test.
const GOLDEN_MESSAGES: [&str; 11] = [
    "0104000013000000782166b401060100054f726465720002696e0700000000",
    "01040000060000000cf2c90b020601020172",
    "0104000010000000850f853f03060102030100026e6f000000000000",
    "010400000500000083b371110406010207",
    "010400000c000000098555fb0506000001fb2c01016e0164",
    "010400000c0000007fdec4940606000001fb2c0101710164",
    "0104000022000000618ef97e01060100054f726465720002696e070101700708010171016401016301016b017605",
    "010400000600000062ae0c56070601020172",
    "0104000010000000514098a508060102030100026e6f000000000000",
    "010400000b000000903a6d4b0906000001fb2c01016301",
    "010400000e000000a067e52b0a06000001fb2c01017007080163",
];

/// In the order of the kinds in their test.
const GOLDEN_FAILURES: [&str; 5] = [
    "0104000010000000850f853f03060102030100026e6f000000000000",
    "01040000100000003761fb8303060102030200026e6f000000000000",
    "0104000010000000f6968a1403060102030300026e6f000000000000",
    "0104000011000000c066f38d03060102030400026e6f01740000000000",
    "0104000010000000633d9a6903060102030500026e6f000000000000",
];
