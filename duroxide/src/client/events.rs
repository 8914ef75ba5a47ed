//! Telling instances something: events, queue messages, and that they are to end.

use serde::Serialize;

use crate::client::{Client, ClientError, parse_id};
use crate::codec::dynamic;
use crate::history::{EVENT_NAME, InstanceId, Message, QUEUE_NAME, check_name};
use crate::provider::ProviderError;

impl Client {
    /// Raises an event. When this returns it is durable, and will be consumed.
    ///
    /// It goes to the oldest [`schedule_wait`](crate::OrchestrationContext::schedule_wait) for its
    /// name that is open when it is consumed; without one it reaches nobody. An instance that has
    /// ended ignores it.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn approve(client: &Client, id: &str) -> Result<(), ClientError> {
    ///     match client.raise_event(id, "approval", "\"Ada\"").await {
    ///         Err(ClientError::InstanceNotFound { .. }) => Ok(()), // it was deleted meanwhile
    ///         sent => sent,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InstanceNotFound`]: start the instance first; an event that follows an
    /// acknowledged start is never too early for the instance. [`ClientError::InvalidInput`] for a
    /// bad id or name; [`ClientError::Provider`], after some attempts, all under one id: the event
    /// is there once or not at all.
    pub async fn raise_event(
        &self,
        instance: impl Into<String>,
        event_name: impl Into<String>,
        data: impl Into<String>,
    ) -> Result<(), ClientError> {
        let name = event_name.into();
        check_name(EVENT_NAME, &name).map_err(ClientError::invalid)?;
        let data = data.into();
        self.send(&instance.into(), Message::ExternalEvent { name, data })
            .await
    }

    /// The same with a value: JSON, except that a string travels as it is.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn paid(client: &Client, order: &str, cents: u64) -> Result<(), ClientError> {
    ///     client.raise_event_typed(order, "payment", &cents).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`raise_event`](Self::raise_event); data that does not encode is
    /// [`ClientError::InvalidInput`].
    pub async fn raise_event_typed<T: Serialize>(
        &self,
        instance: impl Into<String>,
        event_name: impl Into<String>,
        data: &T,
    ) -> Result<(), ClientError> {
        let data = dynamic::encode(data).map_err(ClientError::unfit)?;
        self.raise_event(instance, event_name, data).await
    }

    /// Sends a message to one of the instance's queues. When this returns it is durable, and will be
    /// read, once, by the next [`dequeue_event`](crate::OrchestrationContext::dequeue_event) that
    /// has its turn, whenever that is made. An instance that has ended ignores it.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn fill(client: &Client) -> Result<(), ClientError> {
    ///     client.start_orchestration("cart-7", "cart", "").await?;
    ///     client.enqueue_event("cart-7", "cart", "apples").await?;
    ///     client.enqueue_event("cart-7", "cart", "checkout").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`raise_event`](Self::raise_event).
    pub async fn enqueue_event(
        &self,
        instance: impl Into<String>,
        queue: impl Into<String>,
        data: impl Into<String>,
    ) -> Result<(), ClientError> {
        let queue = queue.into();
        check_name(QUEUE_NAME, &queue).map_err(ClientError::invalid)?;
        let data = data.into();
        self.send(&instance.into(), Message::QueueEvent { queue, data })
            .await
    }

    /// The same with a value: JSON, except that a string travels as it is.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn measured(client: &Client, degrees: f64) -> Result<(), ClientError> {
    ///     client.enqueue_event_typed("thermostat-7", "degrees", &degrees).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`raise_event_typed`](Self::raise_event_typed).
    pub async fn enqueue_event_typed<T: Serialize>(
        &self,
        instance: impl Into<String>,
        queue: impl Into<String>,
        data: &T,
    ) -> Result<(), ClientError> {
        let data = dynamic::encode(data).map_err(ClientError::unfit)?;
        self.enqueue_event(instance, queue, data).await
    }

    /// The old name of [`enqueue_event`](Self::enqueue_event).
    ///
    /// An example stands there.
    ///
    /// # Errors
    ///
    /// As [`enqueue_event`](Self::enqueue_event).
    #[deprecated(note = "call `enqueue_event`")]
    pub async fn raise_event_persistent(
        &self,
        instance: impl Into<String>,
        event_name: impl Into<String>,
        data: impl Into<String>,
    ) -> Result<(), ClientError> {
        self.enqueue_event(instance, event_name, data).await
    }

    /// Asks an instance to end as cancelled, its sub-orchestrations too. When this returns the
    /// request is durable. What the instance has to undo it undoes first (see
    /// [`OrchestrationContext::saga`](crate::OrchestrationContext::saga)). One that has ended
    /// ignores it.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn stop(client: &Client) -> Result<(), ClientError> {
    ///     client.cancel_instance("order-42", "the customer asked for it").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`raise_event`](Self::raise_event).
    pub async fn cancel_instance(
        &self,
        instance: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<(), ClientError> {
        let reason = reason.into();
        let terminate = false;
        self.send(
            &instance.into(),
            Message::CancelRequested { reason, terminate },
        )
        .await
    }

    /// Ends an instance as cancelled without a chance to undo anything: for code that does not
    /// end when it is asked to. Its sub-orchestrations are cancelled.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// # use std::time::Duration;
    /// async fn stop(client: &Client, id: &str) -> Result<(), ClientError> {
    ///     client.cancel_instance(id, "closing down").await?;
    ///     match client.wait_for_orchestration(id, Duration::from_secs(60)).await {
    ///         Err(ClientError::Timeout) => client.terminate_instance(id, "it did not end").await,
    ///         ended => ended.map(drop),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`raise_event`](Self::raise_event).
    pub async fn terminate_instance(
        &self,
        instance: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<(), ClientError> {
        let reason = reason.into();
        let terminate = true;
        self.send(
            &instance.into(),
            Message::CancelRequested { reason, terminate },
        )
        .await
    }

    async fn send(&self, instance: &str, message: Message) -> Result<(), ClientError> {
        let instance: InstanceId = parse_id(instance)?;
        // The same id on every attempt: what an attempt before has left is a duplicate.
        let message_id = self.env.unique_id();
        let call = || self.store.enqueue(&instance, message_id, message.clone());
        match self.persist(call).await {
            Ok(_accepted_or_duplicate) => Ok(()),
            Err(ProviderError::InstanceNotFound) => Err(ClientError::not_found(&instance)),
            Err(error) => Err(error.into()),
        }
    }
}
