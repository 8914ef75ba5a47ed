//! What is written down: the vocabulary of a durable execution.
//!
//! An [`Event`] is one line of an instance's history. A [`Message`] is what reaches its inbox, an
//! [`Action`] what a turn asks of the world. Must not know: who stores it, who replays it.

mod action;
mod event;
mod failure;
mod id;
mod message;
mod stats;

pub use action::Action;
pub use event::{Event, EventKind};
pub use failure::{AppErrorKind, ConfigErrorKind, ErrorDetails, PoisonMessageType};
pub use id::{
    CHILD_INFIX, EventId, ExecutionId, INITIAL_EVENT_ID, INITIAL_EXECUTION_ID, InstanceId,
    InvalidName, SUB_ORCH_AUTO_PREFIX, build_child_instance_id, check_name,
    is_auto_generated_sub_orch_id, is_reserved_id,
};
pub(crate) use id::{EVENT_NAME, MAX_ID_BYTES, MAX_NAME_BYTES, QUEUE_NAME};
pub use message::{KvEntry, Message, Parent, Start};
pub use stats::SystemStats;

/// How many bytes these texts have together.
fn bytes_of<'t>(texts: impl IntoIterator<Item = &'t String>) -> usize {
    let lengths = texts.into_iter().map(String::len);
    lengths.fold(0, usize::saturating_add)
}
