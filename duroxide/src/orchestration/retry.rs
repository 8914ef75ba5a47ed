//! One call of an activity over all its attempts: made of activities and durable timers.
//!
//! Each attempt is an activity of its own, with a timer beside it if its time is limited; each
//! pause is a timer. The call ends with what its last attempt ended with.

use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::engine::{Retry, TurnHandle};
use crate::history::{AppErrorKind, ErrorDetails, EventId};
use crate::orchestration::call_error::activity_message;
use crate::orchestration::{DurableFuture, OrchestrationContext};
use crate::retry::RetryPolicy;
use crate::time::Timestamp;

/// Why a call gave no result.
#[derive(Clone, Debug)]
pub(crate) enum CallFailure {
    /// Its last attempt failed so.
    Failed(ErrorDetails),
    /// The time of its last attempt ran out.
    TimedOut,
}

/// What is called, and where in the code.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) name: String,
    pub(crate) input: String,
    pub(crate) session_id: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) at: &'static Location<'static>,
}

impl OrchestrationContext {
    /// Calls an activity under that policy; `is_worth_retrying` judges how an attempt ended. The
    /// first attempt is asked for at once.
    pub(crate) fn call_with_policy(
        &self,
        callee: Callee,
        policy: RetryPolicy,
        is_worth_retrying: impl Fn(&CallFailure) -> bool + Send + 'static,
    ) -> DurableFuture<Result<String, CallFailure>> {
        let is_plain = policy.timeout.is_none() && policy.total_timeout.is_none();
        match policy.max_attempts {
            0 => self.refused(Err(CallFailure::Failed(no_attempts(&callee.name)))),
            1 if is_plain => self
                .call_activity(callee, None)
                .map(|answer| answer.map_err(CallFailure::Failed)),
            _ => {
                let call = RetriedCall::begin(self, callee, policy, is_worth_retrying);
                DurableFuture::retried(self.turn.clone(), call.attempts(), call)
            }
        }
    }
}

/// All attempts of a call, those to come included, as far as their tag goes.
#[derive(Debug)]
pub(super) struct Attempts {
    first: Option<EventId>,
    tag: SharedTag,
}

/// What was said of the tag when the call was made already.
type SharedTag = Arc<Mutex<Option<String>>>;

impl Attempts {
    /// Gives them this tag.
    ///
    /// # Errors
    ///
    /// Why that cannot be said, or not any more.
    pub(super) fn tag(&self, turn: &TurnHandle, tag: String) -> Result<(), String> {
        if let Some(first) = self.first {
            turn.tag_activity(first, tag.clone())?;
        }
        *self.tag.lock().unwrap_or_else(PoisonError::into_inner) = Some(tag);
        Ok(())
    }
}

impl Callee {
    pub(crate) fn new(name: String, input: String, at: &'static Location<'static>) -> Self {
        Self {
            name,
            input,
            session_id: None,
            tag: None,
            at,
        }
    }

    pub(crate) fn on_session(self, session_id: String) -> Self {
        Self {
            session_id: Some(session_id),
            ..self
        }
    }
}

impl CallFailure {
    /// Whether the activity ended with an error or panicked. What was refused, cancelled or poison
    /// would be so again.
    pub(crate) fn is_of_the_activity(&self) -> bool {
        matches!(
            self,
            Self::Failed(ErrorDetails::Application {
                kind: AppErrorKind::ActivityFailed | AppErrorKind::Panicked,
                ..
            })
        )
    }

    /// The failure as one line of text.
    pub(crate) fn display_message(&self) -> String {
        match self {
            Self::Failed(details) => activity_message(details),
            Self::TimedOut => "timeout: activity timed out".to_owned(),
        }
    }
}

fn no_attempts(name: &str) -> ErrorDetails {
    let problem = format!("the retry policy of the call of `{name}` allows no attempt");
    ErrorDetails::application(AppErrorKind::Rejected, problem)
}

/// A call under way. Dropped, it cancels what is open, as its parts do.
struct RetriedCall<J> {
    context: OrchestrationContext,
    callee: Callee,
    /// Instead of the callee's, if there is one.
    tag: SharedTag,
    policy: RetryPolicy,
    is_worth_retrying: J,
    /// The end of all attempts and pauses.
    deadline: Option<Timestamp>,
    /// When the last timer that fired was due. The store's clock may be ahead of the worker's: then
    /// time has come that far all the same.
    reached: Timestamp,
    /// The attempt under way, or that behind the pause.
    attempt: u32,
    first_attempt: Option<EventId>,
    stage: Stage,
}

/// A timer, and when it is due.
struct Limit {
    due: Timestamp,
    timer: DurableFuture<()>,
}

enum Stage {
    Attempt {
        answer: DurableFuture<Result<String, ErrorDetails>>,
        limit: Option<Limit>,
    },
    Pause {
        end: Limit,
        /// How the attempt before it ended.
        failure: CallFailure,
    },
    Over,
}

