//! Waiting for the first of several futures. The first to complete *in history* wins, now and on
//! every replay; the losers are dropped, and what they asked for is cancelled.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::orchestration::wake_list::WakeList;

/// Which of two came first.
///
/// ```
/// use duroxide::Either2;
///
/// let first: Either2<u8, u8> = Either2::First(7);
/// assert!(first.is_first());
/// assert_eq!(first.into_tuple(), (0, 7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either2<A, B> {
    /// The first argument.
    First(A),
    /// The second argument.
    Second(B),
}

impl<A, B> Either2<A, B> {
    /// Whether the first argument won.
    pub fn is_first(&self) -> bool {
        matches!(self, Self::First(_))
    }

    /// Whether the second argument won.
    ///
    /// ```
    /// use duroxide::Either2;
    ///
    /// let winner: Either2<u8, &str> = Either2::Second("too late");
    /// assert!(winner.is_second());
    /// assert_eq!(winner.index(), 1);
    /// ```
    pub fn is_second(&self) -> bool {
        matches!(self, Self::Second(_))
    }

    /// The position of the winner, from 0.
    ///
    /// An example stands at [`is_second`](Self::is_second).
    pub fn index(&self) -> usize {
        match self {
            Self::First(_) => 0,
            Self::Second(_) => 1,
        }
    }
}

impl<T> Either2<T, T> {
    /// Position and output of the winner.
    pub fn into_tuple(self) -> (usize, T) {
        match self {
            Self::First(output) => (0, output),
            Self::Second(output) => (1, output),
        }
    }
}

/// Which of three came first.
///
/// ```
/// use duroxide::Either3;
///
/// let last: Either3<u8, u8, u8> = Either3::Third(7);
/// assert_eq!(last.index(), 2);
/// assert_eq!(last.into_tuple(), (2, 7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either3<A, B, C> {
    /// The first argument.
    First(A),
    /// The second argument.
    Second(B),
    /// The third argument.
    Third(C),
}

impl<A, B, C> Either3<A, B, C> {
    /// The position of the winner, from 0.
    pub fn index(&self) -> usize {
        match self {
            Self::First(_) => 0,
            Self::Second(_) => 1,
            Self::Third(_) => 2,
        }
    }
}

impl<T> Either3<T, T, T> {
    /// Position and output of the winner.
    pub fn into_tuple(self) -> (usize, T) {
        match self {
            Self::First(output) => (0, output),
            Self::Second(output) => (1, output),
            Self::Third(output) => (2, output),
        }
    }
}

/// Waits for the first of two; a tie goes to the first argument.
///
/// ```
/// # use duroxide::prelude::*;
/// # use duroxide::select2;
/// # #[activity]
/// # async fn ask(_ctx: &ActivityContext, whom: String) -> Result<String, String> { Ok(whom) }
/// #[orchestration]
/// async fn second_opinion(ctx: &OrchestrationContext) -> Result<String, String> {
///     let [ann, bob] = ["Ann", "Bob"].map(|whom| ask(ctx, whom.to_owned()));
///     match select2(ann, bob).await {
///         Either2::First(answer) => Ok(answer?),
///         Either2::Second(answer) => Ok(format!("{}, though Ann is silent", answer?)),
///     }
/// }
/// ```
pub fn select2<A, B>(a: A, b: B) -> Select2<A::IntoFuture, B::IntoFuture>
where
    A: IntoFuture,
    B: IntoFuture,
{
    Select2 {
        a: Some(a.into_future()),
        b: Some(b.into_future()),
    }
}

