//! Starting instances by name.

use serde::Serialize;

use crate::client::persistence::Answered;
use crate::client::{Client, ClientError, parse_id};
use crate::codec::dynamic;
use crate::history::{InstanceId, Start, check_name, is_reserved_id};
use crate::provider::{InstanceStatus, StartOutcome};

/// What is to be started.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) input: String,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Started {
    Created,
    /// There was one already.
    Exists {
        status: Box<InstanceStatus>,
        same_request: bool,
    },
}

impl Client {
    /// Starts an orchestration by name, in the version that the program which begins it chooses: the
    /// highest, if its registry has no other policy. When this returns the start is durable. The same
    /// start again, with the same name and input, is `Ok` and starts nothing.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn submit(client: &Client, order: u64, text: &str) -> Result<(), ClientError> {
    ///     // Made twice with the same text it is one instance; with another text it is an error.
    ///     client.start_orchestration(&format!("order-{order}"), "fulfil_order", text).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::AlreadyExists`] if the instance was started with another name or input;
    /// [`ClientError::InvalidInput`] for a bad id or name, and for an id that only
    /// sub-orchestrations have: it begins with `sub::` or contains `::sub::`;
    /// [`ClientError::Provider`], after some attempts.
    pub async fn start_orchestration(
        &self,
        instance: impl Into<String>,
        orchestration: impl Into<String>,
        input: impl Into<String>,
    ) -> Result<(), ClientError> {
        let request = Request {
            name: orchestration.into(),
            version: None,
            input: input.into(),
        };
        self.start_by_name(&instance.into(), request).await
    }

    /// The same for one version.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn submit(client: &Client, order: &str) -> Result<(), ClientError> {
    ///     client.start_orchestration_versioned("order-42", "fulfil_order", "1.2.0", order).await
    /// }
    /// ```
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
        let request = Request {
            name: orchestration.into(),
            version: Some(version.into()),
            input: input.into(),
        };
        self.start_by_name(&instance.into(), request).await
    }

    /// The same with a value as the input: JSON, except that a string travels as it is.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn submit(client: &Client, items: Vec<u64>) -> Result<(), ClientError> {
    ///     client.start_orchestration_typed("order-42", "fulfil_order", items).await // as `[1,2,3]`
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start_orchestration`](Self::start_orchestration); an input that does not encode is
    /// [`ClientError::InvalidInput`].
    pub async fn start_orchestration_typed<In: Serialize>(
        &self,
        instance: impl Into<String>,
        orchestration: impl Into<String>,
        input: In,
    ) -> Result<(), ClientError> {
        let text = dynamic::encode(&input);
        drop(input);
        let request = Request {
            name: orchestration.into(),
            version: None,
            input: text.map_err(ClientError::unfit)?,
        };
        self.start_by_name(&instance.into(), request).await
    }

    /// The same for one version.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn submit(client: &Client, items: Vec<u64>) -> Result<(), ClientError> {
    ///     client.start_orchestration_versioned_typed("order-42", "fulfil_order", "2.0.0", items).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start_orchestration_versioned`](Self::start_orchestration_versioned) and
    /// [`start_orchestration_typed`](Self::start_orchestration_typed).
    pub async fn start_orchestration_versioned_typed<In: Serialize>(
        &self,
        instance: impl Into<String>,
        orchestration: impl Into<String>,
        version: impl Into<String>,
        input: In,
    ) -> Result<(), ClientError> {
        let text = dynamic::encode(&input);
        drop(input);
        let request = Request {
            name: orchestration.into(),
            version: Some(version.into()),
            input: text.map_err(ClientError::unfit)?,
        };
        self.start_by_name(&instance.into(), request).await
    }

    async fn start_by_name(&self, instance: &str, request: Request) -> Result<(), ClientError> {
        match self.start(&parse_id(instance)?, request).await? {
            Started::Created
            | Started::Exists {
                same_request: true, ..
            } => Ok(()),
            Started::Exists {
                status,
                same_request: false,
            } => Err(ClientError::already_exists(*status)),
        }
    }

    /// The start behind all forms of starting. If its answer was lost, the instance that is there and
    /// does what was asked for counts as created by it.
    pub(super) async fn start(
        &self,
        instance: &InstanceId,
        request: Request,
    ) -> Result<Started, ClientError> {
        check_request(instance, &request)?;
        let start = Start {
            version: request.version,
            ..Start::first(request.name, request.input, self.env.unique_id())
        };
        let call = || self.store.start(instance, start.clone());
        let Answered {
            answer,
            is_repeated,
        } = self.persist(call).await?;
        Ok(match answer {
            StartOutcome::Created => Started::Created,
            StartOutcome::Exists { same_request, .. } if same_request && is_repeated => {
                Started::Created
            }
            StartOutcome::Exists {
                status,
                same_request,
            } => Started::Exists {
                status,
                same_request,
            },
        })
    }
}

fn check_request(instance: &InstanceId, request: &Request) -> Result<(), ClientError> {
    if is_reserved_id(instance.as_str()) {
        return Err(ClientError::InvalidInput {
            message: format!(
                "the instance id `{instance}` belongs to a sub-orchestration: choose one that does \
                 not begin with `sub::` and does not contain `::sub::`"
            ),
        });
    }
    check_name("orchestration name", &request.name).map_err(ClientError::invalid)?;
    if let Some(version) = &request.version {
        semver::Version::parse(version).map_err(|problem| ClientError::InvalidInput {
            message: format!(
                "the version `{}` is not one such as `1.2.0`: {problem}",
                version.chars().take(64).collect::<String>()
            ),
        })?;
    }
    Ok(())
}
