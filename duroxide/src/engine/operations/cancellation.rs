//! Cancellation: the instance is asked to end. Code that has said nothing about it ends at once;
//! code that asked to clean up sees the request, and has until a deadline.

use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::engine::operations::{self, Request};
use crate::engine::turn_state::TurnState;
use crate::engine::{Resolution, TurnHandle};
use crate::history::{AppErrorKind, ErrorDetails, EventId, EventKind};

/// How the code wants to be cancelled. Follows from what it did so far, so it is the same on replay.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::engine::{OnCancel, TurnHandle};
///
/// /// The code sees a request to end, and has five minutes from then on.
/// fn cooperate(turn: &TurnHandle) {
///     turn.on_cancel(OnCancel::Cooperate, Some(Duration::from_secs(300)));
/// }
/// # assert_eq!(OnCancel::default(), OnCancel::End);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnCancel {
    /// It ends at once.
    #[default]
    End,
    /// Whoever wraps the code ends it and cleans up behind it.
    Unwind,
    /// The code goes on: its open calls end as cancelled.
    Cooperate,
}

/// How long code may go on after it was cancelled, if it did not say.
const CLEANUP: Duration = Duration::from_secs(60);

/// What is known of a request to end.
#[derive(Debug, Default)]
pub(in crate::engine) struct Cancellation {
    on_cancel: OnCancel,
    /// How long the code wants to go on.
    within: Option<Duration>,
    /// The words of whoever asked first.
    reason: Option<String>,
    /// Ends the time for cleaning up.
    deadline: Option<EventId>,
    /// Who waits for the request.
    watchers: BTreeMap<u64, Option<Waker>>,
    next_watcher: u64,
}

impl Cancellation {
    /// Nobody is polled any more. The wakers are to be dropped outside of the lock.
    pub(in crate::engine) fn take_wakers(&mut self) -> Vec<Waker> {
        let watchers = self.watchers.values_mut();
        watchers.filter_map(Option::take).collect()
    }
}

/// What a request comes to.
pub(in crate::engine) enum Cancelled {
    /// The execution ends now, with this event.
    Ends(EventKind),
    /// The code goes on. The wakers are to be woken outside of the lock.
    GoesOn(Vec<Waker>),
}

impl TurnHandle {
    /// Says how the code wants to be cancelled, and how long it may go on then (60 seconds if it never
    /// says). What asks for more counts.
    pub fn on_cancel(&self, wish: OnCancel, within: Option<Duration>) {
        let mut state = self.lock();
        let cancellation = &mut state.cancellation;
        cancellation.on_cancel = cancellation.on_cancel.max(wish);
        cancellation.within = cancellation.within.max(within);
    }

    /// Whether calls by this handle end at once, because the instance was asked to end.
    ///
    /// ```
    /// # use duroxide::engine::TurnHandle;
    /// /// What becomes of a call that is made now.
    /// fn in_words(turn: &TurnHandle) -> String {
    ///     match turn.cancel_reason() {
    ///         Some(reason) if turn.is_unwinding() => format!("the code is ending: {reason}"),
    ///         Some(reason) if turn.is_refusing() => format!("it ends at once: {reason}"),
    ///         Some(reason) => format!("it is shielded: {reason}"),
    ///         None => "it is made".to_owned(),
    ///     }
    /// }
    /// ```
    pub fn is_refusing(&self) -> bool {
        !self.is_shielded && self.lock().cancellation.reason.is_some()
    }

    /// The words of whoever asked the instance to end, if somebody did.
    pub fn cancel_reason(&self) -> Option<String> {
        self.lock().cancel_reason().map(str::to_owned)
    }

    /// Whether whoever wraps the code is to end it and to clean up.
    pub fn is_unwinding(&self) -> bool {
        let state = self.lock();
        let cancellation = &state.cancellation;
        cancellation.reason.is_some() && cancellation.on_cancel == OnCancel::Unwind
    }

    /// Begins to wait for a request to end.
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// Completes when somebody asks the instance to end, with their words.
    /// async fn cancelled(turn: &TurnHandle) -> String {
    ///     let watcher = turn.watch_cancellation();
    ///     let reason = poll_fn(|context| turn.poll_cancellation(watcher, context)).await;
    ///     turn.unwatch_cancellation(watcher);
    ///     reason
    /// }
    /// ```
    pub fn watch_cancellation(&self) -> u64 {
        let mut state = self.lock();
        let cancellation = &mut state.cancellation;
        cancellation.next_watcher = cancellation.next_watcher.saturating_add(1);
        let watcher = cancellation.next_watcher;
        cancellation.watchers.insert(watcher, None);
        watcher
    }

