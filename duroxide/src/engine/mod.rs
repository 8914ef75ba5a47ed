//! What a history means. A function: history and messages in, events and actions out.
//!
//! [`Execution`] is the resumable form: `replay` what is recorded, `apply` what is new.
//! [`run_turn`] applies a batch and sums up what is to be committed. Must not know: storage,
//! Tokio, the clock, randomness, and what the code sees of all this (`orchestration`).
//!
//! Code can be driven by hand, without a store and without a runtime:
//!
//! ```
//! use duroxide::engine::{Execution, Outcome, run_turn};
//! use duroxide::history::{Action, EventId, ExecutionId, InstanceId, Message, Start};
//! use duroxide::registry::code;
//! use duroxide::time::Timestamp;
//! use duroxide::{OrchestrationContext, OrchestrationRegistry};
//!
//! async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
//!     ctx.schedule_activity("pay", id).await
//! }
//!
//! let program = OrchestrationRegistry::builder().register("order", order).build();
//! let (version, handler) = program.resolve_handler("order").ok_or("it is registered")?;
//! let (id, version) = (InstanceId::new("order-42")?, version.to_string());
//! let mut execution = Execution::new(id, ExecutionId::FIRST, version, code(&handler));
//!
//! let now = Timestamp::from_millis(1_000);
//! let start = Message::Start(Start::first("order", "42", 7));
//! let turn = run_turn(&mut execution, [(start, now)]);
//! assert_eq!(turn.actions, [Action::StartActivity { source: EventId(2) }]);
//!
//! let paid = Message::ActivityCompleted {
//!     execution_id: ExecutionId::FIRST,
//!     source: EventId(2),
//!     result: "paid".to_owned(),
//! };
//! let turn = run_turn(&mut execution, [(paid, now)]);
//! assert_eq!(turn.outcome, Outcome::Completed("paid".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
///
/// ```
/// use duroxide::engine::Code;
///
/// let done: Code = Box::pin(async { Ok("done".to_owned()) });
/// # assert_eq!(futures::executor::block_on(done), Ok("done".to_owned()));
/// ```
pub type Code = Pin<Box<dyn Future<Output = Result<String, ErrorDetails>> + Send>>;

/// Makes the code of an execution from the handle to its turn and the input.
///
/// ```
/// use duroxide::engine::CodeFactory;
///
/// let greet: CodeFactory = Box::new(|turn, name| {
///     Box::pin(async move { Ok(format!("Hello, {name}, from {}", turn.instance_id())) })
/// });
/// ```
pub type CodeFactory = Box<dyn FnOnce(TurnHandle, String) -> Code + Send>;

/// The number of the rules by which a history is replayed. It grows when a rule changes; histories
/// of other numbers are left to workers that know them.
///
/// ```
/// use duroxide::engine::SEMANTICS;
/// use duroxide::{Event, EventKind};
///
/// /// Whether this build can replay that history.
/// fn is_known(history: &[Event]) -> bool {
///     match history.first().map(|event| &event.kind) {
///         Some(EventKind::OrchestrationStarted { semantics, .. }) => *semantics == SEMANTICS,
///         _ => false,
///     }
/// }
/// ```
pub const SEMANTICS: u32 = 1;

/// How much one message may cause before the instance is failed.
///
/// ```
/// use std::future::poll_fn;
/// use std::task::Poll;
///
/// use duroxide::engine::{Budget, CodeFactory, Execution, Outcome, run_turn};
/// # use duroxide::history::{ExecutionId, InstanceId, Message, Start};
/// # use duroxide::time::Timestamp;
///
/// let restless: CodeFactory = Box::new(|_turn, _input| {
///     Box::pin(poll_fn(|context| {
///         context.waker().wake_by_ref(); // so it is polled again
///         Poll::Pending
///     }))
/// });
/// let budget = Budget { polls: 100, ..Budget::default() };
/// # let (id, version) = (InstanceId::new("order-42")?, "1.0.0".to_owned());
/// let execution = Execution::new(id, ExecutionId::FIRST, version, restless);
/// let mut execution = execution.with_budget(budget);
/// # let start = Message::Start(Start::first("order", "42", 7));
/// let turn = run_turn(&mut execution, [(start, Timestamp::ZERO)]);
/// assert!(matches!(turn.outcome, Outcome::Failed(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// use duroxide::engine::{Outcome, Turn};
///
/// /// One line for a log.
/// fn in_words(turn: &Turn) -> String {
///     let (events, actions) = (turn.history_delta.len(), turn.actions.len());
///     let state = if turn.outcome == Outcome::Pending { "waits" } else { "has ended" };
///     format!("{} messages, {events} events, {actions} actions: it {state}", turn.consumed)
/// }
/// # assert_eq!(in_words(&Turn::default()), "0 messages, 0 events, 0 actions: it waits");
/// ```
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
///
/// ```
/// use duroxide::engine::Outcome;
///
/// /// What whoever waits for the instance is told, once it has ended.
/// fn answer(outcome: Outcome) -> Option<Result<String, String>> {
///     match outcome {
///         Outcome::Completed(output) => Some(Ok(output)),
///         Outcome::Failed(details) => Some(Err(details.to_string())),
///         Outcome::Pending | Outcome::ContinuedAsNew { .. } => None,
///     }
/// }
/// ```
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
///
/// ```
/// # use duroxide::engine::{Execution, run_turn};
/// # use duroxide::history::{ExecutionId, InstanceId, Message, Start};
/// # use duroxide::registry::code;
/// # use duroxide::time::Timestamp;
/// # use duroxide::{OrchestrationContext, OrchestrationRegistry};
/// # let program = OrchestrationRegistry::builder()
/// #     .register("request", |ctx: OrchestrationContext, _: String| async move {
/// #         Ok(ctx.schedule_wait("approval").await)
/// #     })
/// #     .build();
/// # let handler = program.resolve_handler("request").ok_or("it is registered")?.1;
/// # let (id, version) = (InstanceId::new("request-7")?, "1.0.0".to_owned());
/// # let execution =
/// #     || Execution::new(id.clone(), ExecutionId::FIRST, version.clone(), code(&handler));
/// # let (name, data) = ("approval".to_owned(), "yes".to_owned());
/// # let start = (Message::Start(Start::first("request", "", 7)), Timestamp::ZERO);
/// # let approval = (Message::ExternalEvent { name, data }, Timestamp::ZERO);
/// let whole = run_turn(&mut execution(), [start.clone(), approval.clone()]).history_delta;
///
/// let mut execution = execution();
/// let mut pieces = run_turn(&mut execution, [start]).history_delta;
/// pieces.extend(run_turn(&mut execution, [approval]).history_delta);
/// assert_eq!(pieces, whole);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
