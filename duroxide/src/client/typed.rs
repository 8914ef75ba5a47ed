//! The typed side of a client: what the stubs of annotated orchestrations return.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::client::{
    Client, ClientError, OrchestrationError, OrchestrationStatus, already_exists, parse_id,
};
use crate::codec::{self, CodecError};
use crate::history::InstanceId;
use crate::provider::{InstanceState, StartOutcome};

/// A start about to be made: `.await` makes it.
///
/// Without [`id`](Self::id) the instance gets a random one. An instance that exists already is an
/// error, unless [`if_absent`](Self::if_absent) says otherwise.
#[must_use = "nothing is started until this is awaited"]
pub struct StartCall<T, E> {
    client: Client,
    name: &'static str,
    version: String,
    input: Result<String, CodecError>,
    id: Option<String>,
    if_absent: bool,
    output: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> StartCall<T, E> {
    /// A start of that orchestration. What the macros' stubs call.
    #[doc(hidden)]
    pub fn new(
        client: &Client,
        name: &'static str,
        version: &'static str,
        input: Result<String, CodecError>,
    ) -> Self {
        Self {
            client: client.clone(),
            name,
            version: version.to_owned(),
            input,
            id: None,
            if_absent: false,
            output: PhantomData,
        }
    }

    /// The id of the instance.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Another version than the stub's own.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// If there is an instance with that id, take it, whatever it was started with;
    /// [`Handle::created`] tells.
    pub fn if_absent(mut self) -> Self {
        self.if_absent = true;
        self
    }

    async fn make(self) -> Result<Handle<T, E>, ClientError> {
        let input = self.input.map_err(|error| ClientError::InvalidInput {
            message: error.to_string(),
        })?;
        let id = self
            .id
            .unwrap_or_else(|| Uuid::from_u128(self.client.env.unique_id()).to_string());
        let instance = parse_id(&id)?;
        let outcome = self
            .client
            .start(&instance, self.name.to_owned(), Some(self.version), input)
            .await?;
        let created = match outcome {
            StartOutcome::Created => true,
            StartOutcome::Exists { .. } if self.if_absent => false,
            StartOutcome::Exists { status, .. } => return Err(already_exists(*status)),
        };
        Ok(Handle {
            created,
            ..Handle::new(&self.client, instance.as_str())
        })
    }
}

impl<T, E> IntoFuture for StartCall<T, E>
where
    T: 'static,
    E: 'static,
{
    type Output = Result<Handle<T, E>, ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

impl<T, E> fmt::Debug for StartCall<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartCall")
            .field("name", &self.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// One instance of an annotated orchestration, seen from outside.
pub struct Handle<T, E> {
    client: Client,
    id: String,
    created: bool,
    output: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> Handle<T, E> {
    /// A handle on an instance that may or may not exist. What the macros' stubs call.
    #[doc(hidden)]
    pub fn new(client: &Client, id: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            id: id.into(),
            created: false,
            output: PhantomData,
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The id of the instance.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the start that gave this handle created the instance.
    pub fn created(&self) -> bool {
        self.created
    }

    /// Where the instance stands.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn status(&self) -> Result<OrchestrationStatus, ClientError> {
        self.client.get_orchestration_status(&self.id).await
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Handle<T, E> {
    /// Waits for the end of the instance, however long it takes, and gives its result.
    ///
    /// # Errors
    ///
    /// [`OrchestrationError`]: the error that the orchestration returned, or why there is none.
    /// An instance that does not exist is [`ClientError::InstanceNotFound`].
    pub async fn result(&self) -> Result<T, OrchestrationError<E>> {
        let instance: InstanceId = parse_id(&self.id)?;
        if self
            .client
            .store
            .status(&instance)
            .await
            .map_err(ClientError::from)?
            .is_none()
        {
            return Err(ClientError::InstanceNotFound {
                instance_id: self.id.clone(),
            }
            .into());
        }
        let ended = self
            .client
            .ended(&instance)
            .await
            .map_err(ClientError::from)?;
        match ended.state {
            InstanceState::Completed { output } => codec::decode(&output)
                .map_err(|error| OrchestrationError::Rejected(error.to_string())),
            InstanceState::Failed { details } => Err(OrchestrationError::from_details(details)),
            InstanceState::Running => Err(OrchestrationError::Infrastructure(
                "the store called a running instance ended".to_owned(),
            )),
        }
    }
}

impl<T, E> Clone for Handle<T, E> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            id: self.id.clone(),
            created: self.created,
            output: PhantomData,
        }
    }
}

impl<T, E> fmt::Debug for Handle<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