    /// Ready with the words of whoever asked.
    pub fn poll_cancellation(&self, watcher: u64, context: &Context<'_>) -> Poll<String> {
        let mut state = self.lock();
        if let Some(reason) = &state.cancellation.reason {
            return Poll::Ready(reason.clone());
        }
        let waker = context.waker().clone();
        let Some(place) = state.cancellation.watchers.get_mut(&watcher) else {
            return Poll::Pending;
        };
        let replaced = place.replace(waker);
        state.awaited = state
            .awaited
            .saturating_add(usize::from(replaced.is_none()));
        drop(state);
        // Dropped outside of the lock: a waker is foreign code.
        drop(replaced);
        Poll::Pending
    }

    /// Waits no longer.
    pub fn unwatch_cancellation(&self, watcher: u64) {
        let mut state = self.lock();
        let waker = state.cancellation.watchers.remove(&watcher).flatten();
        // Once nobody is polled any more, nobody is counted either.
        state.awaited = state
            .awaited
            .saturating_sub(usize::from(waker.is_some() && !state.closed));
        drop(state);
        drop(waker);
    }
}

impl TurnState {
    /// The words of whoever asked the instance to end, if somebody did.
    pub(in crate::engine) fn cancel_reason(&self) -> Option<&str> {
        self.cancellation.reason.as_deref()
    }

    /// Whether another request would say anything new.
    pub(in crate::engine) fn heeds_cancel(&self, terminate: bool) -> bool {
        terminate || self.cancellation.reason.is_none()
    }

    /// A request to end stands in the history, or is about to.
    pub(in crate::engine) fn cancel_requested(
        &mut self,
        reason: &str,
        terminate: bool,
    ) -> Cancelled {
        let cancellation = &mut self.cancellation;
        let first = cancellation.reason.get_or_insert_with(|| reason.to_owned());
        let ends = Cancelled::Ends(cancelled(first));
        if terminate || cancellation.on_cancel == OnCancel::End {
            return ends;
        }
        let limit = cancellation.within.unwrap_or(CLEANUP);
        let mut wakers = cancellation.take_wakers();
        self.awaited = self.awaited.saturating_sub(wakers.len());
        let cooperates = self.cancellation.on_cancel == OnCancel::Cooperate;
        let fire_at = self.now.saturating_add(limit);
        self.cancellation.deadline =
            Some(self.push(None, EventKind::TimerCreated { fire_at }, None));
        if cooperates {
            wakers.extend(self.end_open_calls());
        }
        self.allow_more(self.emitted.len());
        Cancelled::GoesOn(wakers)
    }

    /// The end, if this was the last moment for it.
    pub(in crate::engine) fn deadline_passed(&self, source: EventId) -> Option<EventKind> {
        let is_over = self.cancellation.deadline == Some(source);
        let reason = self.cancellation.reason.as_ref().filter(|_| is_over)?;
        Some(cancelled(reason))
    }

    /// What an end by the code comes to when it was asked to end: an error is the consequence, and
    /// a next execution would not know of the request.
    pub(in crate::engine) fn end_of_cancelled(&self, terminal: EventKind) -> EventKind {
        let Some(reason) = &self.cancellation.reason else {
            return terminal;
        };
        match terminal {
            EventKind::OrchestrationFailed {
                details: ErrorDetails::Application { ref kind, .. },
            } if !matches!(kind, AppErrorKind::Panicked | AppErrorKind::Rejected) => {
                cancelled(reason)
            }
            EventKind::OrchestrationContinuedAsNew { .. } => cancelled(reason),
            other => other,
        }
    }

    /// Activities and sub-orchestrations that are not shielded end as cancelled, for the code and
    /// for the world.
    fn end_open_calls(&mut self) -> Vec<Waker> {
        let calls = self.open.iter().filter(|(_, operation)| {
            let is_call = matches!(
                operation.request,
                Request::Activity | Request::SubOrchestration { .. }
            );
            (is_call || operation.is_pause)
                && !operation.is_shielded
                && operation.resolution.is_none()
        });
        let calls: Vec<(EventId, Request)> = calls
            .map(|(&id, operation)| (id, operation.request.clone()))
            .collect();
        let reason = self.cancellation.reason.clone().unwrap_or_default();
        let mut wakers = Vec::new();
        for (id, request) in calls {
            self.push(Some(id), request.cancellation(operations::CANCELLED), None);
            let answer = Err(cancelled_details(&reason));
            let resolution = match request {
                Request::SubOrchestration { .. } => Resolution::SubOrchestration(answer),
                Request::Timer { .. } => Resolution::Timer,
                Request::Activity | Request::ExternalEvent | Request::QueueEvent => {
                    Resolution::Activity(answer)
                }
            };
            wakers.extend(self.resolve(id, resolution));
        }
        wakers
    }
}

/// What a cancelled call or instance ends with.
pub(in crate::engine) fn cancelled_details(reason: &str) -> ErrorDetails {
    let kind = AppErrorKind::Cancelled {
        reason: reason.to_owned(),
    };
    ErrorDetails::application(kind, format!("canceled: {reason}"))
}

fn cancelled(reason: &str) -> EventKind {
    EventKind::OrchestrationFailed {
        details: cancelled_details(reason),
    }
}
