//! Mocks with the parameters of what they stand for: how a closure meets an annotated function.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::codec::CodecError;
use crate::history::AppErrorKind;
use crate::testing::TestEnv;
use crate::typed::Outcome;

use super::Target;
use super::mock::{Mock, Stub};

/// Mocks by the names of annotated functions: `env.mock::<charge_card>(|order, cents| ..)`.
///
/// `#[duroxide::test]` brings this trait into scope; a helper that takes a `&TestEnv` says
/// `use duroxide::testing::Mocking;`.
///
/// ```
/// use duroxide::prelude::*;
/// use duroxide::testing::{Mocking as _, TestEnv};
///
/// #[activity]
/// async fn charge_card(_ctx: &ActivityContext, order: u64, cents: u64) -> Result<u64, String> {
///     Err(format!("no bank here for {cents} cents of order {order}"))
/// }
///
/// /// What many tests of a program begin with.
/// fn with_a_bank(env: &TestEnv) {
///     env.mock::<charge_card>(|_order: u64, cents: u64| Ok(cents));
/// }
/// ```
pub trait Mocking<F, R, How, A, T, E> {
    /// From now on `with` answers for that activity or orchestration. It takes the function's own
    /// parameters and returns its `Result`; for an activity also a future of it. Instances that run
    /// notice it with their next call.
    #[track_caller]
    fn mock<M: Mocked<F, R, How, A, T, E>>(&self, with: F) -> Mock<A, T, E>;
}

impl<F, R, How, A, T, E> Mocking<F, R, How, A, T, E> for TestEnv
where
    A: 'static,
    T: 'static,
    E: 'static,
{
    fn mock<M: Mocked<F, R, How, A, T, E>>(&self, with: F) -> Mock<A, T, E> {
        self.install(M::mocked(with))
    }
}

/// An annotated function for which the closure `F` can stand in. The macros implement it; the types
/// are parameters, so that they may be more private than the function.
///
/// An example stands at [`Mocking`].
#[diagnostic::on_unimplemented(
    message = "this closure cannot stand in for `{Self}`",
    label = "not the parameters or the result of `{Self}`",
    note = "it takes the parameters without the context, is `Send + Sync + 'static`, and returns the same `Result`; for an activity also a future of it"
)]
pub trait Mocked<F, R, How, A, T, E> {
    /// The closure, with what is known of the function.
    fn mocked(with: F) -> MockedCall<A, T, E>;
}

/// What a mock may return.
///
/// ```
/// use duroxide::testing::{Answer, Later, Plain};
///
/// fn is_plain<A: Answer<u64, String, Plain>>(_answer: A) -> bool {
///     true
/// }
/// fn is_later<A: Answer<u64, String, Later>>(_answer: A) -> bool {
///     true
/// }
/// assert!(is_plain(Ok(7)));
/// assert!(is_later(async { Ok(7) }));
/// ```
#[diagnostic::on_unimplemented(
    message = "a mock cannot answer with `{Self}`",
    label = "what its closure returns does not fit",
    note = "it returns `Result<{T}, {E}>`, or in place of an activity a future of that"
)]
pub trait Answer<T, E, How>: Send {
    /// As a future.
    fn answer(self) -> BoxFuture<'static, Result<T, E>>;
}

/// A mock that returns its result.
///
/// An example stands at [`Answer`].
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// A mock that returns a future of its result.
///
/// An example stands at [`Answer`].
#[derive(Clone, Copy, Debug)]
pub struct Later;

impl<T: Send + 'static, E: Send + 'static> Answer<T, E, Plain> for Result<T, E> {
    fn answer(self) -> BoxFuture<'static, Self> {
        Box::pin(std::future::ready(self))
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, Fut: Future<Output = Result<T, E>> + Send + 'static> Answer<T, E, Later> for Fut {
    fn answer(self) -> BoxFuture<'static, Result<T, E>> {
        Box::pin(self)
    }
}

/// A closure that is about to be a mock.
///
/// ```
/// use duroxide::codec::decode;
/// use duroxide::testing::MockedCall;
/// use duroxide::typed::outcome;
/// use futures::FutureExt as _;
///
/// let read = |text: &str| decode::<u64>(text);
/// let doubles = |number: u64| async move { Ok::<u64, String>(2 * number) }.boxed();
/// let call = MockedCall::activity("double", read, outcome::<u64, String>(), doubles);
/// # drop(call);
/// ```
pub struct MockedCall<A, T, E> {
    target: Target,
    name: String,
    read: fn(&str) -> Result<A, CodecError>,
    outcome: Outcome<T, E>,
    stub: Arc<Stub>,
}

impl<A, T, E> MockedCall<A, T, E>
where
    A: 'static,
    T: 'static,
    E: 'static,
{
    /// In place of an activity.
    ///
    /// An example stands at [`MockedCall`].
    pub fn activity(
        name: &str,
        read: fn(&str) -> Result<A, CodecError>,
        outcome: Outcome<T, E>,
        with: impl Fn(A) -> BoxFuture<'static, Result<T, E>> + Send + Sync + 'static,
    ) -> Self {
        Self::new(Target::Activity, name, read, outcome, with)
    }

    /// In place of an orchestration.
    ///
    /// An example stands at [`MockedCall`].
    pub fn orchestration(
        name: &str,
        read: fn(&str) -> Result<A, CodecError>,
        outcome: Outcome<T, E>,
        with: impl Fn(A) -> BoxFuture<'static, Result<T, E>> + Send + Sync + 'static,
    ) -> Self {
        Self::new(Target::Orchestration, name, read, outcome, with)
    }

    fn new(
        target: Target,
        name: &str,
        read: fn(&str) -> Result<A, CodecError>,
        outcome: Outcome<T, E>,
        with: impl Fn(A) -> BoxFuture<'static, Result<T, E>> + Send + Sync + 'static,
    ) -> Self {
        let stub = Stub::new(Arc::new(move |text| match read(text) {
            Err(error) => {
                let details = crate::typed::rejected(&error);
                Box::pin(std::future::ready(Err(details)))
            }
            Ok(args) => {
                let answer = with(args);
                let failed = target.failed();
                Box::pin(async move { (outcome.write)(answer.await, failed) })
            }
        }));
        Self {
            target,
            name: name.to_owned(),
            read,
            outcome,
            stub,
        }
    }

    pub(in crate::testing) fn parts(self) -> (Target, String, Arc<Stub>, Mock<A, T, E>) {
        let mock = Mock::new(
            Arc::clone(&self.stub),
            self.name.clone(),
            self.target.failed(),
            self.read,
            self.outcome,
        );
        (self.target, self.name, self.stub, mock)
    }
}

/// A closure in place of what is known by name only: text in, text out.
pub(in crate::testing) fn named<F, R, How>(
    target: Target,
    name: &str,
    with: F,
) -> MockedCall<(String,), String, String>
where
    F: Fn(String) -> R + Send + Sync + 'static,
    R: Answer<String, String, How>,
{
    let read = |text: &str| Ok((text.to_owned(),));
    MockedCall::new(target, name, read, Outcome::text(), move |(input,)| {
        with(input).answer()
    })
}

impl Target {
    fn failed(self) -> AppErrorKind {
        match self {
            Self::Activity => AppErrorKind::ActivityFailed,
            Self::Orchestration => AppErrorKind::OrchestrationFailed,
        }
    }
}

impl<A, T, E> fmt::Debug for MockedCall<A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MockedCall").field(&self.name).finish()
    }
}
