//! The future that every durable verb returns.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::engine::{Asked, Resolution, TurnHandle};
use crate::history::{AppErrorKind, ErrorDetails, EventId};
use crate::orchestration::retry::Attempts;

/// A durable operation under way. Its answer comes from the history.
///
/// Dropping it before it has its answer cancels the operation.
///
/// ```
/// use duroxide::prelude::*;
/// use duroxide::DurableFuture;
///
/// #[orchestration]
/// async fn wake(ctx: &OrchestrationContext, snooze: bool) -> Result<(), String> {
///     let alarm: DurableFuture<()> = ctx.schedule_timer(Duration::from_secs(3600)); // it runs already
///     if snooze {
///         drop(alarm); // and now it is cancelled
///         return Ok(());
///     }
///     alarm.await;
///     Ok(())
/// }
/// ```
#[must_use = "a dropped durable future is cancelled: `.await` it, or keep it [DX0202]"]
pub struct DurableFuture<T> {
    turn: TurnHandle,
    state: State<T>,
}

type Reader<T> = Box<dyn FnOnce(Resolution) -> T + Send>;
type Whole<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum State<T> {
    Open(EventId, Reader<T>),
    /// Asked for after the end of the execution: nobody will answer.
    Never,
    /// Refused before it was asked for.
    Ready(Option<T>),
    /// Several operations, one after another; each cancels itself when it is dropped. If they are the
    /// attempts of one call, they can have a tag.
    Composed(Whole<T>, Option<Attempts>),
    Done,
}

impl<T: Send + 'static> DurableFuture<T> {
    /// The operation opened by the event `id`, whose answer `read` turns into a value.
    pub(crate) fn new(
        turn: TurnHandle,
        id: Option<EventId>,
        read: impl FnOnce(Resolution) -> T + Send + 'static,
    ) -> Self {
        let state = match id {
            Some(id) => State::Open(id, Box::new(read)),
            None => State::Never,
        };
        Self { turn, state }
    }

    /// The answer to a question that could not be asked; nothing is recorded.
    pub(crate) fn refused(turn: TurnHandle, answer: T) -> Self {
        Self {
            turn,
            state: State::Ready(Some(answer)),
        }
    }

    /// An operation made of others.
    pub(super) fn composed(
        turn: TurnHandle,
        whole: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        Self {
            turn,
            state: State::Composed(Box::pin(whole), None),
        }
    }

    /// A call made of attempts, which all have the tag that the call has.
    pub(super) fn retried(
        turn: TurnHandle,
        attempts: Attempts,
        whole: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        Self {
            turn,
            state: State::Composed(Box::pin(whole), Some(attempts)),
        }
    }

    /// The event that opened it, if it is one operation and open.
    pub(super) fn event_id(&self) -> Option<EventId> {
        match &self.state {
            State::Open(id, _) => Some(*id),
            State::Never | State::Ready(_) | State::Composed(..) | State::Done => None,
        }
    }

    /// The same operation with another value. Its identity, and so its cancellation, is kept.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn measure(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     let width = ctx.schedule_activity("width", "").map(|text| text.map(|text| format!("{text} mm")));
    ///     width.await
    /// }
    /// ```
    pub fn map<U: Send + 'static>(
        mut self,
        change: impl FnOnce(T) -> U + Send + 'static,
    ) -> DurableFuture<U> {
        let state = match std::mem::replace(&mut self.state, State::Done) {
            State::Open(id, read) => State::Open(
                id,
                Box::new(move |answer| change(read(answer))) as Reader<U>,
            ),
            State::Ready(answer) => State::Ready(answer.map(change)),
            State::Composed(whole, attempts) => {
                let changed = Box::pin(async move { change(whole.await) });
                State::Composed(changed as Whole<U>, attempts)
            }
            State::Never => State::Never,
            State::Done => State::Done,
        };
        DurableFuture {
            turn: self.turn.clone(),
            state,
        }
    }
}

impl<T> DurableFuture<T> {
    /// Leaves the activity to workers that take this tag; of a call with retries all attempts. To be
    /// said before the future is first polled, and of activities only: anything else fails the instance
    /// when it comes to rest.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn render(ctx: OrchestrationContext, scene: String) -> Result<String, String> {
    ///     ctx.schedule_activity("render", scene).with_tag("gpu").await
    /// }
    /// ```
    #[must_use = "a dropped durable future is cancelled: `.await` it, or keep it"]
    pub fn with_tag(self, tag: impl Into<String>) -> Self {
        let tag = tag.into();
        let problem = match &self.state {
            State::Open(id, _) => self.turn.tag_activity(*id, tag).err(),
            // There is nothing to be done, whoever would do it.
            State::Ready(_) | State::Never => None,
            State::Composed(_, Some(attempts)) => attempts.tag(&self.turn, tag).err(),
            State::Composed(_, None) | State::Done => {
                Some("a tag belongs to one call of an activity".to_owned())
            }
        };
        if let Some(problem) = problem {
            self.turn.reject(problem);
        }
        self
    }
}

impl DurableFuture<Result<String, ErrorDetails>> {
    /// A call of an activity or of another orchestration.
    pub(crate) fn call(turn: TurnHandle, asked: Asked) -> Self {
        match asked {
            Asked::Open(id) => {
                let teller = turn.clone();
                Self::new(turn, Some(id), move |answer| match answer {
                    Resolution::Activity(result) | Resolution::SubOrchestration(result) => {
                        result.inspect_err(|details| teller.tell(details))
                    }
                    Resolution::Timer
                    | Resolution::ExternalEvent(_)
                    | Resolution::QueueEvent(_) => Err(mismatched()),
                })
            }
            Asked::Refused(details) => Self::refused(turn, Err(details)),
            Asked::Ended => Self {
                turn,
                state: State::Never,
            },
        }
    }
}

fn mismatched() -> ErrorDetails {
    ErrorDetails::application(
        AppErrorKind::ActivityFailed,
        "the answer is of another kind",
    )
}

impl<T> Unpin for DurableFuture<T> {}

impl<T> Future for DurableFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let id = match &mut self.state {
            State::Open(id, _) => *id,
            State::Ready(answer) => return answer.take().map_or(Poll::Pending, Poll::Ready),
            State::Composed(whole, _) => {
                let polled = whole.as_mut().poll(context);
                if polled.is_ready() {
                    self.state = State::Done;
                }
                return polled;
            }
            State::Never | State::Done => return Poll::Pending,
        };
        let Poll::Ready(answer) = self.turn.poll(id, context) else {
            return Poll::Pending;
        };
        match std::mem::replace(&mut self.state, State::Done) {
            State::Open(_, read) => Poll::Ready(read(answer)),
            State::Ready(_) | State::Composed(..) | State::Never | State::Done => Poll::Pending,
        }
    }
}

impl<T> Drop for DurableFuture<T> {
    fn drop(&mut self) {
        if let State::Open(id, _) = &self.state {
            self.turn.abandon(*id);
        }
    }
}

impl<T> fmt::Debug for DurableFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Open(id, _) => write!(f, "DurableFuture(event {id})"),
            State::Never => f.write_str("DurableFuture(never)"),
            State::Ready(_) => f.write_str("DurableFuture(refused)"),
            State::Composed(..) => f.write_str("DurableFuture(composed)"),
            State::Done => f.write_str("DurableFuture(done)"),
        }
    }
}
