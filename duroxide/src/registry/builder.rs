//! Registration by hand: names as strings, text in and out.

use std::sync::Arc;

use crate::activity::ActivityContext;
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::OrchestrationContext;
use crate::registry::{
    ActivityFn, ActivityRegistry, Handler, OrchestrationFn, OrchestrationRegistry, Registration,
    RegistryError,
};

const UNVERSIONED: &str = "1.0.0";

/// Collects orchestrations.
#[derive(Debug, Default)]
pub struct OrchestrationRegistryBuilder(OrchestrationRegistry);

/// Collects activities.
#[derive(Debug, Default)]
pub struct ActivityRegistryBuilder(ActivityRegistry);

impl OrchestrationRegistry {
    /// Starts with nothing.
    pub fn builder() -> OrchestrationRegistryBuilder {
        OrchestrationRegistryBuilder::default()
    }
}

impl ActivityRegistry {
    /// Starts with nothing.
    pub fn builder() -> ActivityRegistryBuilder {
        ActivityRegistryBuilder::default()
    }
}

impl OrchestrationRegistryBuilder {
    /// Adds version 1.0.0 of an orchestration.
    #[must_use]
    pub fn register<F, Fut>(self, name: &str, orchestration: F) -> Self
    where
        F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        self.register_versioned(name, UNVERSIONED, orchestration)
    }

    /// Adds one version of an orchestration.
    #[must_use]
    pub fn register_versioned<F, Fut>(
        mut self,
        name: &str,
        version: impl AsRef<str>,
        orchestration: F,
    ) -> Self
    where
        F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        let handler: OrchestrationFn = Arc::new(move |context, input| {
            let code = orchestration(context, input);
            Box::pin(async move {
                code.await.map_err(|message| {
                    ErrorDetails::application(AppErrorKind::OrchestrationFailed, message)
                })
            })
        });
        self.0
            .insert("orchestration", name, version.as_ref(), handler, None);
        self
    }

    /// Adds what a macro registered.
    pub(crate) fn add(&mut self, registration: &'static Registration) {
        if let Handler::Orchestration(make) = registration.handler {
            let Registration { name, version, .. } = registration;
            self.0
                .insert("orchestration", name, version, make(), Some(registration));
        }
    }

    /// The registry. Of two orchestrations with the same name and version the first one counts;
    /// the runtime reports the other at its start.
    pub fn build(self) -> OrchestrationRegistry {
        self.0
    }

    /// The registry.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong: a duplicate, a bad name or version.
    pub fn build_result(self) -> Result<OrchestrationRegistry, RegistryError> {
        match self.0.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.0),
        }
    }
}

impl ActivityRegistryBuilder {
    /// Adds an activity.
    #[must_use]
    pub fn register<F, Fut>(mut self, name: &str, activity: F) -> Self
    where
        F: Fn(ActivityContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        let handler: ActivityFn = Arc::new(move |context, input| {
            let run = activity(context, input);
            Box::pin(async move {
                run.await.map_err(|message| {
                    ErrorDetails::application(AppErrorKind::ActivityFailed, message)
                })
            })
        });
        self.0.insert("activity", name, UNVERSIONED, handler, None);
        self
    }

    /// Adds what a macro registered.
    pub(crate) fn add(&mut self, registration: &'static Registration) {
        if let Handler::Activity(make) = registration.handler {
            let Registration { name, version, .. } = registration;
            self.0
                .insert("activity", name, version, make(), Some(registration));
        }
    }

    /// The registry. Of two activities with the same name the first one counts; the runtime
    /// reports the other at its start.
    pub fn build(self) -> ActivityRegistry {
        self.0
    }

    /// The registry.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong: a duplicate, a bad name.
    pub fn build_result(self) -> Result<ActivityRegistry, RegistryError> {
        match self.0.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.0),
        }
    }
}
