//! The code's end of a turn. Its verbs stand in `operations`, one file each.

use std::fmt;
use std::panic::{Location, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::engine::Limits;
use crate::engine::operations::cancelled_details;
use crate::engine::turn_state::{Abandoned, TurnState};
use crate::history::{
    AppErrorKind, ErrorDetails, EventId, EventKind, ExecutionId, InstanceId, check_name,
};
use crate::time::Timestamp;

/// The answer to a durable operation.
///
/// ```
/// use duroxide::ErrorDetails;
/// use duroxide::engine::Resolution;
///
/// /// The answer as text.
/// fn text(answer: Resolution) -> Result<String, ErrorDetails> {
///     match answer {
///         Resolution::Activity(result) | Resolution::SubOrchestration(result) => result,
///         Resolution::ExternalEvent(data) | Resolution::QueueEvent(data) => Ok(data),
///         Resolution::Timer => Ok(String::new()),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// What the activity returned.
    Activity(Result<String, ErrorDetails>),
    /// The timer fired.
    Timer,
    /// The event was raised with this data.
    ExternalEvent(String),
    /// This message of the queue.
    QueueEvent(String),
    /// What the sub-orchestration returned.
    SubOrchestration(Result<String, ErrorDetails>),
}

/// What came of a call.
///
/// ```
/// use duroxide::ErrorDetails;
/// use duroxide::engine::Asked;
/// use duroxide::history::EventId;
///
/// /// What there is to wait for.
/// fn opened(asked: Asked) -> Result<Option<EventId>, ErrorDetails> {
///     match asked {
///         Asked::Open(id) => Ok(Some(id)),
///         Asked::Refused(details) => Err(details),
///         Asked::Ended => Ok(None),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is open under this event.
    Open(EventId),
    /// It is not made: this is its answer.
    Refused(ErrorDetails),
    /// The execution has ended: there is nobody to answer.
    Ended,
}

/// The code's end of a turn: its verbs stand in `operations`, one file each.
///
/// ```
/// use std::future::{pending, poll_fn};
/// use std::panic::Location;
/// use std::time::Duration;
///
/// use duroxide::ErrorDetails;
/// use duroxide::engine::{CodeFactory, TurnHandle};
///
/// async fn remind(turn: TurnHandle) -> Result<String, ErrorDetails> {
///     let Some(timer) = turn.create_timer(Duration::from_secs(60), Location::caller()) else {
///         return pending().await; // the execution has ended: nobody polls this any more
///     };
///     poll_fn(|context| turn.poll(timer, context)).await;
///     let (id, execution) = (turn.instance_id(), turn.execution_id());
///     Ok(format!("{} {} of {id}, {execution}, at {}", turn.name(), turn.version(), turn.now()))
/// }
///
/// let code: CodeFactory = Box::new(|turn, _input| Box::pin(remind(turn)));
/// ```
#[derive(Clone)]
pub struct TurnHandle {
    state: Arc<Mutex<TurnState>>,
    pub(super) is_shielded: bool,
}

