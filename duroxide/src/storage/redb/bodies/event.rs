//! One row of history: all events of a turn, one behind the other. Event ids are dense and the
//! key of the row names the first, so they are not stored.

use bincode::{BorrowDecode, Encode};

use crate::history::{Event, EventId, EventKind, ExecutionId, InstanceId, KvEntry, Parent};
use crate::storage::redb::bodies::failure::{self, ErrorV1};
use crate::storage::redb::bodies::{nothing_left, put, take, unknown_code};
use crate::storage::redb::record::{self, Kind, RecordError};
use crate::time::Timestamp;

/// Frozen. In front of the events of a turn.
#[derive(Encode, BorrowDecode)]
struct TurnV1 {
    turn_id: u128,
    events: u32,
}

/// Frozen. In front of every event; `code` says which struct follows.
#[derive(Encode, BorrowDecode)]
struct EventV1 {
    code: u8,
    /// 0: none.
    source: u64,
    timestamp: u64,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct StartedV1<'a> {
    name: &'a str,
    version: &'a str,
    input: &'a str,
    seed: u128,
    semantics: u32,
    parent: Option<ParentV1<'a>>,
    /// Queue and data.
    carried: Vec<(&'a str, &'a str)>,
    custom_status: Option<&'a str>,
    kv: Vec<KvEntryV1<'a>>,
}

/// Frozen. Who waits for the end of an instance.
#[derive(Encode, BorrowDecode)]
pub(super) struct ParentV1<'a> {
    instance: &'a str,
    execution_id: u64,
    source: u64,
}

/// Frozen. One value under a key.
#[derive(Encode, BorrowDecode)]
pub(super) struct KvEntryV1<'a> {
    key: &'a str,
    value: &'a str,
    updated_at: u64,
}

/// Frozen. A request to end.
#[derive(Encode, BorrowDecode)]
struct CancelV1<'a> {
    reason: &'a str,
    terminate: bool,
}

/// Frozen. A start of another instance, waited for or not.
#[derive(Encode, BorrowDecode)]
struct ChildV1<'a> {
    name: &'a str,
    version: Option<&'a str>,
    instance: &'a str,
    input: &'a str,
}

/// Frozen. A text that may be absent.
#[derive(Encode, BorrowDecode)]
struct OptionalV1<'a> {
    text: Option<&'a str>,
}

/// Frozen. Output, result or reason.
#[derive(Encode, BorrowDecode)]
struct TextV1<'a> {
    text: &'a str,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct ContinuedV1<'a> {
    input: &'a str,
    version: Option<&'a str>,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct ScheduledV1<'a> {
    name: &'a str,
    input: &'a str,
    attempt: u32,
    /// 0: none.
    first_attempt: u64,
    session_id: Option<&'a str>,
    tag: Option<&'a str>,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct TimerCancelledV1<'a> {
    fire_at: u64,
    reason: &'a str,
}

/// Frozen. An event from outside, or a message of a queue.
#[derive(Encode, BorrowDecode)]
struct ArrivedV1<'a> {
    name: &'a str,
    data: &'a str,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct MomentV1 {
    millis: u64,
}

// Append only: these numbers stand in every store.
const STARTED: u8 = 1;
const COMPLETED: u8 = 2;
const FAILED: u8 = 3;
const CONTINUED_AS_NEW: u8 = 4;
const ACTIVITY_SCHEDULED: u8 = 5;
const ACTIVITY_COMPLETED: u8 = 6;
const ACTIVITY_FAILED: u8 = 7;
const ACTIVITY_CANCEL_REQUESTED: u8 = 8;
const TIMER_CREATED: u8 = 9;
const TIMER_FIRED: u8 = 10;
const TIMER_CANCELLED: u8 = 11;
const EXTERNAL_SUBSCRIBED: u8 = 12;
const EXTERNAL_EVENT: u8 = 13;
const EXTERNAL_SUBSCRIBED_CANCELLED: u8 = 14;
const QUEUE_SUBSCRIBED: u8 = 15;
const QUEUE_EVENT_DELIVERED: u8 = 16;
const QUEUE_SUBSCRIPTION_CANCELLED: u8 = 17;
const CANCEL_REQUESTED: u8 = 18;
const CHILD_SCHEDULED: u8 = 19;
const CHILD_COMPLETED: u8 = 20;
const CHILD_FAILED: u8 = 21;
const CHILD_CANCEL_REQUESTED: u8 = 22;
const CHAINED: u8 = 23;
const CUSTOM_STATUS_UPDATED: u8 = 24;
const KV_SET: u8 = 25;
const KV_CLEARED: u8 = 26;
const ALL_KV_CLEARED: u8 = 27;
const PATCH_APPLIED: u8 = 28;

/// A decoded row of history.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredTurn {
    pub(crate) turn_id: u128,
    pub(crate) events: Vec<Event>,
}

