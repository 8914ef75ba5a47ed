//! Sagas: steps that are undone, last first, when the orchestration fails or is cancelled.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::engine::{Code, OnCancel};
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::{Durable, OrchestrationContext, block};

type Undoing = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Undo = Box<dyn FnOnce(OrchestrationContext) -> Undoing + Send>;

/// What is to be undone in this execution, over all its sagas, in the order in which it was done.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    sagas: u64,
    steps: Vec<(u64, Undo)>,
}

/// Steps that are undone, last first, if the orchestration returns an error or is cancelled.
///
/// Made by [`OrchestrationContext::saga`]. What is undone runs behind the code, in a scope that
/// cancellation does not reach; a cancelled instance has 60 seconds for it, or what
/// [`Saga::deadline`] says. A step that fails is logged, and the others are undone all the same.
/// If the orchestration returns `Ok`, or panics, nothing is undone.
#[must_use = "a saga without an undo step undoes nothing"]
pub struct Saga {
    context: OrchestrationContext,
    number: u64,
}

impl OrchestrationContext {
    /// A saga: steps that are undone if this orchestration does not come to a good end.
    ///
    /// While there is one, cancelling the instance drops the code where it waits, undoes what was
    /// done, and then ends the instance as cancelled.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn trip(ctx: OrchestrationContext, who: String) -> Result<String, String> {
    ///     let mut saga = ctx.saga();
    ///     let seat = ctx.schedule_activity("reserve_seat", who.as_str()).await?;
    ///     let reserved = seat.clone();
    ///     saga.undo(move |ctx| async move {
    ///         ctx.schedule_activity("release_seat", reserved).await
    ///     });
    ///     let room = ctx.schedule_activity("reserve_room", who).await?;
    ///     Ok(format!("{seat}, {room}"))
    /// }
    /// ```
    pub fn saga(&self) -> Saga {
        self.turn.on_cancel(OnCancel::Unwind, None);
        let mut entries = self.ledger.entries();
        entries.sagas += 1;
        Saga {
            number: entries.sagas,
            context: self.clone(),
        }
    }
}

impl Saga {
    /// Adds the undoing of the step that was just done.
    pub fn undo<F, Fut, T, E>(&mut self, step: F)
    where
        F: FnOnce(OrchestrationContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        E: fmt::Display,
    {
        let step: Undo = Box::new(move |context| {
            let undoing = step(context);
            Box::pin(async move {
                let undone = undoing.await;
                undone.map(|_| ()).map_err(|error| error.to_string())
            })
        });
        let mut entries = self.context.ledger.entries();
        entries.steps.push((self.number, step));
    }

    /// How long the undoing may take when the instance is cancelled. The longest of all sagas of an
    /// execution counts.
    pub fn deadline(self, deadline: std::time::Duration) -> Self {
        self.context
            .turn
            .on_cancel(OnCancel::Unwind, Some(deadline));
        self
    }

    /// Undoes now what this saga has, last first; then it is empty.
    ///
    /// # Errors
    ///
    /// What the steps that failed said. The others are undone all the same.
    pub fn compensate(&mut self) -> impl Durable<Output = Result<(), String>> + Send + use<> {
        let steps = self.context.ledger.take(Some(self.number));
        let context = self.context.clone();
        block(async move { undo_all(&context, steps).await })
    }

    /// Forgets its steps: what was done stays done.
    pub fn dismiss(self) {
        drop(self.context.ledger.take(Some(self.number)));
    }
}

impl fmt::Debug for Saga {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Saga").field(&self.number).finish()
    }
}

impl Ledger {
    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        // No user code runs under the lock, and every update leaves the entries whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The steps of one saga, or of all, last first.
    fn take(&self, saga: Option<u64>) -> Vec<Undo> {
        let mut entries = self.entries();
        let steps = std::mem::take(&mut entries.steps);
        let (taken, kept): (Vec<_>, Vec<_>) = steps
            .into_iter()
            .partition(|(number, _)| saga.is_none_or(|saga| saga == *number));
        entries.steps = kept;
        taken.into_iter().rev().map(|(_, step)| step).collect()
    }
}

async fn undo_all(context: &OrchestrationContext, steps: Vec<Undo>) -> Result<(), String> {
    let mut problems = Vec::new();
    for step in steps {
        let undoing = context.shielded(step);
        if let Err(problem) = undoing.await {
            context.trace_error(format!("undoing a step failed: {problem}"));
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("; "))
    }
}

/// The code of an execution, and behind it the undoing of what its sagas did.
pub(crate) struct Guarded {
    context: OrchestrationContext,
    stage: Stage,
}

enum Stage {
    Runs(Code),
    Undoes {
        undoing: Pin<Box<dyn Future<Output = Result<(), String>> + Send>>,
        failure: ErrorDetails,
    },
    Over,
}

impl Guarded {
    pub(crate) fn new(context: OrchestrationContext, code: Code) -> Self {
        Self {
            context,
            stage: Stage::Runs(code),
        }
    }

    fn undo(&mut self, failure: ErrorDetails) {
        let steps = self.context.ledger.take(None);
        let context = self.context.clone();
        let undoing = Box::pin(async move { undo_all(&context, steps).await });
        self.stage = Stage::Undoes { undoing, failure };
    }
}

impl Future for Guarded {
    type Output = Result<String, ErrorDetails>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let is_unwinding = self.context.turn.is_unwinding();
            match &mut self.stage {
                Stage::Runs(_) if is_unwinding => {
                    // What the code waits for is cancelled here, before anything is undone.
                    self.stage = Stage::Over;
                    let kind = AppErrorKind::OrchestrationFailed;
                    self.undo(ErrorDetails::application(kind, "cancelled"));
                }
                Stage::Runs(code) => match code.as_mut().poll(context) {
                    Poll::Ready(Err(failure)) => {
                        self.stage = Stage::Over;
                        self.undo(failure);
                    }
                    other => return other,
                },
                Stage::Undoes { undoing, failure } => {
                    let Poll::Ready(_logged) = undoing.as_mut().poll(context) else {
                        return Poll::Pending;
                    };
                    let failure = failure.clone();
                    self.stage = Stage::Over;
                    return Poll::Ready(Err(failure));
                }
                Stage::Over => return Poll::Pending,
            }
        }
    }
}
