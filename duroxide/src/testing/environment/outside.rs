//! What is outside of the program: answers to its calls, and events.

use std::time::Duration;

use crate::client::Handle;
use crate::env::Env as _;
use crate::testing::mocks::{self, Answer, Mock, MockedCall, Target};
use crate::testing::run::fail;
use crate::typed::ExternalEvent;

use super::{TestEnv, lock};

impl TestEnv {
    /// From now on `with` answers for the activity of that name: text in, text or an error out, or a
    /// future of it. The activity need not exist.
    ///
    /// ```
    /// use duroxide::testing::{TestOptions, run};
    /// use duroxide::{OrchestrationContext, OrchestrationRegistry};
    ///
    /// # let outcome: Result<(), duroxide::ClientError> =
    /// run(TestOptions::default(), |env| async move {
    ///     env.register_orchestrations(&OrchestrationRegistry::builder()
    ///         .register("ship_it", |ctx: OrchestrationContext, id: String| async move {
    ///             ctx.schedule_activity("ship", id).await
    ///         })
    ///         .build());
    ///     let ships = env.mock_named("ship", |id| Ok(format!("{id} is on its way")));
    ///     env.client().start_orchestration("ship-1", "ship_it", "7").await?;
    ///     env.settle().await;
    ///     assert_eq!(ships.count(), 1);
    ///     assert_eq!(env.calls_of("ship"), ["7"]);
    ///     Ok(())
    /// });
    /// # outcome.unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such activity and the program runs already; see [`client`](Self::client).
    #[track_caller]
    pub fn mock_named<F, R, How>(&self, activity: &str, with: F) -> Mock<(String,), String, String>
    where
        F: Fn(String) -> R + Send + Sync + 'static,
        R: Answer<String, String, How>,
    {
        self.install(mocks::named(Target::Activity, activity, with))
    }

    /// The same for an orchestration, in all its versions: as a child, or started from outside.
    ///
    /// ```
    /// use duroxide::testing::{TestOptions, run};
    ///
    /// # let outcome: Result<(), duroxide::ClientError> =
    /// run(TestOptions::default(), |env| async move {
    ///     env.register_orchestrations(&duroxide::OrchestrationRegistry::builder()
    ///         .register("invoice_it", |_ctx, id: String| async move { Ok(id) })
    ///         .build());
    ///     let invoices = env.mock_child_named("invoice_it", |id| Ok(format!("invoice {id}")));
    ///     env.client().start_orchestration("invoice-7", "invoice_it", "7").await?;
    ///     env.settle().await;
    ///     assert_eq!(invoices.calls(), [("7".to_owned(),)]);
    ///     Ok(())
    /// });
    /// # outcome.unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// As [`mock_named`](Self::mock_named).
    #[track_caller]
    pub fn mock_child_named<F>(
        &self,
        orchestration: &str,
        with: F,
    ) -> Mock<(String,), String, String>
    where
        F: Fn(String) -> Result<String, String> + Send + Sync + 'static,
    {
        self.install(mocks::named(Target::Orchestration, orchestration, with))
    }

    /// From now on an activity without a mock is not run: its call fails, and so does the test.
    ///
    /// ```
    /// use duroxide::testing::{TestOptions, run};
    ///
    /// run(TestOptions::default(), |env| async move {
    ///     env.refuse_unmocked(); // nothing of the outside world is touched by mistake
    ///     assert!(env.calls_of("charge").is_empty());
    /// });
    /// ```
    pub fn refuse_unmocked(&self) {
        self.0.mocks.refuse_unmocked();
    }

    /// The inputs, as text, of all calls of an activity so far, mocked or not.
    ///
    /// An example stands at [`mock_named`](Self::mock_named).
    pub fn calls_of(&self, activity: &str) -> Vec<String> {
        self.0.mocks.calls_of(activity)
    }

    /// Raises the event that much virtual time from now. If that fails, so does the test.
    ///
    /// ```
    /// use duroxide::prelude::*;
    /// use duroxide::testing::TestEnv;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, ExternalEvent)]
    /// struct Approval(String);
    ///
    /// #[orchestration]
    /// async fn ask(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let Approval(by) = ctx.wait_for().await?;
    ///     Ok(by)
    /// }
    ///
    /// #[duroxide::test]
    /// async fn somebody_answers_after_a_day(env: TestEnv) {
    ///     let asked = ask::start(&env.client()).await.unwrap();
    ///     env.raise_after(Duration::from_secs(24 * 3600), &asked, Approval("Ann".to_owned()));
    ///     assert_eq!(asked.result().await.unwrap(), "Ann");
    /// }
    /// # somebody_answers_after_a_day();
    /// ```
    pub fn raise_after<T, E, Ev>(&self, delay: Duration, to: &Handle<T, E>, event: Ev)
    where
        T: 'static,
        E: 'static,
        Ev: ExternalEvent,
    {
        let handle = to.clone();
        self.later(delay, "raising an event", async move {
            handle.raise(event).await.map_err(|error| error.to_string())
        });
    }

    /// Raises an event of the dynamic layer that much virtual time from now. If that fails, so does
    /// the test.
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
    ///         .register("approval", |ctx: OrchestrationContext, _input: String| async move {
    ///             Ok(ctx.schedule_wait("approved").await)
    ///         })
    ///         .build());
    ///     env.client().start_orchestration("approval-1", "approval", "null").await?;
    ///     env.raise_event_after(Duration::from_secs(3600), "approval-1", "approved", "Ann");
    ///     let patience = Duration::from_secs(7200);
    ///     env.client().wait_for_orchestration("approval-1", patience).await?;
    ///     assert_eq!(env.elapsed(), Duration::from_secs(3600));
    ///     Ok(())
    /// });
    /// # outcome.unwrap();
    /// ```
    pub fn raise_event_after(&self, delay: Duration, instance: &str, name: &str, data: &str) {
        let client = self.client();
        let [instance, name, data] = [instance, name, data].map(str::to_owned);
        self.later(delay, "raising an event", async move {
            let raised = client.raise_event(&instance, &name, data).await;
            raised.map_err(|error| error.to_string())
        });
    }

    #[track_caller]
    pub(in crate::testing) fn install<A, T, E>(&self, call: MockedCall<A, T, E>) -> Mock<A, T, E>
    where
        A: 'static,
        T: 'static,
        E: 'static,
    {
        let (target, name, stub, mock) = call.parts();
        if lock(&self.0.running).is_some() && !self.is_known(target, &name) {
            fail(&format!(
                "`{name}` is mocked after the program has started, and is not registered: mock it \
                 before the first `env.client()`"
            ));
        }
        self.0.mocks.install(target, &name, stub);
        mock
    }

    /// Whether the program that runs asks the mocks about that name.
    fn is_known(&self, target: Target, name: &str) -> bool {
        let is_mocked = self.0.mocks.names(target).iter().any(|mock| mock == name);
        is_mocked || lock(&self.0.program).has(target, name)
    }

    /// Does something when that time has passed.
    fn later(
        &self,
        delay: Duration,
        what: &'static str,
        act: impl Future<Output = Result<(), String>> + Send + 'static,
    ) {
        let env = self.clone();
        let sleep = self.0.world.sleep(delay);
        self.beside(async move {
            sleep.await;
            if let Err(error) = act.await {
                lock(&env.0.troubles).push(format!("{what} after {delay:?}: {error}"));
            }
        });
    }
}
