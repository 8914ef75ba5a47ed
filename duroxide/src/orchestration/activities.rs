//! The verbs that call activities by name.

use std::panic::Location;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{CodecError, dynamic};
use crate::engine::{ActivityCall, Retry};
use crate::history::ErrorDetails;
use crate::orchestration::call_error::activity_message;
use crate::orchestration::retry::{CallFailure, Callee};
use crate::orchestration::{DurableFuture, OrchestrationContext};
use crate::retry::RetryPolicy;

impl OrchestrationContext {
    /// Calls the activity with that name, input and output as text. Asked for at once, not at the
    /// first poll.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn hello(ctx: OrchestrationContext, name: String) -> Result<String, String> {
    ///     let greeting = ctx.schedule_activity("Hello", name).await?;
    ///     Ok(greeting)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The future gives the activity's error, or why there is no result: it panicked, was cancelled,
    /// never came back, or the input was too large.
    #[track_caller]
    pub fn schedule_activity(
        &self,
        name: impl Into<String>,
        input: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = Callee::new(name.into(), input.into(), Location::caller());
        self.call_activity(callee, None).map(readable)
    }

    /// The same with values: the input is encoded, the result decoded. Strings travel as they are,
    /// all else as JSON.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn total(ctx: OrchestrationContext, items: String) -> Result<String, String> {
    ///     let items: Vec<u64> = items.split(',').filter_map(|item| item.parse().ok()).collect();
    ///     let cents: u64 = ctx.schedule_activity_typed("total", &items).await?;
    ///     Ok(format!("{cents} cents"))
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_activity_typed<In: Serialize, Out: DeserializeOwned + Send + 'static>(
        &self,
        name: impl Into<String>,
        input: &In,
    ) -> DurableFuture<Result<Out, String>> {
        let at = Location::caller();
        self.with_encoded(input, |input| {
            let callee = Callee::new(name.into(), input, at);
            self.call_activity(callee, None).map(readable)
        })
    }

    /// Calls an activity on the worker that owns the session; the first call of a session chooses it.
    /// Activities of one session find there what earlier ones left in memory, for as long as the
    /// session lives.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn conversation(ctx: OrchestrationContext, model: String) -> Result<String, String> {
    ///     let session = ctx.instance_id();
    ///     ctx.schedule_activity_on_session("load", model, session.as_str()).await?;
    ///     ctx.schedule_activity_on_session("ask", "why", session).await // on the worker that has loaded it
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_activity_on_session(
        &self,
        name: impl Into<String>,
        input: impl Into<String>,
        session_id: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = Callee::new(name.into(), input.into(), Location::caller());
        let callee = callee.on_session(session_id.into());
        self.call_activity(callee, None).map(readable)
    }

    /// The same with values.
    ///
    /// See [`schedule_activity_typed`](Self::schedule_activity_typed) for an example with values.
    #[track_caller]
    pub fn schedule_activity_on_session_typed<
        In: Serialize,
        Out: DeserializeOwned + Send + 'static,
    >(
        &self,
        name: impl Into<String>,
        input: &In,
        session_id: impl Into<String>,
    ) -> DurableFuture<Result<Out, String>> {
        let at = Location::caller();
        self.with_encoded(input, |input| {
            let callee = Callee::new(name.into(), input, at).on_session(session_id.into());
            self.call_activity(callee, None).map(readable)
        })
    }

    /// Calls an activity as often as `policy` allows, until it succeeds. The first attempt is asked
    /// for at once, the others as the future is polled; pauses are durable timers.
    ///
    /// Errors and panics of the activity are retried. Its `ActivityContext` tells the attempts
    /// apart; the idempotency key is the same for all of them.
    ///
    /// # Errors
    ///
    /// The error of the last attempt, or `timeout: activity timed out` as soon as one attempt took
    /// longer than the policy's `timeout`, or all of them longer than its `total_timeout`: a
    /// time-out is not retried here, only by the calls of annotated activities. If the next
    /// attempt could only begin behind the `total_timeout`, the call ends at once.
    ///
    /// A tag ([`with_tag`](DurableFuture::with_tag)) is that of all attempts.
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, RetryPolicy};
    ///
    /// async fn orders(ctx: OrchestrationContext, order: String) -> Result<String, String> {
    ///     let policy = RetryPolicy::new(5);
    ///     ctx.schedule_activity_with_retry("charge", order, policy).await
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_activity_with_retry(
        &self,
        name: impl Into<String>,
        input: impl Into<String>,
        policy: RetryPolicy,
    ) -> DurableFuture<Result<String, String>> {
        self.retried(
            Callee::new(name.into(), input.into(), Location::caller()),
            policy,
        )
    }

    /// The same with values.
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, RetryPolicy};
    ///
    /// async fn pay(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     let prices = vec![990_u64, 250];
    ///     let policy = RetryPolicy::new(5);
    ///     let total: u64 = ctx.schedule_activity_with_retry_typed("charge", &prices, policy).await?;
    ///     Ok(format!("{total} cents"))
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_activity_with_retry_typed<
        In: Serialize,
        Out: DeserializeOwned + Send + 'static,
    >(
        &self,
        name: impl Into<String>,
        input: &In,
        policy: RetryPolicy,
    ) -> DurableFuture<Result<Out, String>> {
        let at = Location::caller();
        self.with_encoded(input, |input| {
            self.retried(Callee::new(name.into(), input, at), policy)
        })
    }

    /// The same on a session: all attempts run on its worker.
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, RetryPolicy};
    ///
    /// async fn ask(ctx: OrchestrationContext, question: String) -> Result<String, String> {
    ///     let (policy, session) = (RetryPolicy::new(5), ctx.instance_id());
    ///     ctx.schedule_activity_with_retry_on_session("ask", question, policy, session).await
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_activity_with_retry_on_session(
        &self,
        name: impl Into<String>,
        input: impl Into<String>,
        policy: RetryPolicy,
        session_id: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = Callee::new(name.into(), input.into(), Location::caller());
        self.retried(callee.on_session(session_id.into()), policy)
    }

    /// The same with values.
    ///
    /// See [`schedule_activity_with_retry_typed`](Self::schedule_activity_with_retry_typed) for an example
    /// with values.
    #[track_caller]
    pub fn schedule_activity_with_retry_on_session_typed<
        In: Serialize,
        Out: DeserializeOwned + Send + 'static,
    >(
        &self,
        name: impl Into<String>,
        input: &In,
        policy: RetryPolicy,
        session_id: impl Into<String>,
    ) -> DurableFuture<Result<Out, String>> {
        let at = Location::caller();
        self.with_encoded(input, |input| {
            let callee = Callee::new(name.into(), input, at).on_session(session_id.into());
            self.retried(callee, policy)
        })
    }

    fn retried(
        &self,
        callee: Callee,
        policy: RetryPolicy,
    ) -> DurableFuture<Result<String, String>> {
        self.call_with_policy(callee, policy, CallFailure::is_of_the_activity)
            .map(|answer| answer.map_err(|failure| failure.display_message()))
    }

    /// The call behind all forms of calling an activity.
    pub(crate) fn call_activity(
        &self,
        callee: Callee,
        retry: Option<Retry>,
    ) -> DurableFuture<Result<String, ErrorDetails>> {
        let Callee {
            name,
            input,
            session_id,
            tag,
            at,
        } = callee;
        let call = ActivityCall {
            name,
            input,
            retry,
            session_id,
            tag,
        };
        let asked = self.turn.schedule_activity(call, at);
        DurableFuture::call(self.turn.clone(), asked)
    }

    /// A call whose input is a value and whose result becomes one.
    pub(super) fn with_encoded<In: Serialize, Out: DeserializeOwned + Send + 'static>(
        &self,
        input: &In,
        call: impl FnOnce(String) -> DurableFuture<Result<String, String>>,
    ) -> DurableFuture<Result<Out, String>> {
        match dynamic::encode(input) {
            Ok(input) => call(input).map(|answer| decoded(&answer?)),
            Err(error) => self.refused(Err(error.to_string())),
        }
    }
}

/// What dynamic code is told.
fn readable(answer: Result<String, ErrorDetails>) -> Result<String, String> {
    answer.map_err(|details| activity_message(&details))
}

pub(super) fn decoded<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    dynamic::decode(text).map_err(|error: CodecError| error.to_string())
}
