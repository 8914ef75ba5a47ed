//! One stub for two kinds of callers: an orchestration calls durably, an activity in place.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::activity::ActivityContext;
use crate::codec::CodecError;
use crate::orchestration::durable::durable;
use crate::orchestration::{CallError, CallFailure, Callee, DurableFuture, OrchestrationContext};
use crate::retry::RetryPolicy;
use crate::typed::Outcome;

/// The most bytes of a tag or of the id of a session.
const LONGEST_ROUTE: usize = 256;

/// An annotated activity, as its stub describes it.
///
/// An example stands at [`ActivityCaller`].
pub struct TypedActivity<A, T, E> {
    /// The name that the store knows it by.
    pub name: &'static str,
    /// Its parameters as text.
    pub write: fn(&A) -> Result<String, CodecError>,
    /// Its body.
    pub run: fn(ActivityContext, A) -> BoxFuture<'static, Result<T, E>>,
    /// Its result from text.
    pub outcome: Outcome<T, E>,
    /// How often it is attempted, if the call says nothing else.
    pub policy: RetryPolicy,
    /// Which workers run it, if the call says nothing else.
    pub tag: Option<&'static str>,
    /// Whether an error of it is final: not retried, whatever the policy.
    pub is_final: fn(&E) -> bool,
}

/// Who may call an activity.
///
/// What the stub of `#[activity]` does, written by hand:
///
/// ```
/// use duroxide::codec::encode;
/// use duroxide::typed::{ActivityCaller, TypedActivity, outcome};
/// use duroxide::{ActivityContext, RetryPolicy};
/// use futures::FutureExt as _;
///
/// fn double<C: ActivityCaller<u64, String>>(caller: C, number: u64) -> C::Call {
///     let activity = TypedActivity::<u64, u64, String> {
///         name: "double",
///         write: |number: &u64| encode(number),
///         run: |_ctx: ActivityContext, number: u64| async move { Ok(2 * number) }.boxed(),
///         outcome: outcome(),
///         policy: RetryPolicy::new(1),
///         tag: None,
///         is_final: |_error| false,
///     };
///     caller.call(activity, number)
/// }
///
/// // Called with the context of an activity it runs in place.
/// let doubled = futures::executor::block_on(double(ActivityContext::for_test(), 21));
/// assert_eq!(doubled, Ok(42));
/// ```
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
        ActivityCaller::call(self.clone(), activity, args)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> ActivityCaller<T, E> for &&OrchestrationContext {
    type Call = ActivityCall<T, E>;

    #[track_caller]
    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call {
        ActivityCaller::call((*self).clone(), activity, args)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> ActivityCaller<T, E> for OrchestrationContext {
    type Call = ActivityCall<T, E>;

    #[track_caller]
    fn call<A: Send + 'static>(self, activity: TypedActivity<A, T, E>, args: A) -> Self::Call {
        ActivityCall {
            context: self,
            name: activity.name,
            input: Some((activity.write)(&args)),
            outcome: activity.outcome,
            policy: activity.policy,
            is_final: activity.is_final,
            tag: activity.tag.map(str::to_owned),
            session: None,
            summary: None,
            at: Location::caller(),
            running: None,
        }
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
///
/// Its options override what the attribute of the activity says; without either there is one
/// attempt and no limit of time. They are part of the orchestration's code: changing them needs a
/// new version while instances run.
///
/// Attempts that fail, panic or take too long are retried. A call ends with what its last attempt
/// ended with: [`CallError::TimedOut`] if its time ran out. Refused calls
/// ([`CallError::Rejected`]) and errors that the attribute lists under `no_retry` are final at
/// once. Dropped, the call cancels the attempt or the pause that is under way.
///
/// ```
/// # use duroxide::prelude::*;
/// #[activity(timeout = "30s", retry(max_attempts = 5, initial = "200ms"))]
/// async fn charge(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> {
///     Ok(cents)
/// }
///
/// #[orchestration]
/// async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
///     let half = charge(ctx, cents / 2).await?;
///     let rest = charge(ctx, cents - half)
///         .attempts(3)
///         .timeout(Duration::from_secs(5))
///         .total_timeout(Duration::from_secs(60))
///         .tag("payments")
///         .summary(format!("the rest of {cents} cents"))
///         .await?;
///     Ok(half + rest)
/// }
/// ```
#[must_use = "a call does nothing until it is awaited or scheduled [DX0202]"]
pub struct ActivityCall<T, E> {
    context: OrchestrationContext,
    name: &'static str,
    input: Option<Result<String, CodecError>>,
    outcome: Outcome<T, E>,
    policy: RetryPolicy,
    is_final: fn(&E) -> bool,
    tag: Option<String>,
    session: Option<String>,
    summary: Option<String>,
    at: &'static Location<'static>,
    running: Option<DurableFuture<Result<T, CallError<E>>>>,
}

impl<T, E> ActivityCall<T, E> {
    /// Attempts and pauses as that policy says; its limits of time too, where it has some.
    ///
    /// A policy of 0 attempts gives [`CallError::Rejected`].
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn charge(_ctx: &ActivityContext, cents: u64) -> Result<u64, String> { Ok(cents) }
    /// #[orchestration]
    /// async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, String> {
    ///     let patient = RetryPolicy::new(10).with_timeout(Duration::from_secs(30)).with_jitter(0.5);
    ///     let paid = charge(ctx, cents).retry(patient).await?;
    ///     Ok(paid)
    /// }
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = RetryPolicy {
            timeout: policy.timeout.or(self.policy.timeout),
            total_timeout: policy.total_timeout.or(self.policy.total_timeout),
            ..policy
        };
        self
    }

    /// At most that many attempts, the first included. The pauses are the attribute's, or those of
    /// [`RetryPolicy::default`]. 0 gives [`CallError::Rejected`].
    pub fn attempts(mut self, max_attempts: u32) -> Self {
        self.policy.max_attempts = max_attempts;
        self
    }

    /// At most that long for each attempt, waiting in the queue included. An attempt that takes
    /// longer is cancelled and counts as failed; if it was the last one, the call gives
    /// [`CallError::TimedOut`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = Some(timeout);
        self
    }

    /// At most that long for all attempts and pauses together. The attempt that takes longer is
    /// cancelled, and the call gives [`CallError::TimedOut`]. If the next attempt could only begin
    /// behind that time, the call ends at once with the error of the last one.
    pub fn total_timeout(mut self, total_timeout: Duration) -> Self {
        self.policy.total_timeout = Some(total_timeout);
        self
    }

    /// Only workers that take this tag run it, in all its attempts. Without one it is for workers
    /// that take what has no tag. A tag of no or of more than 256 bytes gives
    /// [`CallError::Rejected`].
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// All activities of a session run on the same worker, which the first of them chooses: there
    /// they find what earlier ones left in memory, for as long as the session lives. All attempts
    /// belong to it. An id of no or of more than 256 bytes gives [`CallError::Rejected`].
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn load(_ctx: &ActivityContext, model: String) -> Result<(), String> { Ok(drop(model)) }
    /// # #[activity]
    /// # async fn ask(_ctx: &ActivityContext, question: String) -> Result<String, String> { Ok(question) }
    /// #[orchestration]
    /// async fn conversation(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let session = ctx.instance_id();
    ///     load(ctx, "large".to_owned()).on_session(&session).await?;
    ///     let answer = ask(ctx, "why".to_owned()).on_session(&session).await?; // where it was loaded
    ///     Ok(answer)
    /// }
    /// ```
    pub fn on_session(mut self, id: impl Into<String>) -> Self {
        self.session = Some(id.into());
        self
    }

    /// A line for people: it stands in the log where the activity is asked for, and not again on a
    /// replay. It is not recorded, so it may be changed at any time.
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }
}