/// Waits for the first of three; a tie goes to the earlier argument.
///
/// ```
/// # use duroxide::prelude::*;
/// # use duroxide::select3;
/// # #[activity]
/// # async fn ask(_ctx: &ActivityContext, whom: String) -> Result<String, String> { Ok(whom) }
/// #[orchestration]
/// async fn opinion(ctx: &OrchestrationContext) -> Result<String, String> {
///     let [ann, bob] = ["Ann", "Bob"].map(|whom| ask(ctx, whom.to_owned()));
///     match select3(ann, bob, ctx.schedule_timer(Duration::from_secs(60))).await {
///         Either3::First(answer) | Either3::Second(answer) => Ok(answer?),
///         Either3::Third(()) => Ok("nobody answered".to_owned()),
///     }
/// }
/// ```
pub fn select3<A, B, C>(a: A, b: B, c: C) -> Select3<A::IntoFuture, B::IntoFuture, C::IntoFuture>
where
    A: IntoFuture,
    B: IntoFuture,
    C: IntoFuture,
{
    Select3 {
        all: select2(a, select2(b, c)),
    }
}

pin_project! {
    /// The future of [`select2`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Select2<A, B> {
        #[pin]
        a: Option<A>,
        #[pin]
        b: Option<B>,
    }
}

impl<A: Future, B: Future> Future for Select2<A, B> {
    type Output = Either2<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let first = poll_open(this.a.as_mut(), context).map(Either2::First);
        let winner = match first {
            Poll::Ready(_) => first,
            Poll::Pending => poll_open(this.b.as_mut(), context).map(Either2::Second),
        };
        if winner.is_ready() {
            // The loser is cancelled now, not when somebody drops the combinator.
            this.a.set(None);
            this.b.set(None);
        }
        winner
    }
}

fn poll_open<F: Future>(future: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    match future.as_pin_mut() {
        Some(open) => open.poll(cx),
        None => Poll::Pending,
    }
}

impl<A, B> fmt::Debug for Select2<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select2").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`select3`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Select3<A, B, C> {
        #[pin]
        all: Select2<A, Select2<B, C>>,
    }
}

impl<A: Future, B: Future, C: Future> Future for Select3<A, B, C> {
    type Output = Either3<A::Output, B::Output, C::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let all = self.project().all.poll(context);
        all.map(|winner| match winner {
            Either2::First(output) => Either3::First(output),
            Either2::Second(Either2::First(output)) => Either3::Second(output),
            Either2::Second(Either2::Second(output)) => Either3::Third(output),
        })
    }
}

impl<A, B, C> fmt::Debug for Select3<A, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select3").finish_non_exhaustive()
    }
}

/// Waits for the first of the futures of an iterator, which is collected when this is called; gives
/// its position and output. Over no futures it waits for ever, which ends the instance with an
/// error that says so.
///
/// ```
/// # use duroxide::prelude::*;
/// #[activity]
/// async fn fetch(_ctx: &ActivityContext, mirror: String) -> Result<String, String> {
///     Ok(mirror)
/// }
///
/// #[orchestration]
/// async fn fastest(ctx: &OrchestrationContext, mirrors: Vec<String>) -> Result<String, String> {
///     let calls = mirrors.into_iter().map(|mirror| fetch(ctx, mirror));
///     let (_position, first) = select_all(calls).await; // the others are cancelled
///     Ok(first?)
/// }
/// ```
pub fn select_all<I>(futures: I) -> SelectAll<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let children: Vec<_> = futures
        .into_iter()
        .map(|future| Box::pin(future.into_future()))
        .collect();
    let wakes = WakeList::default();
    (0..children.len()).for_each(|index| wakes.insert(index));
    SelectAll { children, wakes }
}

/// The future of [`select_all`].
#[must_use = "futures do nothing until they are awaited"]
pub struct SelectAll<F> {
    children: Vec<Pin<Box<F>>>,
    wakes: WakeList,
}

impl<F: Future> Future for SelectAll<F> {
    type Output = (usize, F::Output);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.wakes.set_parent(context.waker());
        for index in self.wakes.take() {
            let waker = self.wakes.waker(index);
            if let Some(child) = self.children.get_mut(index)
                && let Poll::Ready(output) = child.as_mut().poll(&mut Context::from_waker(&waker))
            {
                // The losers are cancelled now, not when somebody drops the combinator.
                self.children.clear();
                return Poll::Ready((index, output));
            }
        }
        Poll::Pending
    }
}

impl<F> fmt::Debug for SelectAll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectAll")
            .field("children", &self.children.len())
            .finish_non_exhaustive()
    }
}
