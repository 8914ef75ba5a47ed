//! The program under test: what is registered, what it is given, and its processes.

use std::sync::Arc;
use std::time::Duration;

use crate::activity::ApplicationData;
use crate::env::EnvRef;
use crate::provider::ProviderRef;
use crate::registry::{
    ActivityRegistry, Handler, OrchestrationRegistry, Registration, RegistryError, linked,
};
use crate::runtime::{Parts, Runtime, RuntimeOptions};

use super::mocks::{self, Mocks, Target};
use super::world::{Process, World};

/// What every process of the program is made of.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) activities: ActivityRegistry,
    pub(super) orchestrations: OrchestrationRegistry,
    pub(super) data: ApplicationData,
    pub(super) options: RuntimeOptions,
}

/// A process that runs.
#[derive(Debug)]
pub(super) struct Running {
    process: Arc<Process>,
    // Dropping it stops it.
    _runtime: Arc<Runtime>,
}

impl Program {
    /// What the macros registered.
    pub(super) fn linked(replay_twice: bool) -> Self {
        let mut options = RuntimeOptions {
            replay_twice,
            turn_threads: 1,
            // Fewer stops on the way through long waits.
            worker_lock_timeout: Duration::from_secs(60 * 60),
            orchestrator_lock_timeout: Duration::from_secs(60 * 60),
            ..RuntimeOptions::default()
        };
        options.observability.gauge_poll_interval = Duration::ZERO;
        Self {
            activities: ActivityRegistry::default(),
            orchestrations: OrchestrationRegistry::default(),
            data: ApplicationData::default(),
            options,
        }
    }

    /// Starts a process of it.
    pub(super) fn launch(
        &self,
        world: &Arc<World>,
        store: ProviderRef,
        mocks: &Arc<Mocks>,
    ) -> Result<Running, RegistryError> {
        let process = Process::new(world);
        let env: EnvRef = Arc::clone(&process) as EnvRef;
        let runtime = Runtime::launch(Parts {
            store,
            env,
            activities: mocks::activities(&self.all_activities()?, mocks)?,
            orchestrations: mocks::orchestrations(&self.all_orchestrations()?, mocks)?,
            options: self.options.clone(),
            data: self.data.clone(),
        });
        Ok(Running {
            process,
            _runtime: runtime,
        })
    }

    /// Whether a process of it has a handler of that name.
    pub(super) fn has(&self, target: Target, name: &str) -> bool {
        let is_linked = |registration: &&Registration| {
            let is_target = match registration.handler {
                Handler::Activity(_) => target == Target::Activity,
                Handler::Orchestration(_) => target == Target::Orchestration,
            };
            is_target && registration.name == name
        };
        let is_registered = match target {
            Target::Activity => self.activities.has(name),
            Target::Orchestration => self.orchestrations.has(name),
        };
        is_registered || linked().iter().any(is_linked)
    }

    /// What the test registered, and what the macros did under other names.
    fn all_activities(&self) -> Result<ActivityRegistry, RegistryError> {
        let mut all = ActivityRegistry::builder_from(&self.activities);
        let others = linked().into_iter();
        for registration in others.filter(|other| !self.activities.has(other.name)) {
            all.add(registration);
        }
        all.build_result()
    }

    /// The same for orchestrations.
    pub(super) fn all_orchestrations(&self) -> Result<OrchestrationRegistry, RegistryError> {
        let mut all = OrchestrationRegistry::builder_from(&self.orchestrations);
        let others = linked().into_iter();
        for registration in others.filter(|other| !self.orchestrations.has(other.name)) {
            all.add(registration);
        }
        all.build_result()
    }
}

impl Running {
    /// Ends it where it stands.
    pub(super) async fn kill(self) {
        self.process.kill().await;
    }
}
