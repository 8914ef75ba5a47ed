//! A typed handle: one instance of an annotated orchestration, seen from outside.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::client::{
    Client, ClientError, InstanceInfo, OrchestrationError, OrchestrationStatus, parse_id,
};
use crate::codec;
use crate::provider::InstanceState;

/// One instance of an annotated orchestration, seen from outside.
///
/// ```
/// # use duroxide::prelude::*;
/// # #[orchestration]
/// # async fn order(_ctx: &OrchestrationContext, item: u64) -> Result<u64, String> { Ok(item) }
/// async fn look(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
///     let handle = order::handle(client, "order-42");
///     println!("{:?}", handle.status().await?);
///     let item: u64 = handle.result().await?; // waits for the end
///     println!("{item} is on its way");
///     Ok(())
/// }
/// ```
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

    pub(super) fn started(client: &Client, id: String, created: bool) -> Self {
        Self {
            created,
            ..Self::new(client, id)
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The id of the instance.
    ///
    /// An example stands at [`created`](Self::created).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the start that gave this handle created the instance. If the store lost the answer
    /// to the start, an instance that runs what was asked for counts as created by it.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # use duroxide::ClientError;
    /// # #[orchestration]
    /// # async fn order(_ctx: &OrchestrationContext, item: u64) -> Result<u64, String> { Ok(item) }
    /// async fn submit(client: &Client) -> Result<(), ClientError> {
    ///     let handle = order::start(client, 7).id("order-7").if_absent().await?;
    ///     let what = if handle.created() { "started" } else { "found" };
    ///     println!("{what} {}", handle.id());
    ///     Ok(())
    /// }
    /// ```
    pub fn created(&self) -> bool {
        self.created
    }

    /// Where the instance stands.
    ///
    /// An example stands at [`Handle`].
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn status(&self) -> Result<OrchestrationStatus, ClientError> {
        self.client.get_orchestration_status(&self.id).await
    }

    /// All that is known about the instance without its history: its phase, its times, its parent.
    ///
    /// ```
    /// # use duroxide::{ClientError, Handle};
    /// async fn line(handle: &Handle<u64, String>) -> Result<String, ClientError> {
    ///     let info = handle.info().await?;
    ///     Ok(format!("{}: {} since {} ms", info.instance_id, info.phase, info.created_at))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::get_instance_info`].
    pub async fn info(&self) -> Result<InstanceInfo, ClientError> {
        self.client.get_instance_info(&self.id).await
    }

    /// Asks the instance to end as cancelled: what it has to undo it undoes first.
    ///
    /// ```
    /// # use duroxide::{Handle, OrchestrationError};
    /// async fn stop(handle: &Handle<u64, String>) -> Result<(), OrchestrationError<String>> {
    ///     handle.cancel("the customer asked for it").await?;
    ///     match handle.result().await {
    ///         Err(OrchestrationError::Cancelled { reason }) => println!("ended: {reason}"),
    ///         other => println!("it was faster: {}", other?),
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::cancel_instance`].
    pub async fn cancel(&self, reason: impl Into<String>) -> Result<(), ClientError> {
        self.client.cancel_instance(&self.id, reason).await
    }

    /// Ends the instance as cancelled without a chance to undo anything.
    ///
    /// ```
    /// # use duroxide::{ClientError, Handle};
    /// async fn kill(handle: &Handle<u64, String>) -> Result<(), ClientError> {
    ///     handle.terminate("it does not end when it is asked to").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::terminate_instance`].
    pub async fn terminate(&self, reason: impl Into<String>) -> Result<(), ClientError> {
        self.client.terminate_instance(&self.id, reason).await
    }

    /// The status that the instance's code shows or showed last.
    ///
    /// ```
    /// # use duroxide::{ClientError, Handle};
    /// async fn line(handle: &Handle<u64, String>) -> Result<String, ClientError> {
    ///     let status = handle.custom_status().await?;
    ///     Ok(format!("{}: {}", handle.id(), status.unwrap_or_default()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status); [`ClientError::InstanceNotFound`].
    pub async fn custom_status(&self) -> Result<Option<String>, ClientError> {
        match self.status().await? {
            OrchestrationStatus::NotFound => Err(ClientError::InstanceNotFound {
                instance_id: self.id.clone(),
            }),
            status => Ok(status.custom_status().map(str::to_owned)),
        }
    }

    /// Waits until the custom status is newer than `last_seen_version`, or the instance has ended.
    /// Begin with 0 and go on with the version that came back.
    ///
    /// ```
    /// # use duroxide::{ClientError, Handle};
    /// # use std::time::Duration;
    /// async fn follow(handle: &Handle<u64, String>) -> Result<(), ClientError> {
    ///     let mut seen = 0;
    ///     loop {
    ///         let status = handle.wait_for_status_change(seen, Duration::from_secs(60)).await?;
    ///         println!("{}", status.custom_status().unwrap_or("nothing to see"));
    ///         if status.is_terminal() {
    ///             return Ok(());
    ///         }
    ///         seen = status.custom_status_version();
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::wait_for_status_change`].
    pub async fn wait_for_status_change(
        &self,
        last_seen_version: u64,
        timeout: Duration,
    ) -> Result<OrchestrationStatus, ClientError> {
        let unused = Duration::ZERO;
        self.client
            .wait_for_status_change(&self.id, last_seen_version, unused, timeout)
            .await
    }

    /// The value that the instance keeps under a key; `None` if there is none.
    ///
    /// ```
    /// # use duroxide::{ClientError, Handle};
    /// # use std::time::Duration;
    /// async fn watch(handle: &Handle<(), String>) -> Result<(), ClientError> {
    ///     let done: Option<u64> = handle.kv_value("done").await?; // as it is now
    ///     let address: String = handle.wait_for_kv_value("address", Duration::from_secs(60)).await?;
    ///     println!("{done:?} files are at {address}");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::get_kv_value_typed`].
    pub async fn kv_value<V: DeserializeOwned>(&self, key: &str) -> Result<Option<V>, ClientError> {
        self.client.get_kv_value_typed(&self.id, key).await
    }

    /// Waits until the instance keeps a value under that key, and gives it.
    ///
    /// An example stands at [`kv_value`](Self::kv_value).
    ///
    /// # Errors
    ///
    /// As [`Client::wait_for_kv_value_typed`].
    pub async fn wait_for_kv_value<V: DeserializeOwned>(
        &self,
        key: &str,
        timeout: Duration,
    ) -> Result<V, ClientError> {
        self.client
            .wait_for_kv_value_typed(&self.id, key, timeout)
            .await
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Handle<T, E> {
    /// Waits for the end of the instance, however long it takes, and gives its result.
    ///
    /// ```
    /// # use duroxide::{Handle, OrchestrationError};
    /// async fn outcome(handle: &Handle<u64, String>) -> Result<u64, OrchestrationError<String>> {
    ///     match handle.result().await {
    ///         Err(OrchestrationError::Failed(reason)) if reason == "sold out" => Ok(0),
    ///         other => other,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`OrchestrationError`]: the error that the orchestration returned, or why there is none.
    /// An instance that does not exist is [`ClientError::InstanceNotFound`].
    pub async fn result(&self) -> Result<T, OrchestrationError<E>> {
        let instance = parse_id(&self.id)?;
        if !self.client.exists(&instance).await? {
            return Err(ClientError::not_found(&instance).into());
        }
        let ended = self.client.ended(&instance).await?;
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
