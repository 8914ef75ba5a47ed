//! One mock: what it answers, and what it was asked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, pending};

use crate::codec::CodecError;
use crate::history::{AppErrorKind, ErrorDetails};
use crate::testing::run::fail;
use crate::typed::Outcome;

/// How a mock answers: text in, as it is recorded.
pub(super) type Answering =
    Arc<dyn Fn(&str) -> BoxFuture<'static, Result<String, ErrorDetails>> + Send + Sync>;

/// A mock that is installed: says how it was called, and changes how it answers.
///
/// `A` are the parameters as a tuple, `T` and `E` what is returned.
///
/// ```
/// use duroxide::prelude::*;
/// use duroxide::testing::TestEnv;
///
/// #[activity]
/// async fn ask(_ctx: &ActivityContext, whom: String, what: String) -> Result<String, String> {
///     Err(format!("{whom} cannot be asked {what} here"))
/// }
///
/// #[orchestration]
/// async fn survey(ctx: &OrchestrationContext) -> Result<String, String> {
///     match ctx.timeout(Duration::from_secs(60), ask(ctx, "Ann".to_owned(), "why".to_owned())).await {
///         Ok(answer) => Ok(answer?),
///         Err(_elapsed) => Ok("no answer".to_owned()),
///     }
/// }
///
/// #[duroxide::test]
/// async fn who_takes_too_long_is_not_waited_for(env: TestEnv) {
///     let slow = env.mock::<ask>(|_whom, _what| Ok("because".to_owned())).delay(Duration::from_secs(90));
///     let survey = survey::start(&env.client()).await.unwrap();
///     assert_eq!(survey.result().await.unwrap(), "no answer");
///     assert_eq!(slow.calls(), [("Ann".to_owned(), "why".to_owned())]);
/// }
/// # who_takes_too_long_is_not_waited_for();
/// ```
pub struct Mock<A, T, E> {
    stub: Arc<Stub>,
    name: String,
    failed: AppErrorKind,
    read: fn(&str) -> Result<A, CodecError>,
    outcome: Outcome<T, E>,
}

impl<A, T, E> Mock<A, T, E> {
    pub(super) fn new(
        stub: Arc<Stub>,
        name: String,
        failed: AppErrorKind,
        read: fn(&str) -> Result<A, CodecError>,
        outcome: Outcome<T, E>,
    ) -> Self {
        Self {
            stub,
            name,
            failed,
            read,
            outcome,
        }
    }

    /// Lets the first calls fail, that many, before the closure is asked.
    ///
    /// An example stands at [`TestEnv`](crate::testing::TestEnv).
    ///
    /// # Panics
    ///
    /// If the error cannot be written as text.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "the mock is installed")]
    pub fn fail_first(self, times: usize, error: E) -> Self {
        match (self.outcome.write)(Err(error), self.failed.clone()) {
            Err(details) => self.stub.settings().failing = Some((times, details)),
            Ok(_) => fail("an error was written as a result"),
        }
        self
    }

    /// Lets every answer take that long.
    ///
    /// An example stands at [`Mock`].
    #[expect(clippy::return_self_not_must_use, reason = "the mock is installed")]
    pub fn delay(self, delay: Duration) -> Self {
        self.stub.settings().delay = delay;
        self
    }

    /// Lets no call come back any more. A call of an activity ends when its caller gives it up.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::testing::{TestOptions, run};
    /// use duroxide::{OrchestrationContext, OrchestrationRegistry};
    ///
    /// # let outcome: Result<(), duroxide::ClientError> =
    /// run(TestOptions::default(), |env| async move {
    ///     env.register_orchestrations(&OrchestrationRegistry::builder()
    ///         .register("patience", |ctx: OrchestrationContext, what: String| async move {
    ///             let call = ctx.schedule_activity("answer", what);
    ///             ctx.timeout(Duration::from_secs(60), call).await.unwrap_or(Ok("no answer".to_owned()))
    ///         })
    ///         .build());
    ///     let silent = env.mock_named("answer", |_what| Ok("because".to_owned())).never_complete();
    ///     env.client().start_orchestration("patience-1", "patience", "why").await?;
    ///     let status = env.client().wait_for_orchestration("patience-1", Duration::from_secs(120)).await?;
    ///     assert!(status.is_terminal());
    ///     assert_eq!(silent.count(), 1);
    ///     Ok(())
    /// });
    /// # outcome.unwrap();
    /// ```
    #[expect(clippy::return_self_not_must_use, reason = "the mock is installed")]
    pub fn never_complete(self) -> Self {
        self.stub.settings().never = true;
        self
    }

