//! Which futures history drives: the marker that `.await` asks for in annotated functions.

#[cfg(feature = "futures")]
mod futures;

#[cfg(feature = "futures")]
pub use futures::DurableStream;

use std::fmt;
use std::future::Ready;
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::orchestration::cancellation::CancellationRequested;
use crate::orchestration::context::{ContinueAsNew, OrchestrationContext, Timeout};
use crate::orchestration::durable_future::DurableFuture;
use crate::orchestration::join::{Join2, Join3, JoinAll};
use crate::orchestration::select::{Select2, Select3, SelectAll};
use crate::orchestration::undoing::Compensation;

/// A future that history drives: it completes on a replay as it did the first time.
///
/// In functions under `#[orchestration]` and `#[deterministic]` nothing else can be awaited. All
/// verbs of the context, calls of activities and children, the combinators of this crate and those
/// of the `futures` crate over durable children are durable; so is an `async` block in such a
/// function, and what a function under `#[deterministic]` returns. It cannot be implemented
/// elsewhere: for a single foreign future there is
/// [`assume_durable`](OrchestrationContext::assume_durable).
///
/// A trait's method can promise it:
///
/// ```
/// use duroxide::prelude::*;
///
/// trait Shipping {
///     fn ship(&self, ctx: &OrchestrationContext, order: u64) -> impl Durable<Output = u64> + Send;
/// }
///
/// struct Overnight;
///
/// impl Shipping for Overnight {
///     #[deterministic]
///     async fn ship(&self, ctx: &OrchestrationContext, order: u64) -> u64 {
///         ctx.schedule_timer(Duration::from_secs(12 * 3600)).await;
///         order
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is awaited in an orchestration, but it is not a durable future [DX0001]",
    label = "driven by the outside world: a replay cannot reproduce it",
    note = "await what comes from the context: activities, timers, events, child orchestrations, `join_all`, `select!`",
    note = "your own `async fn` that awaits only such futures becomes durable by `#[deterministic]`",
    note = "input and output belong in an `#[activity]`; more: `cargo duroxide explain DX0001`"
)]
pub trait Durable: Future + sealed::Sealed {}

/// A boxed durable future, as `Box::pin(..)` makes it.
///
/// ```
/// use duroxide::BoxDurable;
/// use duroxide::prelude::*;
///
/// #[orchestration]
/// async fn wait(ctx: &OrchestrationContext, for_an_event: bool) -> Result<(), String> {
///     let wait: BoxDurable<'_, ()> = if for_an_event {
///         Box::pin(async { drop(ctx.schedule_wait("go").await) })
///     } else {
///         Box::pin(ctx.schedule_timer(Duration::from_secs(60)))
///     };
///     wait.await;
///     Ok(())
/// }
/// ```
pub type BoxDurable<'a, T> = Pin<Box<dyn Durable<Output = T> + Send + 'a>>;

pub(crate) mod sealed {
    /// Keeps the marker in this crate.
    #[expect(unnameable_types, reason = "nobody else implements it")]
    pub trait Sealed {}
}

/// Marks types as durable, each with its conditions.
macro_rules! durable {
    ($([$($generics:tt)*] $ty:ty $(where { $($bounds:tt)* })?;)*) => {$(
        impl<$($generics)*> $crate::orchestration::durable::sealed::Sealed for $ty
        $(where $($bounds)*)? {}

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::orchestration::Durable for $ty
        $(where $($bounds)*)? {}
    )*};
}
pub(crate) use durable;

durable! {
    [T] DurableFuture<T>;
    [T, E] ContinueAsNew<T, E>;
    [] CancellationRequested;
    [] Compensation;
    [F: Durable] JoinAll<F>;
    [F: Durable] SelectAll<F>;
    // Its awaits were checked where it was written.
    [F: Future] Block<F>;
    // Whoever vouched for it gave a reason.
    [F: Future] Assumed<F>;
    [A: Durable, B: Durable] Join2<A, B>;
    [A: Durable, B: Durable, C: Durable] Join3<A, B, C>;
    [A: Durable, B: Durable] Select2<A, B>;
    [A: Durable, B: Durable, C: Durable] Select3<A, B, C>;
    [F: Durable] Timeout<F>;
    [F: Durable + Unpin + ?Sized] &mut F;
    [F: Durable + Unpin + ?Sized] Box<F>;
    [P: DerefMut<Target: Durable>] Pin<P>;
    [T] Ready<T>;
}

pin_project! {
    /// An `async` block of an annotated function.
    ///
    /// An example stands at [`block`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Block<F> {
        #[pin]
        inner: F,
    }
}

/// Made by the macros around each `async` block in which they checked the awaits.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[orchestration]
/// async fn naps(ctx: &OrchestrationContext) -> Result<usize, String> {
///     let nap = |minutes: u64| async move {
///         ctx.schedule_timer(Duration::from_secs(60 * minutes)).await; // durable, so the block is too
///     };
///     Ok(join_all([nap(1), nap(2)]).await.len())
/// }
/// ```
pub fn block<F: Future>(inner: F) -> Block<F> {
    Block { inner }
}

pin_project! {
    /// A future for which somebody vouches.
    ///
    /// An example stands at [`assume_durable`](OrchestrationContext::assume_durable).
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Assumed<F> {
        #[pin]
        inner: F,
    }
}

/// What the macros make of `future.await`.
#[inline]
pub fn durable_await<F>(future: F) -> F
where
    F: IntoFuture,
    F::IntoFuture: Durable,
{
    future
}

/// The same behind the future, for the tokens of other macros.
pub trait AwaitExt: Sized {
    #[doc(hidden)]
    #[inline]
    #[must_use]
    fn __duroxide_durable(self) -> Self
    where
        Self: IntoFuture,
        Self::IntoFuture: Durable,
    {
        self
    }
}

impl<T> AwaitExt for T {}

macro_rules! transparent {
    ($($name:ident)*) => {$(
        impl<F: Future> Future for $name<F> {
            type Output = F::Output;

            fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
                self.project().inner.poll(context)
            }
        }

        impl<F> fmt::Debug for $name<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

transparent! { Block Assumed }

impl OrchestrationContext {
    /// Takes a future that the compiler refuses as durable, for the reason given.
    ///
    /// It must complete on a replay as it did the first time, with the same output, without a wake
    /// from outside. What breaks that promise is found at run time at best: the instance fails.
    ///
    /// ```
    /// use duroxide::prelude::*;
    ///
    /// #[orchestration]
    /// async fn sums(ctx: &OrchestrationContext, numbers: Vec<u64>) -> Result<u64, String> {
    ///     let sum = futures::future::lazy(|_| numbers.iter().sum());
    ///     Ok(ctx.assume_durable(sum, "a computation: it completes when it is polled").await)
    /// }
    /// ```
    pub fn assume_durable<F: IntoFuture>(
        &self,
        future: F,
        reason: &'static str,
    ) -> Assumed<F::IntoFuture> {
        let _ = reason;
        let inner = future.into_future();
        Assumed { inner }
    }
}

/// The items in their order, whatever the order of where they come from: for a `HashMap` or
/// `HashSet`, whose own order differs from process to process.
///
/// ```
/// use std::collections::HashMap;
///
/// let stock = HashMap::from([("pears", 3), ("apples", 5)]);
/// assert_eq!(duroxide::sorted(stock), [("apples", 5), ("pears", 3)]);
/// ```
pub fn sorted<I>(items: I) -> Vec<I::Item>
where
    I: IntoIterator<Item: Ord>,
{
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort();
    items
}
