//! What a history means. A function: history and messages in, events and actions out.
//!
//! [`Execution`] is the resumable form: `replay` what is recorded, `apply` what is new.
//! [`run_turn`] applies a batch and sums up what is to be committed. Must not know: storage,
//! Tokio, the clock, randomness, and what the code sees of all this (`orchestration`).

mod comparison;
mod execution;
mod handle;
mod inbox;
mod limits;
mod nondeterminism;
mod operations;
mod recorded;
mod turn_state;
mod turn_waker;

use std::pin::Pin;

use crate::history::{Action, ErrorDetails, Event, EventKind, Message};
use crate::time::Timestamp;

pub use execution::{Execution, Step, caught, panic_message};
pub use handle::{Asked, Resolution, TurnHandle};
pub use limits::Limits;
pub use nondeterminism::Nondeterminism;
#[cfg(feature = "testing")]
pub(crate) use nondeterminism::describe;
pub use operations::{ActivityCall, CHILD_INFIX, Callee, OnCancel, Retry, actions_of};
pub use recorded::Recorded;

/// The user's code of one execution, under way.
pub type Code = Pin<Box<dyn Future<Output = Result<String, ErrorDetails>> + Send>>;

/// Makes the code of an execution from the handle to its turn and the input.
pub type CodeFactory = Box<dyn FnOnce(TurnHandle, String) -> Code + Send>;

/// The number of the rules by which a history is replayed. It grows when a rule changes; histories
/// of other numbers are left to workers that know them.
pub const SEMANTICS: u32 = 1;

/// How much one message may cause before the instance is failed.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Polls of the code's root. A combinator that wakes itself costs one each time.
    pub polls: u32,
    /// Requests (activities, timers, cancellations).
    pub actions: usize,
}

impl Default for Budget {
    /// A million polls, 50,000 actions: far above what honest code needs, so that only code which
    /// never comes to rest meets them.
    fn default() -> Self {
        Self {
            polls: 1_000_000,
            actions: 50_000,
        }
    }
}

/// What a batch of messages comes to.
#[derive(Debug, Default)]
pub struct Turn {
    /// How many of the messages are done with. The rest stays: the turn was full, it ended, or an
    /// event came before the start.
    pub consumed: usize,
    /// New events.
    pub history_delta: Vec<Event>,
    /// What is to be done once they are written down.
    pub actions: Vec<Action>,
    /// Where the execution stands.
    pub outcome: Outcome,
}

/// Where an execution stands after a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It waits.
    #[default]
    Pending,
    /// It ended well.
    Completed(String),
    /// It ended badly.
    Failed(ErrorDetails),
    /// The next execution takes over.
    ContinuedAsNew {
        /// Its input.
        input: String,
        /// Its version, if the code chose one.
        version: Option<String>,
    },
}

/// Applies a batch of messages, each with the time of its consumption, and sums up.
///
/// The history does not depend on how messages are cut into batches. Nondeterminism fails the
/// execution, with the message that revealed it consumed.
pub fn run_turn(
    execution: &mut Execution,
    messages: impl IntoIterator<Item = (Message, Timestamp)>,
) -> Turn {
    let mut turn = Turn::default();
    let (most_events, most_bytes) = execution.most_of_a_turn();
    let mut bytes = 0;
    for (message, now) in messages {
        let is_full = turn.history_delta.len() >= most_events || bytes >= most_bytes;
        if (is_full && turn.consumed > 0) || !execution.takes(&message) {
            break;
        }
        turn.consumed = turn.consumed.saturating_add(1);
        if let Some(too_long) = execution.is_too_long() {
            turn.history_delta.extend(execution.fail(too_long, now));
            break;
        }
        let events = match execution.apply(message, now) {
            Ok(step) => step.events,
            Err(nondeterminism) => execution.fail(nondeterminism.into_details(), now),
        };
        let texts = events.iter().map(|event| event.kind.text_bytes());
        bytes = texts.fold(bytes, usize::saturating_add);
        turn.history_delta.extend(events);
    }
    turn.actions = actions_of(&turn.history_delta);
    turn.outcome = outcome_of(turn.history_delta.last());
    turn
}

fn outcome_of(last: Option<&Event>) -> Outcome {
    match last.map(|event| &event.kind) {
        Some(EventKind::OrchestrationCompleted { output }) => Outcome::Completed(output.clone()),
        Some(EventKind::OrchestrationFailed { details }) => Outcome::Failed(details.clone()),
        Some(EventKind::OrchestrationContinuedAsNew { input, version }) => {
            Outcome::ContinuedAsNew {
                input: input.clone(),
                version: version.clone(),
            }
        }
        _ => Outcome::Pending,
    }
}
