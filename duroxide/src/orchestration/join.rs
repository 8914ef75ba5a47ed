//! Waiting for all of several futures. The outputs come in argument order.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::orchestration::wake_list::WakeList;

/// Waits for both.
///
/// ```
/// # use duroxide::prelude::*;
/// # use duroxide::join2;
/// # #[activity]
/// # async fn width(_ctx: &ActivityContext, id: u64) -> Result<u64, String> { Ok(id) }
/// # #[activity]
/// # async fn height(_ctx: &ActivityContext, id: u64) -> Result<u64, String> { Ok(id) }
/// #[orchestration]
/// async fn area(ctx: &OrchestrationContext, id: u64) -> Result<u64, String> {
///     let (width, height) = join2(width(ctx, id), height(ctx, id)).await; // at the same time
///     Ok(width? * height?)
/// }
/// ```
pub fn join2<A, B>(a: A, b: B) -> Join2<A::IntoFuture, B::IntoFuture>
where
    A: IntoFuture,
    B: IntoFuture,
{
    Join2 {
        a: a.into_future(),
        b: b.into_future(),
        first: None,
        second: None,
    }
}

/// Waits for all three.
///
/// ```
/// # use duroxide::prelude::*;
/// # use duroxide::join3;
/// # #[activity]
/// # async fn side(_ctx: &ActivityContext, name: String) -> Result<u64, String> { Ok(name.len() as u64) }
/// #[orchestration]
/// async fn volume(ctx: &OrchestrationContext) -> Result<u64, String> {
///     let [x, y, z] = ["x", "y", "z"].map(|name| side(ctx, name.to_owned()));
///     let (x, y, z) = join3(x, y, z).await;
///     Ok(x? * y? * z?)
/// }
/// ```
pub fn join3<A, B, C>(a: A, b: B, c: C) -> Join3<A::IntoFuture, B::IntoFuture, C::IntoFuture>
where
    A: IntoFuture,
    B: IntoFuture,
    C: IntoFuture,
{
    Join3 {
        all: join2(join2(a, b), c),
    }
}

pin_project! {
    /// The future of [`join2`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Join2<A: Future, B: Future> {
        #[pin]
        a: A,
        #[pin]
        b: B,
        first: Option<A::Output>,
        second: Option<B::Output>,
    }
}

impl<A: Future, B: Future> Future for Join2<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        poll_into(this.a, this.first, context);
        poll_into(this.b, this.second, context);
        match (this.first.take(), this.second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (*this.first, *this.second) = (a, b);
                Poll::Pending
            }
        }
    }
}

impl<A: Future, B: Future> fmt::Debug for Join2<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join2").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`join3`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Join3<A: Future, B: Future, C: Future> {
        #[pin]
        all: Join2<Join2<A, B>, C>,
    }
}

impl<A: Future, B: Future, C: Future> Future for Join3<A, B, C> {
    type Output = (A::Output, B::Output, C::Output);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let all = self.project().all.poll(context);
        all.map(|((a, b), c)| (a, b, c))
    }
}

impl<A: Future, B: Future, C: Future> fmt::Debug for Join3<A, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join3").finish_non_exhaustive()
    }
}

fn poll_into<F: Future>(future: Pin<&mut F>, slot: &mut Option<F::Output>, cx: &mut Context<'_>) {
    if slot.is_none()
        && let Poll::Ready(output) = future.poll(cx)
    {
        *slot = Some(output);
    }
}

/// Waits for all futures of an iterator, which is collected when this is called. The outputs come
/// in its order. One completion costs one poll, so a thousand cost a thousand.
///
/// ```
/// # use duroxide::prelude::*;
/// #[activity]
/// async fn resize(_ctx: &ActivityContext, url: String) -> Result<String, String> {
///     Ok(format!("{url}?small"))
/// }
///
/// #[orchestration]
/// async fn gallery(ctx: &OrchestrationContext, urls: Vec<String>) -> Result<Vec<String>, String> {
///     let images = join_all(urls.into_iter().map(|url| resize(ctx, url))).limit(20).await;
///     Ok(images.into_iter().collect::<Result<_, _>>()?)
/// }
/// ```
pub fn join_all<I>(futures: I) -> JoinAll<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let children: Vec<_> = futures
        .into_iter()
        .map(|future| Child::Pending(Box::pin(future.into_future())))
        .collect();
    JoinAll {
        open: children.len(),
        children,
        limit: usize::MAX,
        started: 0,
        wakes: WakeList::default(),
    }
}

/// The future of [`join_all`].
#[must_use = "futures do nothing until they are awaited"]
pub struct JoinAll<F: Future> {
    children: Vec<Child<F>>,
    /// How many have not completed.
    open: usize,
    /// How many may run at once.
    limit: usize,
    /// How many were polled at least once: they are the first of the list.
    started: usize,
    wakes: WakeList,
}

enum Child<F: Future> {
    Pending(Pin<Box<F>>),
    Done(Option<F::Output>),
}

impl<F: Future> JoinAll<F> {
    /// Lets at most `limit` futures run at once: the others are polled, and so scheduled, as these
    /// complete. At least one runs.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn resize(_ctx: &ActivityContext, image: u64) -> Result<u64, String> { Ok(image) }
    /// #[orchestration]
    /// async fn gallery(ctx: &OrchestrationContext, images: Vec<u64>) -> Result<u64, String> {
    ///     let mut bytes = 0;
    ///     for resized in join_all(images.into_iter().map(|image| resize(ctx, image))).limit(20).await {
    ///         bytes += resized?;
    ///     }
    ///     Ok(bytes)
    /// }
    /// ```
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit.max(1);
        self
    }

    fn poll_child(&mut self, index: usize) {
        let waker = self.wakes.waker(index);
        let Some(slot) = self.children.get_mut(index) else {
            return;
        };
        if let Child::Pending(future) = slot
            && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
        {
            *slot = Child::Done(Some(output));
            self.open = self.open.saturating_sub(1);
        }
    }

    fn running(&self) -> usize {
        let not_started = self.children.len().saturating_sub(self.started);
        self.open.saturating_sub(not_started)
    }
}

// The children are boxed, the outputs never pinned.
impl<F: Future> Unpin for JoinAll<F> {}

impl<F: Future> Future for JoinAll<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.wakes.set_parent(context.waker());
        for index in self.wakes.take() {
            self.poll_child(index);
        }
        while self.started < self.children.len() && self.running() < self.limit {
            let index = self.started;
            self.started = self.started.saturating_add(1);
            self.poll_child(index);
        }
        if self.open > 0 {
            return Poll::Pending;
        }
        let outputs = self.children.iter_mut().filter_map(|child| match child {
            Child::Done(output) => output.take(),
            Child::Pending(_) => None,
        });
        Poll::Ready(outputs.collect())
    }
}

impl<F: Future> fmt::Debug for JoinAll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinAll")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
