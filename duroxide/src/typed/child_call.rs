//! The stub of an annotated orchestration: inside of another one it calls a child.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::codec::CodecError;
use crate::orchestration::durable::durable;
use crate::orchestration::{CallError, Child, DurableFuture, OrchestrationContext};
use crate::typed::Outcome;

/// Who may call an orchestration: another one.
///
/// ```
/// use duroxide::OrchestrationContext;
/// use duroxide::typed::ChildCaller;
///
/// /// Takes a context in any of the forms that a call takes it in.
/// fn whose(caller: impl ChildCaller) -> String {
///     let ctx: OrchestrationContext = caller.into_context();
///     ctx.instance_id()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "an orchestration cannot be called with `{Self}`",
    label = "not an `&OrchestrationContext`",
    note = "in another orchestration pass its `ctx`: then it runs as a child",
    note = "from outside, a test included, start it with a client: `name::start(&client, ..)`; an activity has one in `ctx.client()` [DX0301]"
)]
pub trait ChildCaller: Sized {
    /// The context of whoever calls.
    fn into_context(self) -> OrchestrationContext;
}

#[diagnostic::do_not_recommend]
impl ChildCaller for &OrchestrationContext {
    fn into_context(self) -> OrchestrationContext {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl ChildCaller for &&OrchestrationContext {
    fn into_context(self) -> OrchestrationContext {
        (*self).clone()
    }
}

#[diagnostic::do_not_recommend]
impl ChildCaller for OrchestrationContext {
    fn into_context(self) -> OrchestrationContext {
        self
    }
}

/// A durable call of a child: another orchestration, which runs as an instance of its own and whose
/// end this one gets. Lazy: the child is started at the first poll, or by
/// [`schedule`](Self::schedule).
///
/// What comes back is what the child returned; or [`CallError::Panicked`], [`CallError::Cancelled`],
/// or [`CallError::Rejected`] if it did not come to its end: an id that is taken, a name or version
/// that no worker knows, code that does not fit its history, a message that never got through. Each
/// of them can be caught. Dropped, the call cancels the child.
///
/// ```
/// # use duroxide::prelude::*;
/// #[orchestration]
/// async fn invoice(ctx: &OrchestrationContext, order: u64) -> Result<String, String> {
///     ctx.schedule_timer(Duration::from_secs(24 * 3600)).await;
///     Ok(format!("invoice for {order}"))
/// }
///
/// #[orchestration]
/// async fn fulfil(ctx: &OrchestrationContext, order: u64) -> Result<String, String> {
///     let reminder = invoice(ctx, order).id(format!("reminder-{order}")).detach();
///     trace_info!(ctx, "started {reminder}");
///     let text = invoice(ctx, order).id(format!("invoice-{order}")).await?;
///     Ok(text)
/// }
/// ```
#[must_use = "a call does nothing until it is awaited, scheduled or detached"]
pub struct ChildCall<T, E> {
    context: OrchestrationContext,
    /// What is left to be started: `None` once it is.
    child: Option<Result<Child, CodecError>>,
    name: &'static str,
    id: Option<String>,
    summary: Option<String>,
    outcome: Outcome<T, E>,
    at: &'static Location<'static>,
    running: Option<DurableFuture<Result<T, CallError<E>>>>,
}

impl<T, E> ChildCall<T, E> {
    /// A call of that orchestration. What the macros' stubs make.
    #[doc(hidden)]
    #[track_caller]
    pub fn new(
        caller: impl ChildCaller,
        (name, version): (&'static str, &'static str),
        input: Result<String, CodecError>,
        outcome: Outcome<T, E>,
    ) -> Self {
        let child = input.map(|input| Child {
            name: name.to_owned(),
            version: Some(version.to_owned()),
            input,
        });
        Self {
            context: caller.into_context(),
            child: Some(child),
            name,
            id: None,
            summary: None,
            outcome,
            at: Location::caller(),
            running: None,
        }
    }

    /// The id of the child, unique in the store; one is made up from this instance's if left out.
    ///
    /// With an id that is taken, reserved or malformed the call gives [`CallError::Rejected`].
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[orchestration]
    /// # async fn invoice(_ctx: &OrchestrationContext, order: u64) -> Result<u64, String> { Ok(order) }
    /// #[orchestration]
    /// async fn order(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    ///     let cents = invoice(ctx, number).id(format!("invoice-{number}")).version("1.0.0").await?;
    ///     Ok(cents)
    /// }
    /// ```
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Another version than the stub's own. One that no worker has gives [`CallError::Rejected`].
    ///
    /// An example stands at [`id`](Self::id).
    pub fn version(mut self, version: impl Into<String>) -> Self {
        if let Some(Ok(child)) = &mut self.child {
            child.version = Some(version.into());
        }
        self
    }

    /// A line for people: it stands in the log where the child is started, and not again on a replay.
    /// It is not recorded, so it may be changed at any time.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[orchestration]
    /// # async fn invoice(_ctx: &OrchestrationContext, order: u64) -> Result<u64, String> { Ok(order) }
    /// #[orchestration]
    /// async fn order(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    ///     let cents = invoice(ctx, number).summary(format!("the invoice of order {number}")).await?;
    ///     Ok(cents)
    /// }
    /// ```
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// Starts it as an instance that lives on its own, and gives its id, at once: nobody gets its
    /// end, and it goes on when this instance ends or is cancelled. If there is an instance with that
    /// id, nothing happens.
    ///
    /// An id that is none or is reserved, and an input that does not encode, fail this instance when
    /// it comes to rest.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[orchestration]
    /// # async fn remind(_ctx: &OrchestrationContext, order: u64) -> Result<(), String> { Ok(drop(order)) }
    /// #[orchestration]
    /// async fn order(ctx: &OrchestrationContext, number: u64) -> Result<String, String> {
    ///     let reminder = remind(ctx, number).id(format!("reminder-{number}")).detach();
    ///     Ok(format!("{reminder} goes on without us"))
    /// }
    /// ```
    pub fn detach(mut self) -> String {
        self.tell();
        let wanted = self.id.take();
        let started = match self.child.take() {
            Some(Ok(child)) => (self.context).start_detached(child, wanted.clone(), self.at),
            Some(Err(error)) => Err(error.to_string()),
            None => Err(format!(
                "the child `{}` runs: too late to detach it",
                self.name
            )),
        };
        match started {
            Ok(id) => id.to_string(),
            Err(problem) => {
                self.context.reject(problem);
                wanted.unwrap_or_default()
            }
        }
    }

    fn tell(&self) {
        if let Some(summary) = &self.summary
            && self.context.is_logging_enabled()
        {
            let line = format!("orchestration `{}`: {summary}", self.name);
            self.context.trace_info(line);
        }
    }
}

impl<T: Send + 'static, E: Send + 'static> ChildCall<T, E> {
    /// Starts the child now; its result may be awaited later.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[orchestration]
    /// # async fn invoice(_ctx: &OrchestrationContext, order: u64) -> Result<u64, String> { Ok(order) }
    /// #[orchestration]
    /// async fn order(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    ///     let invoice = invoice(ctx, number).schedule(); // it runs from here on
    ///     ctx.schedule_timer(Duration::from_secs(60)).await;
    ///     let cents = invoice.await?;
    ///     Ok(cents)
    /// }
    /// ```
    pub fn schedule(mut self) -> DurableFuture<Result<T, CallError<E>>> {
        self.start()
    }

    fn start(&mut self) -> DurableFuture<Result<T, CallError<E>>> {
        self.tell();
        let child = match self.child.take() {
            Some(Ok(child)) => child,
            Some(Err(error)) => return self.context.refused(Err(error.into())),
            None => return self.context.refused(Err(CallError::Cancelled)),
        };
        let outcome = self.outcome;
        self.context
            .call_child(child, self.id.take(), self.at)
            .map(move |answer| (outcome.read)(answer))
    }
}

durable! { [T: Send + 'static, E: Send + 'static] ChildCall<T, E>; }

impl<T, E> Unpin for ChildCall<T, E> {}

impl<T: Send + 'static, E: Send + 'static> Future for ChildCall<T, E> {
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

impl<T, E> fmt::Debug for ChildCall<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildCall")
            .field("name", &self.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
