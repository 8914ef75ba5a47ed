//! The handlers of a test: each asks first whether there is a mock.

use std::sync::Arc;

use async_trait::async_trait;
use semver::Version;

use crate::activity::ActivityContext;
use crate::history::ErrorDetails;
use crate::orchestration::OrchestrationContext;
use crate::registry::{
    ActivityFn, ActivityHandler, ActivityRegistry, OrchestrationFn, OrchestrationHandler,
    OrchestrationRegistry, RegistryError, VersionPolicy,
};

use super::mock::Plan;
use super::{Mocks, Target, unmocked};

/// The activities of the program, and those that there is only a mock of.
pub(in crate::testing) fn activities(
    real: &ActivityRegistry,
    mocks: &Arc<Mocks>,
) -> Result<ActivityRegistry, RegistryError> {
    let mut names = real.list_names();
    names.extend(mocks.names(Target::Activity));
    names.sort();
    names.dedup();
    let all = names.into_iter();
    let all = all.fold(ActivityRegistry::builder(), |all, name| {
        let handler = Arc::new(MaybeActivity {
            real: real.resolve_handler(&name).map(|(_, handler)| handler),
            mocks: Arc::clone(mocks),
            name: name.clone(),
        });
        all.register_handler(&name, handler)
    });
    all.build_result()
}

/// The orchestrations of the program in all their versions, and those that there is only a mock of.
pub(in crate::testing) fn orchestrations(
    real: &OrchestrationRegistry,
    mocks: &Arc<Mocks>,
) -> Result<OrchestrationRegistry, RegistryError> {
    let mut all = OrchestrationRegistry::builder();
    let handler = |name: &str, version: &Version| {
        Arc::new(MaybeOrchestration {
            real: real.resolve_handler_exact(name, version),
            mocks: Arc::clone(mocks),
            name: name.to_owned(),
        })
    };
    for name in real.list_names() {
        for version in real.list_versions(&name) {
            all = all.register_handler(&name, version.to_string(), handler(&name, &version));
        }
        if let Some(chosen) = real.resolve_version(&name) {
            all = all.set_policy(&name, VersionPolicy::Exact(chosen));
        }
    }
    let mocked = mocks.names(Target::Orchestration).into_iter();
    for name in mocked.filter(|name| !real.has(name)) {
        let version = Version::new(1, 0, 0);
        all = all.register_handler(&name, version.to_string(), handler(&name, &version));
    }
    all.build_result()
}

struct MaybeActivity {
    real: Option<ActivityFn>,
    mocks: Arc<Mocks>,
    name: String,
}

#[async_trait]
impl ActivityHandler for MaybeActivity {
    async fn invoke(&self, context: ActivityContext, input: String) -> Result<String, String> {
        let output = self.run(context, input).await;
        output.map_err(|details| details.display_message())
    }

    async fn run(&self, context: ActivityContext, input: String) -> Result<String, ErrorDetails> {
        self.mocks.called(&self.name, &input);
        if let Some(mock) = self.mocks.find(Target::Activity, &self.name) {
            return mock.activity(input).await;
        }
        if let Some(refusal) = self.mocks.refusal(&self.name) {
            return Err(refusal);
        }
        match &self.real {
            Some(real) => real.run(context, input).await,
            // Not reached: what is not real is here because of its mock, and mocks stay.
            None => Err(unmocked(&self.name)),
        }
    }
}

struct MaybeOrchestration {
    real: Option<OrchestrationFn>,
    mocks: Arc<Mocks>,
    name: String,
}

#[async_trait]
impl OrchestrationHandler for MaybeOrchestration {
    async fn invoke(&self, context: OrchestrationContext, input: String) -> Result<String, String> {
        let output = self.run(context, input).await;
        output.map_err(|details| details.display_message())
    }

    async fn run(
        &self,
        context: OrchestrationContext,
        input: String,
    ) -> Result<String, ErrorDetails> {
        let Some(mock) = self.mocks.find(Target::Orchestration, &self.name) else {
            return match &self.real {
                Some(real) => real.run(context, input).await,
                // Not reached, as above.
                None => Err(unmocked(&self.name)),
            };
        };
        let execution = format!("{}/{}", context.instance_id(), context.execution_id());
        let (delay, answer) = match mock.orchestration(execution, &input) {
            Plan::Fail(delay, details) => (delay, Err(details)),
            Plan::Give(delay, answer) => (delay, answer),
            Plan::Never | Plan::Ask(_) => {
                let never = context.schedule_wait("duroxide-mock-never-completes");
                return Ok(never.await);
            }
        };
        if !delay.is_zero() {
            context.schedule_timer(delay).await;
        }
        answer
    }
}
