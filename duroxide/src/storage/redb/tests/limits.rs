//! What is too large is refused at the first byte too many, and not one before.

use crate::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, KvEntry, PoisonMessageType,
    Start,
};
use crate::provider::{Enqueued, Provider as _, TurnCommit, TurnOutcome};
use crate::storage::redb::RedbProvider;
use crate::storage::redb::limits::{MAX_CARRIED_BYTES, StoreLimits};
use crate::time::Timestamp;

use super::{commit_of, events, id, poke, start, start_of, turn as next_turn};

const PAYLOAD: usize = 100;

fn limits() -> StoreLimits {
    StoreLimits::default().with_payload(PAYLOAD)
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// A turn with so many events of so many bytes each.
fn turn(events: u64, bytes: usize) -> TurnCommit {
    let mut turn = TurnCommit::new(1, ExecutionId::FIRST, Vec::new());
    let kind = || EventKind::CustomStatusUpdated {
        status: Some(text(bytes)),
    };
    let event = |id| Event::new(EventId(id), None, Timestamp::ZERO, kind());
    turn.history_delta = (1..=events).map(event).collect();
    turn
}

#[test]
fn a_turn_may_have_as_many_events_as_are_allowed() {
    let limits = limits().with_turn_events(3);
    for (events, fits) in [(2, true), (3, true), (4, false), (5, false)] {
        assert_eq!(
            limits.check_turn(&turn(events, 0)).is_ok(),
            fits,
            "{events}"
        );
    }
}

#[test]
fn a_turn_may_have_as_many_bytes_as_are_allowed() {
    let limits = limits().with_turn_bytes(30);
    for (bytes, fits) in [(9, true), (10, true), (11, false), (12, false)] {
        assert_eq!(limits.check_turn(&turn(3, bytes)).is_ok(), fits, "{bytes}");
    }
}

/// An instance that broke a limit ends in one turn, however much that cancels.
#[test]
fn the_end_of_what_failed_is_always_taken() {
    let mut turn = turn(9, 9);
    turn.outcome = TurnOutcome::Failed {
        details: application(text(PAYLOAD), None),
    };
    let limits = limits().with_turn_events(3).with_turn_bytes(30);
    assert!(limits.check_turn(&turn).is_ok());
}

/// One error for each text that an error can have, with so many bytes in that.
fn errors(bytes: usize) -> [ErrorDetails; 6] {
    let infrastructure = |operation, message| ErrorDetails::Infrastructure {
        operation,
        message,
        retryable: false,
    };
    let poison = |message, instance| ErrorDetails::Poison {
        attempt_count: 1,
        max_attempts: 1,
        message_type: PoisonMessageType::Orchestration {
            instance,
            execution_id: 1,
        },
        message,
    };
    [
        infrastructure(text(bytes), text(0)),
        infrastructure(text(0), text(bytes)),
        application(text(bytes), None),
        application(text(0), Some(text(bytes))),
        poison(text(bytes), text(0)),
        poison(text(0), text(bytes)),
    ]
}

fn application(message: String, payload: Option<String>) -> ErrorDetails {
    ErrorDetails::Application {
        kind: AppErrorKind::ActivityFailed,
        message,
        payload,
        retryable: false,
    }
}

#[test]
fn no_text_of_an_error_may_be_longer_than_a_payload() {
    for error in errors(PAYLOAD) {
        assert!(limits().check_failure(&error).is_ok(), "{error:?}");
    }
    for error in errors(PAYLOAD + 1) {
        let refused = limits().check_failure(&error).unwrap_err().to_string();
        assert!(refused.contains("101 bytes; 100 are allowed"), "{refused}");
    }
}

/// What is handed down has to fit into one event, whatever it consists of.
#[test]
fn an_execution_may_begin_with_as_much_as_is_allowed() {
    let most = 15 << 20;
    let limits = StoreLimits::default().with_payload(8 << 20);
    let value = |bytes: usize| KvEntry {
        key: "k".to_owned(),
        value: text(bytes),
        updated_at: Timestamp::ZERO,
    };
    // The name and the input count as well.
    let start = |more: usize| {
        let mut start: Start = start_of(&text(7 << 20));
        let rest = most - start.input.len() - start.name.len() - 1;
        start.kv = vec![value(rest + more - 3)];
        start.carried = vec![("q".to_owned(), text(2))];
        start
    };
    assert!(limits.check_start(&start(0)).is_ok());
    let refused = limits.check_start(&start(1)).unwrap_err().to_string();
    assert!(refused.contains("15728641 bytes of input"), "{refused}");
}

#[test]
fn unread_messages_may_be_as_long_as_is_allowed() {
    let limits = StoreLimits::default().with_payload(8 << 20);
    let start = |bytes: usize| Start {
        carried: vec![("q".to_owned(), text(bytes - 1))],
        ..start_of("")
    };
    assert!(limits.check_start(&start(MAX_CARRIED_BYTES - 1)).is_ok());
    assert!(limits.check_start(&start(MAX_CARRIED_BYTES)).is_ok());
    assert!(limits.check_start(&start(MAX_CARRIED_BYTES + 1)).is_err());
    assert!(limits.check_start(&start(MAX_CARRIED_BYTES + 2)).is_err());
}

#[tokio::test]
async fn as_many_messages_wait_as_are_allowed_behind_a_start_and_without_one() {
    let store = RedbProvider::options().max_inbox(2).in_memory().unwrap();
    start(&store, "a").await;
    let mut number = 0;
    let mut send = async || {
        number += 1;
        store.enqueue(&id("a"), number, poke()).await.is_ok()
    };
    assert_eq!(
        [send().await, send().await, send().await],
        [true, true, false]
    );
    // What is sent again is no further message.
    assert_eq!(
        store.enqueue(&id("a"), 2, poke()).await.unwrap(),
        Enqueued::Duplicate
    );
    let item = next_turn(&store).await;
    assert_eq!(item.messages.len(), 3);
    let mut commit = commit_of(&item, 1);
    commit.history_delta = events(&item, []);
    store.commit_turn(&item.lock, commit).await.unwrap();
    assert_eq!(
        [send().await, send().await, send().await],
        [true, true, false]
    );
}
