//! The combinators of the `futures` crate: durable if their children are. Left out is what wakes
//! from elsewhere (`Shared`, `Abortable`, `RemoteHandle`), and `BoxFuture`, which hides what it is.

use futures_util::future;
use futures_util::stream::{self, Stream};

use crate::orchestration::durable::{Durable, durable, sealed};

/// A stream that history drives.
///
/// ```
/// use duroxide::prelude::*;
/// use futures::stream::{FuturesUnordered, StreamExt as _};
///
/// #[orchestration]
/// async fn rings(ctx: &OrchestrationContext) -> Result<u64, String> {
///     let alarm = |minutes: u64| ctx.schedule_timer(Duration::from_secs(60 * minutes));
///     let mut alarms: FuturesUnordered<_> = (1..=3).map(alarm).collect();
///     let mut rings = 0;
///     while let Some(()) = alarms.next().await {
///         rings += 1;
///     }
///     Ok(rings)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is awaited in an orchestration, but it is not a durable stream [DX0001]",
    label = "driven by the outside world: a replay cannot reproduce it",
    note = "durable are `FuturesUnordered`, `FuturesOrdered`, `stream::iter(..)` and what is made of them",
    note = "for events from outside there is `wait_for`; more: `cargo duroxide explain DX0001`"
)]
pub trait DurableStream: Stream + sealed::Sealed {}

macro_rules! durable_streams {
    ($([$($generics:tt)*] $ty:ty where { $($bounds:tt)* };)*) => {$(
        impl<$($generics)*> sealed::Sealed for $ty where $($bounds)* {}

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> DurableStream for $ty where $($bounds)* {}
    )*};
}

durable! {
    [F: Durable] future::JoinAll<F>;
    [F: Durable] future::TryJoinAll<F> where { F: future::TryFuture, Self: Future };
    [A: Durable, B: Durable] future::Join<A, B>;
    [A: Durable, B: Durable, C: Durable] future::Join3<A, B, C>;
    [A: Durable, B: Durable, C: Durable, D: Durable] future::Join4<A, B, C, D>;
    [A: Durable, B: Durable, C: Durable, D: Durable, E: Durable] future::Join5<A, B, C, D, E>;
    [A: Durable, B: Durable] future::TryJoin<A, B> where {
        A: future::TryFuture, B: future::TryFuture, Self: Future
    };
    [A: Durable, B: Durable, C: Durable] future::TryJoin3<A, B, C> where {
        A: future::TryFuture, B: future::TryFuture, C: future::TryFuture, Self: Future
    };
    [A: Durable, B: Durable] future::Select<A, B> where { Self: Future };
    [A: Durable, B: Durable] future::TrySelect<A, B> where { Self: Future };
    [F: Durable] future::SelectAll<F> where { Self: Future };
    [F: Durable] future::SelectOk<F> where { Self: Future };
    [A: Durable, B: Durable] future::Either<A, B> where { Self: Future };
    [F: Durable] future::OptionFuture<F>;
    [F: Durable] future::MaybeDone<F>;
    [F: Durable] future::Fuse<F> where { Self: Future };
    [F: Durable, G] future::Map<F, G> where { Self: Future };
    [F: Durable, T] future::MapInto<F, T> where { Self: Future };
    [F: Durable, G] future::Inspect<F, G> where { Self: Future };
    [F: Durable, G: Durable, H] future::Then<F, G, H> where { Self: Future };
    [F: Durable, G] future::MapOk<F, G> where { Self: Future };
    [F: Durable, G] future::MapErr<F, G> where { Self: Future };
    [F: Durable, T] future::OkInto<F, T> where { Self: Future };
    [F: Durable, T] future::ErrInto<F, T> where { Self: Future };
    [F: Durable, G] future::InspectOk<F, G> where { Self: Future };
    [F: Durable, G] future::InspectErr<F, G> where { Self: Future };
    [F: Durable, G] future::UnwrapOrElse<F, G> where { Self: Future };
    [F: Durable, G: Durable, H] future::AndThen<F, G, H> where { Self: Future };
    [F: Durable, G: Durable, H] future::OrElse<F, G, H> where { Self: Future };
    [T] future::Ready<T>;
    [G] future::Lazy<G> where { Self: Future };
    [S: DurableStream + ?Sized] stream::Next<'_, S> where { Self: Future };
    [S: DurableStream + ?Sized] stream::TryNext<'_, S> where { Self: Future };
    [S: DurableStream + ?Sized] stream::SelectNextSome<'_, S> where { Self: Future };
    [S: DurableStream] stream::StreamFuture<S> where { Self: Future };
    [S: DurableStream, C] stream::Collect<S, C> where { Self: Future };
    [S: DurableStream, C] stream::TryCollect<S, C> where { Self: Future };
    [S: DurableStream, C: Default] stream::Concat<S> where { Self: Future<Output = C> };
    [S: DurableStream] stream::Count<S> where { Self: Future };
    [S: DurableStream, F: Durable, G] stream::ForEach<S, F, G> where { Self: Future };
    [S: DurableStream, F: Durable, G] stream::TryForEach<S, F, G> where { Self: Future };
    [S: DurableStream, F: Durable, T, G] stream::Fold<S, F, T, G> where { Self: Future };
    [S: DurableStream, F: Durable, T, G] stream::TryFold<S, F, T, G> where { Self: Future };
}

durable_streams! {
    [F: Durable] stream::FuturesUnordered<F> where { Self: Stream };
    [F: Durable] stream::FuturesOrdered<F> where { Self: Stream };
    [I] stream::Iter<I> where { Self: Stream };
    [F: Durable] stream::Once<F> where { Self: Stream };
    [F: Durable, T, G] stream::Unfold<T, G, F> where { Self: Stream };
    [S: DurableStream, G] stream::Map<S, G> where { Self: Stream };
    [S: DurableStream] stream::Enumerate<S> where { Self: Stream };
    [S: DurableStream] stream::Take<S> where { Self: Stream };
    [S: DurableStream] stream::Skip<S> where { Self: Stream };
    [S: DurableStream] stream::Fuse<S> where { Self: Stream };
    [S: DurableStream, Z: DurableStream] stream::Chain<S, Z> where { Self: Stream };
    [S: DurableStream, Z: DurableStream] stream::Zip<S, Z> where { Self: Stream };
    [S: DurableStream, F: Durable, G] stream::Then<S, F, G> where { Self: Stream };
    [S: DurableStream, F: Durable, G] stream::Filter<S, F, G> where { Self: Stream };
    [S: DurableStream, F: Durable, G] stream::FilterMap<S, F, G> where { Self: Stream };
    [S: DurableStream] stream::Buffered<S> where { S::Item: Durable, Self: Stream };
    [S: DurableStream] stream::BufferUnordered<S> where { S::Item: Durable, Self: Stream };
}