impl<T: Send + 'static, E: Send + 'static> ActivityCall<T, E> {
    /// Asks for the activity now; its result may be awaited later. Further attempts are made while
    /// the result is awaited.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn bake(_ctx: &ActivityContext, what: String) -> Result<String, String> { Ok(what) }
    /// #[orchestration]
    /// async fn dinner(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let bread = bake(ctx, "bread".to_owned()).schedule(); // in the oven from now on
    ///     let soup = bake(ctx, "soup".to_owned()).await?;
    ///     Ok(format!("{soup} with {}", bread.await?))
    /// }
    /// ```
    pub fn schedule(mut self) -> DurableFuture<Result<T, CallError<E>>> {
        self.start()
    }

    fn start(&mut self) -> DurableFuture<Result<T, CallError<E>>> {
        let callee = match self.callee() {
            Ok(callee) => callee,
            Err(error) => return self.context.refused(Err(error)),
        };
        if let Some(summary) = &self.summary
            && self.context.is_logging_enabled()
        {
            let line = format!("activity `{}`: {summary}", self.name);
            self.context.trace_info(line);
        }
        let (outcome, is_final) = (self.outcome, self.is_final);
        let read = move |failure| match failure {
            CallFailure::Failed(details) => (outcome.read)(Err(details)),
            CallFailure::TimedOut => Err(CallError::TimedOut),
        };
        let is_worth_retrying = move |failure: &CallFailure| match read(failure.clone()) {
            Err(CallError::Failed(error)) => !is_final(&error),
            Err(CallError::TimedOut | CallError::Panicked(_)) => true,
            Ok(_) | Err(CallError::Cancelled | CallError::Rejected(_)) => false,
        };
        self.context
            .call_with_policy(callee, self.policy.clone(), is_worth_retrying)
            .map(move |answer| match answer {
                Ok(result) => (outcome.read)(Ok(result)),
                Err(failure) => read(failure),
            })
    }

    /// What is asked for, once.
    fn callee(&mut self) -> Result<Callee, CallError<E>> {
        let input = self.input.take().ok_or(CallError::Cancelled)??;
        let route = |what: &str, name: Option<String>| match name {
            Some(name) if !(1..=LONGEST_ROUTE).contains(&name.len()) => {
                Err(CallError::Rejected(format!(
                    "the {what} of the call of `{}` has {} bytes; 1 to {LONGEST_ROUTE} are allowed",
                    self.name,
                    name.len()
                )))
            }
            other => Ok(other),
        };
        Ok(Callee {
            session_id: route("session", self.session.take())?,
            tag: route("tag", self.tag.take())?,
            ..Callee::new(self.name.to_owned(), input, self.at)
        })
    }
}

impl<T, E> Unpin for ActivityCall<T, E> {}

durable! { [T: Send + 'static, E: Send + 'static] ActivityCall<T, E>; }

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