    /// How often it was called. Each attempt of an activity counts; a child counts once.
    ///
    /// An example stands at [`TestEnv`](crate::testing::TestEnv).
    pub fn count(&self) -> usize {
        self.stub.settings().calls.len()
    }

    /// What it was called with, in the order of the calls.
    ///
    /// An example stands at [`Mock`].
    ///
    /// # Panics
    ///
    /// If a call had parameters of other types.
    #[track_caller]
    pub fn calls(&self) -> Vec<A> {
        let calls = self.stub.settings().calls.clone();
        let read = |text: &String| match (self.read)(text) {
            Ok(args) => args,
            Err(error) => fail(&format!(
                "`{}` was called with `{text}`: {error}",
                self.name
            )),
        };
        calls.iter().map(read).collect()
    }
}

/// A mock without its types.
pub(in crate::testing) struct Stub {
    answering: Answering,
    settings: Mutex<Settings>,
}

#[derive(Debug, Default)]
struct Settings {
    calls: Vec<String>,
    /// How many of the first calls fail, and how.
    failing: Option<(usize, ErrorDetails)>,
    delay: Duration,
    never: bool,
    /// What was answered to orchestrations that are run again from their histories.
    answered: BTreeMap<String, Plan>,
}

/// What one call gets.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// Nothing, ever.
    Never,
    /// This failure.
    Fail(Duration, ErrorDetails),
    /// What the closure says.
    Ask(Duration),
    /// This, which the closure said.
    Give(Duration, Result<String, ErrorDetails>),
}

impl Stub {
    pub(super) fn new(answering: Answering) -> Arc<Self> {
        Arc::new(Self {
            answering,
            settings: Mutex::default(),
        })
    }

    /// The answer to one run of an activity.
    pub(super) async fn activity(&self, input: String) -> Result<String, ErrorDetails> {
        let plan = self.settings().next(&input);
        match plan {
            Plan::Never => pending().await,
            Plan::Fail(delay, details) => {
                tokio::time::sleep(delay).await;
                Err(details)
            }
            Plan::Ask(delay) => {
                tokio::time::sleep(delay).await;
                (self.answering)(&input).await
            }
            Plan::Give(delay, answer) => {
                tokio::time::sleep(delay).await;
                answer
            }
        }
    }

    /// What a run of an orchestration gets: the same whenever it is run again.
    pub(super) fn orchestration(&self, execution: String, input: &str) -> Plan {
        let mut settings = self.settings();
        if let Some(plan) = settings.answered.get(&execution) {
            return plan.clone();
        }
        let plan = match settings.next(input) {
            Plan::Ask(delay) => {
                let answer = (self.answering)(input).now_or_never();
                answer.map_or(Plan::Never, |answer| Plan::Give(delay, answer))
            }
            plan @ (Plan::Never | Plan::Fail(..) | Plan::Give(..)) => plan,
        };
        settings.answered.insert(execution, plan.clone());
        plan
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    fn next(&mut self, input: &str) -> Plan {
        self.calls.push(input.to_owned());
        if self.never {
            return Plan::Never;
        }
        match &self.failing {
            Some((times, details)) if self.calls.len() <= *times => {
                Plan::Fail(self.delay, details.clone())
            }
            Some(_) | None => Plan::Ask(self.delay),
        }
    }
}

impl<A, T, E> Clone for Mock<A, T, E> {
    fn clone(&self) -> Self {
        Self {
            stub: Arc::clone(&self.stub),
            name: self.name.clone(),
            failed: self.failed.clone(),
            read: self.read,
            outcome: self.outcome,
        }
    }
}

impl<A, T, E> fmt::Debug for Mock<A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock")
            .field("name", &self.name)
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stub").field(&*self.settings()).finish()
    }
}