impl TurnHandle {
    pub(super) fn new(state: TurnState) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            is_shielded: false,
        }
    }

    /// The same turn; what is asked for by this handle goes on when the instance is cancelled.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::{ActivityCall, Asked, TurnHandle};
    ///
    /// /// Asks for an activity that cleans up, though the instance may have been cancelled.
    /// fn clean_up(turn: &TurnHandle, call: ActivityCall) -> Asked {
    ///     turn.shielded().schedule_activity(call, Location::caller())
    /// }
    /// ```
    #[must_use]
    pub fn shielded(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            is_shielded: true,
        }
    }

    /// Tells this execution from all others in the process: its address, never shown to code.
    pub(super) fn identity(&self) -> u64 {
        Arc::as_ptr(&self.state).addr() as u64
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, TurnState> {
        // No user code runs under the lock, and every update leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instance.
    pub fn instance_id(&self) -> InstanceId {
        self.lock().instance.clone()
    }

    /// Its execution.
    pub fn execution_id(&self) -> ExecutionId {
        self.lock().execution_id
    }

    /// The orchestration's name.
    pub fn name(&self) -> String {
        self.lock().name.clone()
    }

    /// The version that the execution is pinned to.
    pub fn version(&self) -> String {
        self.lock().version.clone()
    }

    /// When the message under way was consumed.
    pub fn now(&self) -> Timestamp {
        let state = self.lock();
        if planted!(FreshTime) && state.replaying {
            return state.now.saturating_add(std::time::Duration::from_secs(1));
        }
        state.now
    }

    /// Whether the message under way comes from history.
    ///
    /// ```
    /// # use duroxide::engine::TurnHandle;
    /// /// Says it once, however often the code is replayed.
    /// fn say(turn: &TurnHandle, text: &str) {
    ///     if !turn.is_replaying() {
    ///         println!("{}: {text}", turn.instance_id());
    ///     }
    /// }
    /// ```
    pub fn is_replaying(&self) -> bool {
        self.lock().replaying
    }

    /// Polls an open operation; its waker is woken when its event is applied.
    pub fn poll(&self, id: EventId, context: &Context<'_>) -> Poll<Resolution> {
        let mut state = self.lock();
        let Some(operation) = state.open.get_mut(&id) else {
            // Resolved and taken before, or closed: it never becomes ready again.
            return Poll::Pending;
        };
        if let Some(resolution) = operation.resolution.take() {
            state.open.remove(&id);
            state.queues.read(id);
            return Poll::Ready(resolution);
        }
        let replaced = match &mut operation.waker {
            Some(waker) if waker.will_wake(context.waker()) => None,
            Some(_) if planted!(FirstWakerKept) => None,
            Some(waker) => Some(std::mem::replace(waker, context.waker().clone())),
            none => {
                *none = Some(context.waker().clone());
                state.awaited = state.awaited.saturating_add(1);
                None
            }
        };
        drop(state);
        // Dropped outside of the lock: a waker is foreign code.
        drop(replaced);
        Poll::Pending
    }

    /// Writes down a request of the code. `None` once the execution has ended.
    ///
    /// Over its budget the code is unwound, which the engine expects: code that asks in a loop
    /// would never return.
    pub(super) fn ask(&self, kind: EventKind, at: &'static Location<'static>) -> Option<EventId> {
        let mut state = self.lock();
        let id = state.emit(None, kind, Some(at));
        if let Some(operation) = id.and_then(|id| state.open.get_mut(&id)) {
            operation.is_shielded = self.is_shielded;
        }
        let is_over_budget = id.is_none() && !state.closed;
        drop(state);
        if is_over_budget && cfg!(panic = "unwind") && !std::thread::panicking() {
            resume_unwind(Box::new("over its budget"));
        }
        id
    }

    /// Writes down a call, if it may be made.
    pub(super) fn call(&self, kind: EventKind, at: &'static Location<'static>) -> Asked {
        self.call_unless(kind, at, Limits::problem_of)
    }

    /// The same; what is wrong with it is decided by who calls.
    pub(super) fn call_unless(
        &self,
        kind: EventKind,
        at: &'static Location<'static>,
        problem_of: impl FnOnce(&Limits, &EventKind) -> Option<String>,
    ) -> Asked {
        let state = self.lock();
        if !self.is_shielded
            && let Some(reason) = state.cancel_reason()
        {
            return Asked::Refused(cancelled_details(reason));
        }
        if let Some(problem) = problem_of(&state.limits, &kind) {
            let kind = AppErrorKind::Rejected;
            return Asked::Refused(ErrorDetails::application(kind, problem));
        }
        drop(state);
        self.ask(kind, at).map_or(Asked::Ended, Asked::Open)
    }

    /// Why nothing that the code waits for can have that name.
    pub(super) fn problem_with_name(&self, what: &'static str, name: &str) -> Option<String> {
        let problem = check_name(what, name).err();
        let problem = problem.map(|problem| problem.to_string());
        problem.or_else(|| self.lock().limits.problem_with_name(what, name))
    }

    /// The code lost interest: an open operation is cancelled, recorded, exactly once.
    ///
    /// ```
    /// use duroxide::engine::TurnHandle;
    /// use duroxide::history::EventId;
    ///
    /// /// An operation that is cancelled when this is dropped.
    /// struct Operation {
    ///     turn: TurnHandle,
    ///     id: EventId,
    /// }
    ///
    /// impl Drop for Operation {
    ///     fn drop(&mut self) {
    ///         self.turn.abandon(self.id);
    ///     }
    /// }
    /// ```
    pub fn abandon(&self, id: EventId) {
        let Abandoned { dropped, woken } = self.lock().abandon(id);
        // Outside of the lock: a waker is foreign code.
        drop(dropped);
        if let Some(waker) = woken {
            waker.wake();
        }
    }
}

impl fmt::Debug for TurnHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TurnHandle")
            .field(&self.instance_id())
            .finish()
    }
}
