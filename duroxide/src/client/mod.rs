//! What a caller sees: start, send, watch, read. Works on the store alone, with or without a runtime in
//! the same process. Must not know: the engine, the runtime.

mod error;
mod events;
mod status;
mod typed;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::env::{EnvRef, TokioEnv};
use crate::history::{Event, EventId, ExecutionId, InstanceId, Start, check_name};
use crate::provider::{
    InstanceQuery, InstanceState, InstanceStatus, Nowhere, Provider, ProviderAdmin, ProviderError,
    ProviderRef, StartOutcome,
};

pub use error::{ClientError, OrchestrationError};
pub use status::OrchestrationStatus;
pub use typed::{Handle, StartCall};

/// How many events or instances are read in one go.
const PAGE: usize = 1_000;

/// Starts instances and watches them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    store: ProviderRef,
    env: EnvRef,
}

impl Client {
    /// A client of this store.
    pub fn new(store: Arc<dyn Provider>) -> Self {
        Self::with_env(store, Arc::new(TokioEnv::new()))
    }

    /// A client whose clock and ids come from `env`.
    pub fn with_env(store: ProviderRef, env: EnvRef) -> Self {
        Self { store, env }
    }

    /// A client of no store: all that it is asked is refused with these words.
    pub(crate) fn nowhere(why: &str) -> Self {
        Self::new(Arc::new(Nowhere(why.to_owned())))
    }

    /// Starts an orchestration by name, in its highest version. When this returns the start is
    /// durable. The same start again, with the same name and input, is `Ok` and starts nothing.
    ///
    /// # Errors
    ///
    /// [`ClientError::AlreadyExists`] if the instance was started with another name or input;
    /// [`ClientError::InvalidInput`] for a bad id or name; [`ClientError::Provider`].
    pub async fn start_orchestration(
        &self,
        instance: impl Into<String>,
        orchestration: impl Into<String>,
        input: impl Into<String>,
    ) -> Result<(), ClientError> {
        self.start_dynamic(&instance.into(), orchestration.into(), None, input.into())
            .await
    }

    /// The same for one version.
    ///
    /// # Errors
    ///
    /// As [`start_orchestration`](Self::start_orchestration); a version that is not a semantic
    /// version is [`ClientError::InvalidInput`].
    pub async fn start_orchestration_versioned(
        &self,
        instance: impl Into<String>,
        orchestration: impl Into<String>,
        version: impl Into<String>,
        input: impl Into<String>,
    ) -> Result<(), ClientError> {
        let version = Some(version.into());
        self.start_dynamic(
            &instance.into(),
            orchestration.into(),
            version,
            input.into(),
        )
        .await
    }

    async fn start_dynamic(
        &self,
        instance: &str,
        name: String,
        version: Option<String>,
        input: String,
    ) -> Result<(), ClientError> {
        let instance = parse_id(instance)?;
        match self.start(&instance, name, version, input).await? {
            StartOutcome::Created
            | StartOutcome::Exists {
                same_request: true, ..
            } => Ok(()),
            StartOutcome::Exists {
                status,
                same_request: false,
            } => Err(already_exists(*status)),
        }
    }

    /// The start behind all forms of starting.
    async fn start(
        &self,
        instance: &InstanceId,
        name: String,
        version: Option<String>,
        input: String,
    ) -> Result<StartOutcome, ClientError> {
        check_name("orchestration name", &name).map_err(ClientError::invalid)?;
        if let Some(version) = &version {
            semver::Version::parse(version).map_err(|problem| ClientError::InvalidInput {
                message: format!("the version `{version}` is not one such as `1.2.0`: {problem}"),
            })?;
        }
        let seed = self.env.unique_id();
        let start = Start {
            version,
            ..Start::first(name, input, seed)
        };
        Ok(self.store.start(instance, start).await?)
    }

    /// Where the instance stands.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn get_orchestration_status(
        &self,
        instance: &str,
    ) -> Result<OrchestrationStatus, ClientError> {
        let status = self.store.status(&parse_id(instance)?).await?;
        Ok(status.map_or(OrchestrationStatus::NotFound, Into::into))
    }

    /// Waits until the instance has ended, through continue-as-new and even before it is started.
    ///
    /// # Errors
    ///
    /// [`ClientError::Timeout`] when `timeout` has passed; [`ClientError::InvalidInput`] for a bad
    /// id; [`ClientError::Provider`].
    pub async fn wait_for_orchestration(
        &self,
        instance: &str,
        timeout: Duration,
    ) -> Result<OrchestrationStatus, ClientError> {
        let instance = parse_id(instance)?;
        let ended = std::pin::pin!(self.ended(&instance));
        match select(ended, self.env.sleep(timeout)).await {
            Either::Left((status, _)) => Ok(status?.into()),
            Either::Right(((), _)) => Err(ClientError::Timeout),
        }
    }

    /// The events of one execution, from the first to the last that is durable.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`], corrupt rows
    /// included.
    pub async fn read_execution_history(
        &self,
        instance: &str,
        execution_id: u64,
    ) -> Result<Vec<Event>, ClientError> {
        let instance = parse_id(instance)?;
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(EventId::NONE, |event| event.event_id);
            let page = self
                .store
                .read(&instance, ExecutionId(execution_id), after, PAGE)
                .await?;
            events.extend(page.events);
            if !page.more {
                return Ok(events);
            }
        }
    }

    /// Whether the store has the management verbs.
    pub fn has_management_capability(&self) -> bool {
        self.store.admin().is_some()
    }

    /// The ids of all instances, in order.
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::Provider`].
    pub async fn list_all_instances(&self) -> Result<Vec<String>, ClientError> {
        let admin = self.admin()?;
        let mut ids = Vec::new();
        let mut last: Option<InstanceId> = None;
        loop {
            let page = admin
                .list_instances(&InstanceQuery::default(), last.as_ref(), PAGE)
                .await?;
            let Some(end) = page.last() else {
                return Ok(ids);
            };
            last = Some(end.instance.clone());
            ids.extend(page.iter().map(|status| status.instance.to_string()));
        }
    }

    fn admin(&self) -> Result<&dyn ProviderAdmin, ClientError> {
        self.store
            .admin()
            .ok_or(ClientError::ManagementNotAvailable)
    }

    /// Waits for the end of an instance. A store that is away for a moment is waited for too.
    async fn ended(&self, instance: &InstanceId) -> Result<InstanceStatus, ProviderError> {
        let mut seen = 0;
        let mut pause = Duration::from_millis(5);
        loop {
            match self.store.wait(instance, seen).await {
                Ok(status) if status.state.is_terminal() => return Ok(status),
                Ok(status) => seen = status.change,
                Err(error) if error.is_retryable() => {
                    self.env.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn parse_id(instance: &str) -> Result<InstanceId, ClientError> {
    InstanceId::new(instance).map_err(ClientError::invalid)
}

fn already_exists(status: InstanceStatus) -> ClientError {
    ClientError::AlreadyExists {
        instance_id: status.instance.to_string(),
        orchestration: status.orchestration.clone(),
        status: Box::new(status.into()),
    }
}

impl From<InstanceStatus> for OrchestrationStatus {
    fn from(status: InstanceStatus) -> Self {
        match status.state {
            InstanceState::Running => Self::Running {},
            InstanceState::Completed { output } => Self::Completed { output },
            InstanceState::Failed { details } => Self::Failed { details },
        }
    }
}
