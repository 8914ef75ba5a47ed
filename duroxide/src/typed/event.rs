//! Typed events: messages of a queue that carries the name of their type.

use crate::client::{ClientError, Handle};
use crate::codec::{self, CodecError};
use crate::orchestration::{DurableFuture, Error, OrchestrationContext};
use crate::typed::Payload;

/// Something that is told to running instances: a payload with a name. Derive it.
///
/// Events of one type are kept from the start of the instance on, first in first out, and through
/// continue-as-new; [`wait_for`](OrchestrationContext::wait_for) gives each exactly once. In the
/// dynamic layer they are the messages of the queue [`NAME`](Self::NAME), as JSON.
///
/// ```
/// use duroxide::ExternalEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, ExternalEvent)]
/// struct Approval {
///     by: String,
/// }
///
/// #[derive(Serialize, Deserialize, ExternalEvent)]
/// #[event(name = "payment-v2")]
/// struct Payment(u64);
///
/// assert_eq!(Approval::NAME, "Approval");
/// assert_eq!(Payment::NAME, "payment-v2");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no external event",
    label = "not an external event",
    note = "add `#[derive(duroxide::ExternalEvent, serde::Serialize, serde::Deserialize)]` to `{Self}`"
)]
pub trait ExternalEvent: Payload {
    /// What stores and clients know the event by. Keep it when you rename the type.
    const NAME: &'static str;
}

/// An event that cannot be read as its type. It is consumed: the next wait gets the next event.
///
/// ```
/// use duroxide::{ExternalEvent, OrchestrationContext};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, ExternalEvent)]
/// struct Payment(u64);
///
/// async fn paid(ctx: &OrchestrationContext) -> Result<u64, String> {
///     loop {
///         match ctx.wait_for::<Payment>().await {
///             Ok(Payment(cents)) => return Ok(cents),
///             Err(error) => ctx.trace_warn(error.to_string()), // and the next one
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event `{name}` cannot be read: {problem}")]
pub struct EventError {
    name: &'static str,
    #[source]
    problem: CodecError,
}

impl From<EventError> for String {
    fn from(error: EventError) -> Self {
        error.to_string()
    }
}

impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        Self::Rejected(error.to_string())
    }
}

impl OrchestrationContext {
    /// The next event of that type. Events are kept until they are waited for, first in first out,
    /// and through continue-as-new; each is given exactly once. A wait that is dropped before it gave
    /// its event puts it back to its place.
    ///
    /// The future gives [`EventError`] for an event whose data is not of that type.
    ///
    /// ```
    /// use duroxide::{Either2, ExternalEvent, OrchestrationContext, select2};
    /// use serde::{Deserialize, Serialize};
    /// use std::time::Duration;
    ///
    /// #[derive(Serialize, Deserialize, ExternalEvent)]
    /// #[event(name = "approval")]
    /// struct Approval {
    ///     by: String,
    /// }
    ///
    /// async fn request(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let approval = ctx.wait_for::<Approval>();
    ///     let too_late = ctx.schedule_timer(Duration::from_secs(3 * 24 * 3600));
    ///     match select2(approval, too_late).await {
    ///         Either2::First(approval) => Ok(format!("approved by {}", approval?.by)),
    ///         Either2::Second(()) => Err("nobody answered".to_owned()),
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn wait_for<E: ExternalEvent>(&self) -> DurableFuture<Result<E, EventError>> {
        self.dequeue_event(E::NAME).map(|data| {
            codec::decode(&data).map_err(|problem| EventError {
                name: E::NAME,
                problem,
            })
        })
    }
}

impl<T, E> Handle<T, E> {
    /// Sends an event to the instance. When this returns it is durable, and will be given, once, to
    /// the [`wait_for`](OrchestrationContext::wait_for) whose turn it is, whenever that is made.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # use duroxide::ClientError;
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize, ExternalEvent)]
    /// struct Payment(u64);
    ///
    /// #[orchestration]
    /// async fn order(ctx: &OrchestrationContext) -> Result<u64, String> {
    ///     let Payment(cents) = ctx.wait_for().await?;
    ///     Ok(cents)
    /// }
    ///
    /// async fn paid(client: &Client, cents: u64) -> Result<(), ClientError> {
    ///     order::handle(client, "order-42").raise(Payment(cents)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InstanceNotFound`]; [`ClientError::InvalidInput`] if the event does not
    /// encode; [`ClientError::Provider`], after some attempts: the event is there once or not at
    /// all.
    pub async fn raise<Event: ExternalEvent>(&self, event: Event) -> Result<(), ClientError> {
        let data = codec::encode(&event).map_err(|error| ClientError::InvalidInput {
            message: error.to_string(),
        })?;
        let id = self.id();
        self.client().enqueue_event(id, Event::NAME, data).await
    }
}
