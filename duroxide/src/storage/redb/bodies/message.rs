//! A message in an inbox.

use bincode::{BorrowDecode, Encode};

use crate::history::{EventId, ExecutionId, Message, Start};
use crate::storage::redb::bodies::event::{
    KvEntryV1, ParentV1, borrowed, borrowed_kv, borrowed_parent, owned, owned_kv, owned_parent,
};
use crate::storage::redb::bodies::failure::{self, ErrorV1};
use crate::storage::redb::bodies::{nothing_left, put, take, unknown_code};
use crate::storage::redb::record::{self, Kind, RecordError};
use crate::time::Timestamp;

/// Frozen. In front of every message; `code` says which struct follows.
#[derive(Encode, BorrowDecode)]
struct MessageV1 {
    code: u8,
    /// The owner again: the checksum covers it here, but not in the key.
    instance: u64,
    execution_id: u64,
    /// 0 for a start.
    source: u64,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct StartV1<'a> {
    name: &'a str,
    version: Option<&'a str>,
    input: &'a str,
    seed: u128,
    parent: Option<ParentV1<'a>>,
    /// Queue and data.
    carried: Vec<(&'a str, &'a str)>,
    custom_status: Option<&'a str>,
    kv: Vec<KvEntryV1<'a>>,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct ResultV1<'a> {
    result: &'a str,
}

/// Frozen.
#[derive(Encode, BorrowDecode)]
struct FiredV1 {
    fire_at: u64,
}

/// Frozen. For the instance: its head names no execution and no source.
#[derive(Encode, BorrowDecode)]
struct SentV1<'a> {
    /// The sender's: the same message sent again is recognised by it. None: another instance sent it.
    id: Option<u128>,
    name: &'a str,
    data: &'a str,
}

/// Frozen. A request to end; its id as above.
#[derive(Encode, BorrowDecode)]
struct CancelV1<'a> {
    id: Option<u128>,
    reason: &'a str,
    terminate: bool,
}

/// Frozen. A parent's request to its child; its id as above.
#[derive(Encode, BorrowDecode)]
struct CancelChildV1<'a> {
    id: Option<u128>,
    parent: ParentV1<'a>,
    reason: &'a str,
}

// Append only.
const START: u8 = 1;
const ACTIVITY_COMPLETED: u8 = 2;
const ACTIVITY_FAILED: u8 = 3;
const TIMER_FIRED: u8 = 4;
const EXTERNAL_EVENT: u8 = 5;
const QUEUE_EVENT: u8 = 6;
const CHILD_COMPLETED: u8 = 7;
const CHILD_FAILED: u8 = 8;
const CANCEL_REQUESTED: u8 = 9;
const CANCEL_CHILD: u8 = 10;

/// A message as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredMessage {
    /// The number of the instance that it is for.
    pub(crate) instance: u64,
    pub(crate) message: Message,
    /// The sender's id, of events from outside.
    pub(crate) sent_as: Option<u128>,
}

/// `sent_as`: the sender's id, of events from outside only.
pub(crate) fn encode_message(
    instance: u64,
    message: &Message,
    sent_as: Option<u128>,
) -> Result<Vec<u8>, RecordError> {
    record::seal(Kind::MESSAGE_V1, |to| match message {
        Message::Start(start) => put_start(to, instance, start),
        Message::ActivityCompleted {
            execution_id,
            source,
            result,
        } => {
            put(
                to,
                head(ACTIVITY_COMPLETED, instance, *execution_id, *source),
            )?;
            put(to, ResultV1 { result })
        }
        Message::ActivityFailed {
            execution_id,
            source,
            details,
        } => {
            put(to, head(ACTIVITY_FAILED, instance, *execution_id, *source))?;
            put(to, failure::to_stored(details))
        }
        Message::TimerFired {
            execution_id,
            source,
            fire_at,
        } => {
            put(to, head(TIMER_FIRED, instance, *execution_id, *source))?;
            let fire_at = fire_at.as_millis();
            put(to, FiredV1 { fire_at })
        }
        Message::SubOrchestrationCompleted {
            execution_id,
            source,
            result,
        } => {
            put(to, head(CHILD_COMPLETED, instance, *execution_id, *source))?;
            put(to, ResultV1 { result })
        }
        Message::SubOrchestrationFailed {
            execution_id,
            source,
            details,
        } => {
            put(to, head(CHILD_FAILED, instance, *execution_id, *source))?;
            put(to, failure::to_stored(details))
        }
        Message::CancelRequested { reason, terminate } => {
            let none = (ExecutionId(0), EventId::NONE);
            put(to, head(CANCEL_REQUESTED, instance, none.0, none.1))?;
            let (id, terminate) = (sent_as, *terminate);
            put(
                to,
                CancelV1 {
                    id,
                    reason,
                    terminate,
                },
            )
        }
        Message::CancelChild { parent, reason } => {
            put(
                to,
                head(CANCEL_CHILD, instance, ExecutionId(0), EventId::NONE),
            )?;
            let (id, parent) = (sent_as, borrowed_parent(parent));
            put(to, CancelChildV1 { id, parent, reason })
        }
        Message::ExternalEvent { name, data } => {
            put_sent(to, EXTERNAL_EVENT, instance, sent_as, name, data)
        }
        Message::QueueEvent { queue, data } => {
            put_sent(to, QUEUE_EVENT, instance, sent_as, queue, data)
        }
    })
}

