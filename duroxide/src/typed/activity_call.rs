//! One stub for two kinds of callers: an orchestration calls durably, an activity in place.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;

use crate::activity::ActivityContext;
use crate::codec::CodecError;
use crate::orchestration::{CallError, DurableFuture, OrchestrationContext};
use crate::typed::Outcome;

/// An annotated activity, as its stub describes it.
pub struct TypedActivity<A, T, E> {
    /// The name that the store knows it by.
    pub name: &'static str,
    /// Its parameters as text.
    pub write: fn(&A) -> Result<String, CodecError>,
    /// Its body.
    pub run: fn(ActivityContext, A) -> BoxFuture<'static, Result<T, E>>,
    /// Its result from text.
    pub outcome: Outcome<T, E>,
}

/// Who may call an activity.
#[diagnostic::on_unimplemented(
    message = "an activity cannot be called with `{Self}`",
    label = "neither an `&OrchestrationContext` nor an `ActivityContext`",
    note = "in an orchestration pass its `ctx`; in another activity or a test pass the `ActivityContext`"
)]
pub trait ActivityCaller<T, E>: Sized {
    /// What the call gives: durable, or the body itself.
    type Call;

    /// Makes the call.
    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call;
}

#[diagnostic::do_not_recommend]
impl<T, E> ActivityCaller<T, E> for &OrchestrationContext {
    type Call = ActivityCall<T, E>;

    #[track_caller]
    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call {
        ActivityCall {
            context: self.clone(),
            name: activity.name,
            input: Some((activity.write)(&args)),
            outcome: activity.outcome,
            at: Location::caller(),
            running: None,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> ActivityCaller<T, E> for &&OrchestrationContext {
    type Call = ActivityCall<T, E>;

    #[track_caller]
    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call {
        ActivityCaller::call(*self, activity, args)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> ActivityCaller<T, E> for ActivityContext {
    type Call = BoxFuture<'static, Result<T, E>>;

    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call {
        (activity.run)(self, args)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> ActivityCaller<T, E> for &ActivityContext {
    type Call = BoxFuture<'static, Result<T, E>>;

    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call {
        (activity.run)(self.clone(), args)
    }
}

/// A durable call of an activity. Lazy: asked for at its first poll, or by
/// [`schedule`](Self::schedule).
#[must_use = "a call does nothing until it is awaited or scheduled"]
pub struct ActivityCall<T, E> {
    context: OrchestrationContext,
    name: &'static str,
    input: Option<Result<String, CodecError>>,
    outcome: Outcome<T, E>,
    at: &'static Location<'static>,
    running: Option<DurableFuture<Result<T, CallError<E>>>>,
}

impl<T: Send + 'static, E: Send + 'static> ActivityCall<T, E> {
    /// Asks for the activity now; its result may be awaited later.
    pub fn schedule(mut self) -> DurableFuture<Result<T, CallError<E>>> {
        self.start()
    }

    fn start(&mut self) -> DurableFuture<Result<T, CallError<E>>> {
        match self.input.take() {
            Some(Ok(input)) => self
                .context
                .call_activity(self.name.to_owned(), input, self.at)
                .map(self.outcome.read),
            Some(Err(error)) => self.context.refused(Err(error.into())),
            None => self.context.refused(Err(CallError::Cancelled)),
        }
    }
}

impl<T, E> Unpin for ActivityCall<T, E> {}

impl<T: Send + 'static, E: Send + 'static> Future for ActivityCall<T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.running.is_none() {
            self.running = Some(self.start());
        }
        match &mut self.running {
            Some(running) => Pin::new(running).poll(context),
            None => Poll::Pending,
        }
    }
}

impl<T, E> fmt::Debug for ActivityCall<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityCall")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<A, T, E> fmt::Debug for TypedActivity<A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedActivity")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
