//! Sending events to instances.

use std::time::Duration;

use crate::client::{Client, ClientError, parse_id};
use crate::history::{InstanceId, Message, check_name};
use crate::provider::ProviderError;

/// So often a send that got no answer is made again, with twice the pause each time.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(10);

impl Client {
    /// Raises an event. When this returns it is durable, and will be consumed.
    ///
    /// It goes to the oldest [`schedule_wait`](crate::OrchestrationContext::schedule_wait) for its
    /// name that is open when it is consumed; without one it reaches nobody. An instance that has
    /// ended ignores it.
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
        check_name("event name", &name).map_err(ClientError::invalid)?;
        let data = data.into();
        self.send(&instance.into(), Message::ExternalEvent { name, data })
            .await
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
        check_name("queue name", &queue).map_err(ClientError::invalid)?;
        let data = data.into();
        self.send(&instance.into(), Message::QueueEvent { queue, data })
            .await
    }

    async fn send(&self, instance: &str, message: Message) -> Result<(), ClientError> {
        let instance: InstanceId = parse_id(instance)?;
        let message_id = self.env.unique_id();
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let sent = self
                .store
                .enqueue(&instance, message_id, message.clone())
                .await;
            match sent {
                // A duplicate is what an attempt before this one has left.
                Ok(_accepted_or_duplicate) => break,
                Err(ProviderError::InstanceNotFound) => {
                    return Err(ClientError::InstanceNotFound {
                        instance_id: instance.to_string(),
                    });
                }
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    self.env.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
