//! What is to be undone in an execution, and the undoing of it, one step after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::engine::caught;
use crate::orchestration::OrchestrationContext;
use crate::orchestration::saga::{Undo, Undoing};

/// What is to be undone in this execution, over all its sagas, by the place of each step: the order
/// in which they were done.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    sagas: u64,
    added: u64,
    steps: BTreeMap<u64, Step>,
    /// How many steps were taken out and are not over.
    under_way: usize,
    is_closed: bool,
}

struct Step {
    saga: u64,
    state: State,
}

enum State {
    Waiting(Undo),
    /// Begun, and given back before it was over.
    UnderWay(Undoing),
}

impl Ledger {
    pub(super) fn open_saga(&self) -> u64 {
        let mut entries = self.entries();
        entries.sagas = entries.sagas.saturating_add(1);
        entries.sagas
    }

    pub(super) fn add(&self, saga: u64, undo: Undo) {
        let place = {
            let mut entries = self.entries();
            entries.added = entries.added.saturating_add(1);
            entries.added
        };
        let state = State::Waiting(undo);
        self.put(place, Step { saga, state });
    }

    /// Forgets the steps of one saga. They are user code, and dropped outside of the lock.
    pub(super) fn forget(&self, saga: u64) {
        let mut entries = self.entries();
        let steps = std::mem::take(&mut entries.steps).into_iter();
        let (forgotten, kept) = steps.partition(|(_, step)| step.saga == saga);
        entries.steps = kept;
        drop(entries);
        let forgotten: BTreeMap<u64, Step> = forgotten;
        drop(forgotten);
    }

    /// Forgets all steps, now and later: they may own contexts, and contexts own the ledger.
    pub(super) fn close(&self) {
        let steps = {
            let mut entries = self.entries();
            entries.is_closed = true;
            std::mem::take(&mut entries.steps)
        };
        drop(steps);
    }

    /// Whether there is nothing to be undone.
    pub(super) fn is_empty(&self) -> bool {
        let entries = self.entries();
        entries.steps.is_empty() && entries.under_way == 0
    }

    fn added(&self) -> u64 {
        self.entries().added
    }

    /// The last step, of one saga or of all, that was added as one of the first `until`.
    fn take_last(&self, saga: Option<u64>, until: u64) -> Option<(u64, Step)> {
        let mut entries = self.entries();
        let mut steps = entries.steps.range(..=until);
        let last = steps.rfind(|(_, step)| saga.is_none_or(|saga| step.saga == saga));
        let place = last.map(|(&place, _)| place)?;
        let step = entries.steps.remove(&place)?;
        entries.under_way = entries.under_way.saturating_add(1);
        Some((place, step))
    }

    /// A step that was taken out is over.
    fn is_over(&self) {
        let mut entries = self.entries();
        entries.under_way = entries.under_way.saturating_sub(1);
    }

    fn put(&self, place: u64, step: Step) {
        let mut entries = self.entries();
        let unwanted = if entries.is_closed {
            Some(step)
        } else {
            entries.steps.insert(place, step)
        };
        drop(entries);
        drop(unwanted);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // No user code runs under the lock, and every update leaves the entries whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Undoes steps one by one, last first; see [`Saga::compensate`](super::Saga::compensate).
///
/// ```
/// use duroxide::Saga;
///
/// async fn give_up(mut saga: Saga) -> Result<(), String> {
///     saga.compensate().await
/// }
/// ```
#[must_use = "futures do nothing until they are awaited"]
pub struct Compensation {
    context: OrchestrationContext,
    saga: Option<u64>,
    /// Steps that are added from now on are not its business.
    until: u64,
    current: Option<Current>,
    problems: Vec<String>,
}

struct Current {
    place: u64,
    saga: u64,
    undoing: Undoing,
}

impl Compensation {
    pub(super) fn new(context: OrchestrationContext, saga: Option<u64>) -> Self {
        Self {
            until: context.ledger.added(),
            context,
            saga,
            current: None,
            problems: Vec::new(),
        }
    }

    /// Whether there is a step to be worked on.
    fn begin_next(&mut self) -> bool {
        if self.current.is_some() {
            return true;
        }
        let Some((place, step)) = self.context.ledger.take_last(self.saga, self.until) else {
            return false;
        };
        let undoing = match step.state {
            State::UnderWay(undoing) => undoing,
            State::Waiting(undo) => {
                let context = self.context.shielded_context();
                caught(move || undo(context))
                    .unwrap_or_else(|panic| Box::pin(std::future::ready(Err(problem_of(&panic)))))
            }
        };
        self.current = Some(Current {
            place,
            saga: step.saga,
            undoing,
        });
        true
    }

    /// How the step under way ends.
    fn poll_current(&mut self, context: &mut Context<'_>) -> Poll<Result<(), String>> {
        let Some(current) = &mut self.current else {
            return Poll::Ready(Ok(()));
        };
        let polled = caught(|| current.undoing.as_mut().poll(context));
        polled.unwrap_or_else(|problem| Poll::Ready(Err(problem_of(&problem))))
    }
}

impl Future for Compensation {
    type Output = Result<(), String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let was_ending = self.context.turn.is_ending();
            if !self.begin_next() {
                break;
            }
            let mut polled = self.poll_current(context);
            // A verb that fails the instance fails the step alone.
            if !was_ending && let Some(failure) = self.context.turn.take_failure() {
                polled = Poll::Ready(Err(failure.to_string()));
            }
            let Poll::Ready(undone) = polled else {
                return Poll::Pending;
            };
            self.current = None;
            self.context.ledger.is_over();
            if let Err(problem) = undone {
                let context = &self.context;
                context.trace_error(format!("undoing a step failed: {problem}"));
                self.problems.push(problem);
            }
        }
        let problems = std::mem::take(&mut self.problems);
        Poll::Ready(if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("; "))
        })
    }
}

impl Drop for Compensation {
    fn drop(&mut self) {
        if let Some(current) = self.current.take() {
            let step = Step {
                saga: current.saga,
                state: State::UnderWay(current.undoing),
            };
            self.context.ledger.put(current.place, step);
            self.context.ledger.is_over();
        }
    }
}

impl fmt::Debug for Compensation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compensation")
            .field("saga", &self.saga)
            .finish_non_exhaustive()
    }
}

fn problem_of(panic: &str) -> String {
    format!("panicked: {panic}")
}
