//! The code of an execution as the engine polls it: behind it stands the undoing of its sagas.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::engine::Code;
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::OrchestrationContext;
use crate::orchestration::undoing::Compensation;

/// The code of an execution, and behind it the undoing of what its sagas did.
pub(crate) struct Guarded {
    context: OrchestrationContext,
    stage: Stage,
}

enum Stage {
    Runs(Code),
    Undoes {
        undoing: Compensation,
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

    /// Drops the code: what it waits for is cancelled here, before anything is undone.
    fn undo(&mut self, failure: ErrorDetails) {
        self.stage = Stage::Over;
        let undoing = Compensation::new(self.context.clone(), None);
        self.stage = Stage::Undoes { undoing, failure };
    }

    /// An error that only passes on what was no error of user code, as what that was.
    fn original_of(&self, failure: ErrorDetails) -> ErrorDetails {
        let ErrorDetails::Application {
            kind: AppErrorKind::OrchestrationFailed,
            message,
            ..
        } = &failure
        else {
            return failure;
        };
        let turn = &self.context.turn;
        // Typed code says in front of it that the call was rejected.
        let inner = message.strip_prefix("rejected: ").unwrap_or(message);
        let told = turn.told(message).or_else(|| turn.told(inner));
        told.unwrap_or(failure)
    }

    /// The failure that a verb asked for, if there is something to be undone for it.
    fn failure_to_undo(&self) -> Option<ErrorDetails> {
        if self.context.ledger.is_empty() {
            return None;
        }
        self.context.turn.take_failure()
    }
}

impl Future for Guarded {
    type Output = Result<String, ErrorDetails>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let is_unwinding = self.context.turn.is_unwinding();
            match &mut self.stage {
                Stage::Runs(_) if is_unwinding => {
                    let kind = AppErrorKind::OrchestrationFailed;
                    self.undo(ErrorDetails::application(kind, "cancelled"));
                }
                Stage::Runs(code) => {
                    let polled = code.as_mut().poll(context);
                    if let Some(failure) = self.failure_to_undo() {
                        self.undo(failure);
                        continue;
                    }
                    match polled {
                        Poll::Ready(Err(failure)) => {
                            let failure = self.original_of(failure);
                            self.undo(failure);
                        }
                        other => return other,
                    }
                }
                Stage::Undoes { undoing, failure } => {
                    let Poll::Ready(_logged) = Pin::new(undoing).poll(context) else {
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

impl Drop for Guarded {
    /// The code first: what it was undoing goes back to the ledger.
    fn drop(&mut self) {
        self.stage = Stage::Over;
        self.context.ledger.close();
    }
}