fn put_start(to: &mut Vec<u8>, instance: u64, start: &Start) -> Result<(), RecordError> {
    put(to, head(START, instance, start.execution_id, EventId::NONE))?;
    put(
        to,
        StartV1 {
            name: &start.name,
            version: start.version.as_deref(),
            input: &start.input,
            seed: start.seed,
            parent: start.parent.as_ref().map(borrowed_parent),
            carried: borrowed(&start.carried),
            custom_status: start.custom_status.as_deref(),
            kv: borrowed_kv(&start.kv),
        },
    )
}

fn take_start(execution_id: ExecutionId, body: &mut &[u8]) -> Result<Start, RecordError> {
    let start: StartV1<'_> = take(body)?;
    Ok(Start {
        execution_id,
        name: start.name.to_owned(),
        version: start.version.map(str::to_owned),
        input: start.input.to_owned(),
        seed: start.seed,
        parent: start.parent.as_ref().map(owned_parent).transpose()?,
        carried: owned(&start.carried),
        custom_status: start.custom_status.map(str::to_owned),
        kv: owned_kv(&start.kv),
    })
}

fn put_sent(
    to: &mut Vec<u8>,
    code: u8,
    instance: u64,
    id: Option<u128>,
    name: &str,
    data: &str,
) -> Result<(), RecordError> {
    put(to, head(code, instance, ExecutionId(0), EventId::NONE))?;
    put(to, SentV1 { id, name, data })
}

pub(crate) fn decode_message(record: &[u8]) -> Result<StoredMessage, RecordError> {
    let mut body = record::unseal(Kind::MESSAGE_V1, record)?;
    let head: MessageV1 = take(&mut body)?;
    let execution_id = ExecutionId(head.execution_id);
    let source = EventId(head.source);
    let mut sent_as = None;
    let message = match head.code {
        START => Message::Start(take_start(execution_id, &mut body)?),
        ACTIVITY_COMPLETED => Message::ActivityCompleted {
            execution_id,
            source,
            result: take::<ResultV1<'_>>(&mut body)?.result.to_owned(),
        },
        ACTIVITY_FAILED => Message::ActivityFailed {
            execution_id,
            source,
            details: failure::from_stored(&take::<ErrorV1<'_>>(&mut body)?)?,
        },
        TIMER_FIRED => {
            let fired: FiredV1 = take(&mut body)?;
            Message::TimerFired {
                execution_id,
                source,
                fire_at: Timestamp::from_millis(fired.fire_at),
            }
        }
        CHILD_COMPLETED => Message::SubOrchestrationCompleted {
            execution_id,
            source,
            result: take::<ResultV1<'_>>(&mut body)?.result.to_owned(),
        },
        CHILD_FAILED => Message::SubOrchestrationFailed {
            execution_id,
            source,
            details: failure::from_stored(&take::<ErrorV1<'_>>(&mut body)?)?,
        },
        CANCEL_REQUESTED => {
            let cancel: CancelV1<'_> = take(&mut body)?;
            sent_as = cancel.id;
            Message::CancelRequested {
                reason: cancel.reason.to_owned(),
                terminate: cancel.terminate,
            }
        }
        CANCEL_CHILD => {
            let cancel: CancelChildV1<'_> = take(&mut body)?;
            sent_as = cancel.id;
            Message::CancelChild {
                parent: owned_parent(&cancel.parent)?,
                reason: cancel.reason.to_owned(),
            }
        }
        EXTERNAL_EVENT => {
            let sent: SentV1<'_> = take(&mut body)?;
            sent_as = sent.id;
            Message::ExternalEvent {
                name: sent.name.to_owned(),
                data: sent.data.to_owned(),
            }
        }
        QUEUE_EVENT => {
            let sent: SentV1<'_> = take(&mut body)?;
            sent_as = sent.id;
            Message::QueueEvent {
                queue: sent.name.to_owned(),
                data: sent.data.to_owned(),
            }
        }
        other => return Err(unknown_code("message", other)),
    };
    nothing_left(body)?;
    Ok(StoredMessage {
        instance: head.instance,
        message,
        sent_as,
    })
}

fn head(code: u8, instance: u64, execution_id: ExecutionId, source: EventId) -> MessageV1 {
    MessageV1 {
        code,
        instance,
        execution_id: execution_id.0,
        source: source.0,
    }
}