impl<J: Fn(&CallFailure) -> bool> RetriedCall<J> {
    fn begin(
        context: &OrchestrationContext,
        callee: Callee,
        policy: RetryPolicy,
        is_worth_retrying: J,
    ) -> Self {
        let now = context.turn.now();
        let mut call = Self {
            context: context.clone(),
            callee,
            tag: SharedTag::default(),
            deadline: policy.total_timeout.map(|total| now.saturating_add(total)),
            policy,
            is_worth_retrying,
            reached: now,
            attempt: 1,
            first_attempt: None,
            stage: Stage::Over,
        };
        call.begin_attempt();
        call
    }

    fn attempts(&self) -> Attempts {
        Attempts {
            first: self.first_attempt,
            tag: Arc::clone(&self.tag),
        }
    }

    fn begin_attempt(&mut self) {
        let retry = self.first_attempt.map(|first_attempt| Retry {
            first_attempt,
            attempt: self.attempt,
        });
        let mut callee = self.callee.clone();
        if let Some(tag) = &*self.tag.lock().unwrap_or_else(PoisonError::into_inner) {
            callee.tag = Some(tag.clone());
        }
        let answer = self.context.call_activity(callee, retry);
        self.first_attempt = self.first_attempt.or(answer.event_id());
        let timeout = self.policy.timeout;
        let own = timeout.map(|timeout| self.now().saturating_add(timeout));
        let due = [own, self.deadline].into_iter().flatten().min();
        // A call that was refused has its answer already.
        let due = due.filter(|_| answer.event_id().is_some());
        let limit = due.map(|due| self.limit(due));
        self.stage = Stage::Attempt { answer, limit };
    }

    /// A timer that ends early, too, when the instance is cancelled.
    fn pause(&self, due: Timestamp) -> Limit {
        let turn = &self.context.turn;
        let id = turn.create_pause(due, self.callee.at);
        let timer = DurableFuture::new(turn.clone(), id, |_fired| ());
        Limit { due, timer }
    }

    fn limit(&self, due: Timestamp) -> Limit {
        let timer = self.context.timer_at(due, self.callee.at);
        Limit { due, timer }
    }

    fn now(&self) -> Timestamp {
        self.context.turn.now().max(self.reached)
    }

    /// Goes on with a pause or the next attempt; or gives the failure back, and the call is over.
    fn after(&mut self, failure: CallFailure) -> Result<(), CallFailure> {
        let is_last = self.attempt >= self.policy.max_attempts;
        if is_last || !(self.is_worth_retrying)(&failure) {
            return Err(failure);
        }
        let draw = || self.context.random::<f64>();
        let pause = self.policy.pause_after(self.attempt, draw);
        let next = self.now().saturating_add(pause);
        if self.is_too_late(next) {
            return Err(failure);
        }
        self.attempt = self.attempt.saturating_add(1);
        if pause.is_zero() {
            self.begin_attempt();
        } else {
            let end = self.pause(next);
            self.stage = Stage::Pause { end, failure };
        }
        Ok(())
    }

    /// Whether an attempt that begins then has no time at all.
    fn is_too_late(&self, begin: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| begin >= deadline)
    }
}

impl Stage {
    /// What the stage ended with.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<StageEnd> {
        match self {
            Self::Attempt { answer, limit } => {
                if let Poll::Ready(answer) = Pin::new(answer).poll(context) {
                    return Poll::Ready(StageEnd::Answer(answer));
                }
                match limit {
                    Some(limit) => limit.poll(context),
                    None => Poll::Pending,
                }
            }
            Self::Pause { end, .. } => end.poll(context),
            Self::Over => Poll::Pending,
        }
    }
}

impl Limit {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<StageEnd> {
        let fired = Pin::new(&mut self.timer).poll(context);
        fired.map(|()| StageEnd::Fired(self.due))
    }
}

enum StageEnd {
    /// The attempt came back.
    Answer(Result<String, ErrorDetails>),
    /// The timer was due then.
    Fired(Timestamp),
}

impl<J> Unpin for RetriedCall<J> {}

impl<J: Fn(&CallFailure) -> bool> Future for RetriedCall<J> {
    type Output = Result<String, CallFailure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        while let Poll::Ready(end) = self.stage.poll(context) {
            // What is still open of the stage is cancelled before anything else is asked for.
            let pause = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Pause { failure, .. } => Some(failure),
                Stage::Attempt { .. } | Stage::Over => None,
            };
            if let StageEnd::Fired(due) = end
                && !self.context.turn.is_refusing()
            {
                self.reached = due;
            }
            let gone_on = match (end, pause) {
                (StageEnd::Answer(Ok(result)), _) => return Poll::Ready(Ok(result)),
                (StageEnd::Answer(Err(details)), _) => self.after(CallFailure::Failed(details)),
                (StageEnd::Fired(_), None) => self.after(CallFailure::TimedOut),
                (StageEnd::Fired(_), Some(_)) if self.context.turn.is_refusing() => {
                    // Asked for all the same: the refusal says why.
                    self.begin_attempt();
                    Ok(())
                }
                // It may have fired late: the process was down.
                (StageEnd::Fired(_), Some(failure)) if self.is_too_late(self.now()) => Err(failure),
                (StageEnd::Fired(_), Some(_)) => {
                    self.begin_attempt();
                    Ok(())
                }
            };
            if let Err(failure) = gone_on {
                return Poll::Ready(Err(failure));
            }
        }
        Poll::Pending
    }
}
