//! Waiting for the first of several futures. The first to complete *in history* wins, now and on
//! every replay; the losers are dropped, and what they asked for is cancelled.

use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::orchestration::wake_list::WakeList;

/// Which of two came first.
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
    pub fn is_second(&self) -> bool {
        matches!(self, Self::Second(_))
    }

    /// The position of the winner, from 0.
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
pub async fn select2<A, B>(a: A, b: B) -> Either2<A::Output, B::Output>
where
    A: IntoFuture,
    B: IntoFuture,
{
    let (mut a, mut b) = (pin!(a.into_future()), pin!(b.into_future()));
    poll_fn(|context| {
        if let Poll::Ready(output) = a.as_mut().poll(context) {
            return Poll::Ready(Either2::First(output));
        }
        b.as_mut().poll(context).map(Either2::Second)
    })
    .await
}

/// Waits for the first of three; a tie goes to the earlier argument.
pub async fn select3<A, B, C>(a: A, b: B, c: C) -> Either3<A::Output, B::Output, C::Output>
where
    A: IntoFuture,
    B: IntoFuture,
    C: IntoFuture,
{
    match select2(a, select2(b, c)).await {
        Either2::First(output) => Either3::First(output),
        Either2::Second(Either2::First(output)) => Either3::Second(output),
        Either2::Second(Either2::Second(output)) => Either3::Third(output),
    }
}

/// Waits for the first of the futures of an iterator, which is collected when this is called; gives
/// its position and output. Over no futures it waits for ever, which ends the instance with an
/// error that says so.
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