pub(crate) fn encode_turn(turn_id: u128, events: &[Event]) -> Result<Vec<u8>, RecordError> {
    record::seal(Kind::TURN_V1, |to| {
        let events_len = u32::try_from(events.len()).unwrap_or(u32::MAX);
        put(
            to,
            TurnV1 {
                turn_id,
                events: events_len,
            },
        )?;
        events.iter().try_for_each(|event| put_event(to, event))
    })
}

/// The turn id and the number of events, without the events.
pub(crate) fn decode_turn_head(record: &[u8]) -> Result<(u128, u32), RecordError> {
    let mut body = record::unseal(Kind::TURN_V1, record)?;
    let head: TurnV1 = take(&mut body)?;
    Ok((head.turn_id, head.events))
}

/// The whole row. An error names the event at which it was found.
pub(crate) fn decode_turn(
    first: EventId,
    record: &[u8],
) -> Result<StoredTurn, (EventId, RecordError)> {
    let at_first = |error| (first, error);
    let mut body = record::unseal(Kind::TURN_V1, record).map_err(at_first)?;
    let head: TurnV1 = take(&mut body).map_err(at_first)?;
    let mut events = Vec::new();
    let mut id = first;
    for _ in 0..head.events {
        events.push(take_event(id, &mut body).map_err(|error| (id, error))?);
        id = id.next();
    }
    nothing_left(body).map_err(|error| (id, error))?;
    Ok(StoredTurn {
        turn_id: head.turn_id,
        events,
    })
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of event")]
fn put_event(to: &mut Vec<u8>, event: &Event) -> Result<(), RecordError> {
    let head = EventV1 {
        code: code_of(&event.kind),
        source: event.source_event_id.map_or(0, |id| id.0),
        timestamp: event.timestamp.as_millis(),
    };
    put(to, head)?;
    match &event.kind {
        EventKind::OrchestrationStarted {
            name,
            version,
            input,
            seed,
            semantics,
            parent,
            carried,
            custom_status,
            kv,
        } => put(
            to,
            StartedV1 {
                name,
                version,
                input,
                seed: *seed,
                semantics: *semantics,
                parent: parent.as_ref().map(borrowed_parent),
                carried: borrowed(carried),
                custom_status: custom_status.as_deref(),
                kv: borrowed_kv(kv),
            },
        ),
        EventKind::OrchestrationFailed { details }
        | EventKind::ActivityFailed { details }
        | EventKind::SubOrchestrationFailed { details } => put(to, failure::to_stored(details)),
        EventKind::OrchestrationCancelRequested { reason, terminate } => {
            let terminate = *terminate;
            put(to, CancelV1 { reason, terminate })
        }
        EventKind::SubOrchestrationScheduled {
            name,
            version,
            instance,
            input,
        }
        | EventKind::OrchestrationChained {
            name,
            version,
            instance,
            input,
        } => put(
            to,
            ChildV1 {
                name,
                version: version.as_deref(),
                instance,
                input,
            },
        ),
        EventKind::CustomStatusUpdated { status } => {
            let text = status.as_deref();
            put(to, OptionalV1 { text })
        }
        EventKind::KeyValuesCleared => Ok(()),
        EventKind::OrchestrationContinuedAsNew { input, version } => {
            let version = version.as_deref();
            put(to, ContinuedV1 { input, version })
        }
        EventKind::ActivityScheduled {
            name,
            input,
            attempt,
            first_attempt,
            session_id,
            tag,
        } => put(
            to,
            ScheduledV1 {
                name,
                input,
                attempt: *attempt,
                first_attempt: first_attempt.map_or(0, |id| id.0),
                session_id: session_id.as_deref(),
                tag: tag.as_deref(),
            },
        ),
        EventKind::OrchestrationCompleted { output: text }
        | EventKind::ActivityCompleted { result: text }
        | EventKind::SubOrchestrationCompleted { result: text }
        | EventKind::KeyValueCleared { key: text }
        | EventKind::PatchApplied { id: text }
        | EventKind::ActivityCancelRequested { reason: text }
        | EventKind::ExternalSubscribed { name: text }
        | EventKind::ExternalSubscribedCancelled { reason: text }
        | EventKind::QueueSubscribed { name: text }
        | EventKind::QueueSubscriptionCancelled { reason: text } => put(to, TextV1 { text }),
        EventKind::ExternalEvent { name, data }
        | EventKind::QueueEventDelivered { name, data }
        | EventKind::SubOrchestrationCancelRequested {
            instance: name,
            reason: data,
        }
        | EventKind::KeyValueSet {
            key: name,
            value: data,
        } => put(to, ArrivedV1 { name, data }),
        EventKind::TimerCancelled { fire_at, reason } => {
            let fire_at = fire_at.as_millis();
            put(to, TimerCancelledV1 { fire_at, reason })
        }
        EventKind::TimerCreated { fire_at } | EventKind::TimerFired { fire_at } => {
            let millis = fire_at.as_millis();
            put(to, MomentV1 { millis })
        }
    }
}

fn code_of(kind: &EventKind) -> u8 {
    match kind {
        EventKind::OrchestrationStarted { .. } => STARTED,
        EventKind::OrchestrationCompleted { .. } => COMPLETED,
        EventKind::OrchestrationFailed { .. } => FAILED,
        EventKind::OrchestrationContinuedAsNew { .. } => CONTINUED_AS_NEW,
        EventKind::ActivityScheduled { .. } => ACTIVITY_SCHEDULED,
        EventKind::ActivityCompleted { .. } => ACTIVITY_COMPLETED,
        EventKind::ActivityFailed { .. } => ACTIVITY_FAILED,
        EventKind::ActivityCancelRequested { .. } => ACTIVITY_CANCEL_REQUESTED,
        EventKind::TimerCreated { .. } => TIMER_CREATED,
        EventKind::TimerFired { .. } => TIMER_FIRED,
        EventKind::TimerCancelled { .. } => TIMER_CANCELLED,
        EventKind::ExternalSubscribed { .. } => EXTERNAL_SUBSCRIBED,
        EventKind::ExternalEvent { .. } => EXTERNAL_EVENT,
        EventKind::ExternalSubscribedCancelled { .. } => EXTERNAL_SUBSCRIBED_CANCELLED,
        EventKind::QueueSubscribed { .. } => QUEUE_SUBSCRIBED,
        EventKind::QueueEventDelivered { .. } => QUEUE_EVENT_DELIVERED,
        EventKind::QueueSubscriptionCancelled { .. } => QUEUE_SUBSCRIPTION_CANCELLED,
        EventKind::OrchestrationCancelRequested { .. } => CANCEL_REQUESTED,
        EventKind::SubOrchestrationScheduled { .. } => CHILD_SCHEDULED,
        EventKind::SubOrchestrationCompleted { .. } => CHILD_COMPLETED,
        EventKind::SubOrchestrationFailed { .. } => CHILD_FAILED,
        EventKind::SubOrchestrationCancelRequested { .. } => CHILD_CANCEL_REQUESTED,
        EventKind::OrchestrationChained { .. } => CHAINED,
        EventKind::CustomStatusUpdated { .. } => CUSTOM_STATUS_UPDATED,
        EventKind::KeyValueSet { .. } => KV_SET,
        EventKind::KeyValueCleared { .. } => KV_CLEARED,
        EventKind::KeyValuesCleared => ALL_KV_CLEARED,
        EventKind::PatchApplied { .. } => PATCH_APPLIED,
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of event")]
fn take_event(id: EventId, body: &mut &[u8]) -> Result<Event, RecordError> {
    let head: EventV1 = take(body)?;
    let kind = match head.code {
        STARTED => {
            let started: StartedV1<'_> = take(body)?;
            EventKind::OrchestrationStarted {
                name: started.name.to_owned(),
                version: started.version.to_owned(),
                input: started.input.to_owned(),
                seed: started.seed,
                semantics: started.semantics,
                parent: started.parent.as_ref().map(owned_parent).transpose()?,
                carried: owned(&started.carried),
                custom_status: started.custom_status.map(str::to_owned),
                kv: owned_kv(&started.kv),
            }
        }
        COMPLETED => EventKind::OrchestrationCompleted {
            output: take_text(body)?,
        },
        FAILED => EventKind::OrchestrationFailed {
            details: failure::from_stored(&take::<ErrorV1<'_>>(body)?)?,
        },
        CONTINUED_AS_NEW => {
            let continued: ContinuedV1<'_> = take(body)?;
            EventKind::OrchestrationContinuedAsNew {
                input: continued.input.to_owned(),
                version: continued.version.map(str::to_owned),
            }
        }
        ACTIVITY_SCHEDULED => take_scheduled(body)?,
        ACTIVITY_COMPLETED => EventKind::ActivityCompleted {
            result: take_text(body)?,
        },
        ACTIVITY_FAILED => EventKind::ActivityFailed {
            details: failure::from_stored(&take::<ErrorV1<'_>>(body)?)?,
        },
        ACTIVITY_CANCEL_REQUESTED => EventKind::ActivityCancelRequested {
            reason: take_text(body)?,
        },
        TIMER_CREATED => EventKind::TimerCreated {
            fire_at: take_moment(body)?,
        },
        TIMER_FIRED => EventKind::TimerFired {
            fire_at: take_moment(body)?,
        },
        TIMER_CANCELLED => {
            let cancelled: TimerCancelledV1<'_> = take(body)?;
            EventKind::TimerCancelled {
                fire_at: Timestamp::from_millis(cancelled.fire_at),
                reason: cancelled.reason.to_owned(),
            }
        }
        EXTERNAL_SUBSCRIBED => EventKind::ExternalSubscribed {
            name: take_text(body)?,
        },
        EXTERNAL_EVENT => {
            let (name, data) = take_arrived(body)?;
            EventKind::ExternalEvent { name, data }
        }
        EXTERNAL_SUBSCRIBED_CANCELLED => EventKind::ExternalSubscribedCancelled {
            reason: take_text(body)?,
        },
        QUEUE_SUBSCRIBED => EventKind::QueueSubscribed {
            name: take_text(body)?,
        },
        QUEUE_EVENT_DELIVERED => {
            let (name, data) = take_arrived(body)?;
            EventKind::QueueEventDelivered { name, data }
        }
        QUEUE_SUBSCRIPTION_CANCELLED => EventKind::QueueSubscriptionCancelled {
            reason: take_text(body)?,
        },
        CANCEL_REQUESTED => {
            let cancel: CancelV1<'_> = take(body)?;
            EventKind::OrchestrationCancelRequested {
                reason: cancel.reason.to_owned(),
                terminate: cancel.terminate,
            }
        }
        CHILD_SCHEDULED => {
            let child: ChildV1<'_> = take(body)?;
            EventKind::SubOrchestrationScheduled {
                name: child.name.to_owned(),
                version: child.version.map(str::to_owned),
                instance: child.instance.to_owned(),
                input: child.input.to_owned(),
            }
        }
        CHILD_COMPLETED => EventKind::SubOrchestrationCompleted {
            result: take_text(body)?,
        },
        CHILD_FAILED => EventKind::SubOrchestrationFailed {
            details: failure::from_stored(&take::<ErrorV1<'_>>(body)?)?,
        },
        CHILD_CANCEL_REQUESTED => {
            let (instance, reason) = take_arrived(body)?;
            EventKind::SubOrchestrationCancelRequested { instance, reason }
        }
        CHAINED => {
            let child: ChildV1<'_> = take(body)?;
            EventKind::OrchestrationChained {
                name: child.name.to_owned(),
                version: child.version.map(str::to_owned),
                instance: child.instance.to_owned(),
                input: child.input.to_owned(),
            }
        }
        CUSTOM_STATUS_UPDATED => {
            let status: OptionalV1<'_> = take(body)?;
            EventKind::CustomStatusUpdated {
                status: status.text.map(str::to_owned),
            }
        }
        KV_SET => {
            let (key, value) = take_arrived(body)?;
            EventKind::KeyValueSet { key, value }
        }
        KV_CLEARED => EventKind::KeyValueCleared {
            key: take_text(body)?,
        },
        ALL_KV_CLEARED => EventKind::KeyValuesCleared,
        PATCH_APPLIED => EventKind::PatchApplied {
            id: take_text(body)?,
        },
        other => return Err(unknown_code("event", other)),
    };
    let source = event_id(head.source);
    let timestamp = Timestamp::from_millis(head.timestamp);
    Ok(Event::new(id, source, timestamp, kind))
}

fn take_scheduled(body: &mut &[u8]) -> Result<EventKind, RecordError> {
    let scheduled: ScheduledV1<'_> = take(body)?;
    Ok(EventKind::ActivityScheduled {
        name: scheduled.name.to_owned(),
        input: scheduled.input.to_owned(),
        attempt: scheduled.attempt,
        first_attempt: event_id(scheduled.first_attempt),
        session_id: scheduled.session_id.map(str::to_owned),
        tag: scheduled.tag.map(str::to_owned),
    })
}

fn event_id(stored: u64) -> Option<EventId> {
    (stored != 0).then_some(EventId(stored))
}

pub(super) fn borrowed(carried: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = carried.iter();
    pairs
        .map(|(queue, data)| (queue.as_str(), data.as_str()))
        .collect()
}

pub(super) fn owned(carried: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = carried.iter();
    pairs
        .map(|&(queue, data)| (queue.to_owned(), data.to_owned()))
        .collect()
}

pub(super) fn borrowed_parent(parent: &Parent) -> ParentV1<'_> {
    ParentV1 {
        instance: parent.instance.as_str(),
        execution_id: parent.execution_id.0,
        source: parent.source.0,
    }
}

pub(super) fn owned_parent(parent: &ParentV1<'_>) -> Result<Parent, RecordError> {
    let instance = InstanceId::new(parent.instance);
    Ok(Parent {
        instance: instance.map_err(|error| RecordError::corrupt(error.to_string()))?,
        execution_id: ExecutionId(parent.execution_id),
        source: EventId(parent.source),
    })
}

pub(super) fn borrowed_kv(kv: &[KvEntry]) -> Vec<KvEntryV1<'_>> {
    let entries = kv.iter().map(|entry| KvEntryV1 {
        key: &entry.key,
        value: &entry.value,
        updated_at: entry.updated_at.as_millis(),
    });
    entries.collect()
}

pub(super) fn owned_kv(kv: &[KvEntryV1<'_>]) -> Vec<KvEntry> {
    let entries = kv.iter().map(|entry| KvEntry {
        key: entry.key.to_owned(),
        value: entry.value.to_owned(),
        updated_at: Timestamp::from_millis(entry.updated_at),
    });
    entries.collect()
}

fn take_text(body: &mut &[u8]) -> Result<String, RecordError> {
    let text: TextV1<'_> = take(body)?;
    Ok(text.text.to_owned())
}

fn take_arrived(body: &mut &[u8]) -> Result<(String, String), RecordError> {
    let arrived: ArrivedV1<'_> = take(body)?;
    Ok((arrived.name.to_owned(), arrived.data.to_owned()))
}

fn take_moment(body: &mut &[u8]) -> Result<Timestamp, RecordError> {
    let moment: MomentV1 = take(body)?;
    Ok(Timestamp::from_millis(moment.millis))
}
