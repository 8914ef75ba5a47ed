//! A typed start: what `name::start` of an annotated orchestration returns.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::client::start::{Request, Started};
use crate::client::{Client, ClientError, Handle, parse_id};
use crate::codec::CodecError;

/// A start about to be made: `.await` makes it.
///
/// Without [`id`](Self::id) the instance gets a random one. An instance that exists already is an
/// error, unless [`if_absent`](Self::if_absent) says otherwise.
///
/// ```
/// # use duroxide::prelude::*;
/// # use duroxide::ClientError;
/// #[orchestration]
/// async fn order(_ctx: &OrchestrationContext, item: u64) -> Result<u64, String> {
///     Ok(item)
/// }
///
/// async fn submit(client: &Client, item: u64) -> Result<bool, ClientError> {
///     let handle = order::start(client, item).id(format!("order-{item}")).if_absent().await?;
///     Ok(handle.created())
/// }
/// ```
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
    ///
    /// An example stands at [`StartCall`].
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Another version than the stub's own.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # use duroxide::ClientError;
    /// # #[orchestration]
    /// # async fn order(_ctx: &OrchestrationContext, item: u64) -> Result<u64, String> { Ok(item) }
    /// async fn submit_as_before(client: &Client, item: u64) -> Result<(), ClientError> {
    ///     order::start(client, item).id(format!("order-{item}")).version("0.9.0").await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// If there is an instance with that id, take it, whatever it was started with;
    /// [`Handle::created`] tells.
    ///
    /// An example stands at [`StartCall`].
    pub fn if_absent(mut self) -> Self {
        self.if_absent = true;
        self
    }

    async fn make(self) -> Result<Handle<T, E>, ClientError> {
        let input = self.input.map_err(ClientError::unfit)?;
        let id = self
            .id
            .unwrap_or_else(|| Uuid::from_u128(self.client.env.unique_id()).to_string());
        let instance = parse_id(&id)?;
        let request = Request {
            name: self.name.to_owned(),
            version: Some(self.version),
            input,
        };
        let created = match self.client.start(&instance, request).await? {
            Started::Created => true,
            Started::Exists { .. } if self.if_absent => false,
            Started::Exists { status, .. } => return Err(ClientError::already_exists(*status)),
        };
        Ok(Handle::started(&self.client, id, created))
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
