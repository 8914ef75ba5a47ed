//! The verbs that wait for what is told to an instance from outside.

use std::panic::Location;

use serde::de::DeserializeOwned;

use crate::engine::Resolution;
use crate::orchestration::activities::decoded;
use crate::orchestration::{DurableFuture, OrchestrationContext};

impl OrchestrationContext {
    /// Waits for an event of that name, raised with
    /// [`Client::raise_event`](crate::Client::raise_event), and gives its data.
    ///
    /// An event goes to the oldest wait for its name that is open when it is consumed. Without one it
    /// is recorded and reaches nobody, waits made later included: wait before you tell anybody to
    /// raise it, or use [`dequeue_event`](Self::dequeue_event), which misses nothing. A wait that is
    /// dropped with an event that it did not give yet loses it.
    ///
    /// A name that no event can have (see [`Client::raise_event`](crate::Client::raise_event)) fails
    /// this instance when it comes to rest, with the words that `raise_event` refuses it with.
    ///
    /// ```
    /// # use duroxide::{Either2, OrchestrationContext, select2};
    /// # use std::time::Duration;
    /// async fn approval(ctx: OrchestrationContext) -> Result<String, String> {
    ///     let approved = ctx.schedule_wait("approved");
    ///     let too_late = ctx.schedule_timer(Duration::from_secs(3 * 24 * 3600));
    ///     match select2(approved, too_late).await {
    ///         Either2::First(by) => Ok(format!("approved by {by}")),
    ///         Either2::Second(()) => Err("nobody answered".to_owned()),
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_wait(&self, name: impl Into<String>) -> DurableFuture<String> {
        let id = self.turn.wait_for_event(name.into(), Location::caller());
        DurableFuture::new(self.turn.clone(), id, data_of)
    }

    /// The next message of a queue, sent with
    /// [`Client::enqueue_event`](crate::Client::enqueue_event).
    ///
    /// Messages are kept from the moment the instance exists, first in first out, and through
    /// continue-as-new; each is given exactly once. The oldest open request has the oldest message,
    /// in the order in which the requests were made. One that is dropped before it gave its message
    /// puts it back to its place.
    ///
    /// A name that no queue can have fails this instance when it comes to rest.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn cart(ctx: OrchestrationContext) -> Result<Vec<String>, String> {
    ///     let mut items = Vec::new();
    ///     loop {
    ///         match ctx.dequeue_event("cart").await.as_str() {
    ///             "checkout" => return Ok(items),
    ///             item => items.push(item.to_owned()),
    ///         }
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn dequeue_event(&self, queue: impl Into<String>) -> DurableFuture<String> {
        let id = self.turn.dequeue_event(queue.into(), Location::caller());
        DurableFuture::new(self.turn.clone(), id, data_of)
    }

    /// The same as a value: from JSON, or the text itself as a string. Data that does not fit fails
    /// the instance, when it comes to rest, with an error that names the event and what is wrong:
    /// there is no room for it here. [`wait_for`](Self::wait_for) gives it to the code.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     let cents: u64 = ctx.schedule_wait_typed("payment").await;
    ///     Ok(format!("{cents} cents are paid"))
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_wait_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        name: impl Into<String>,
    ) -> DurableFuture<T> {
        let name = name.into();
        let wait = self.schedule_wait(name.as_str());
        self.read_or_reject(format!("the event `{name}`"), wait)
    }

    /// The next message of a queue as a value; see
    /// [`schedule_wait_typed`](Self::schedule_wait_typed) for one that does not fit.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn thermostat(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     let degrees: f64 = ctx.dequeue_event_typed("degrees").await;
    ///     Ok(format!("it is {degrees:.1} degrees"))
    /// }
    /// ```
    #[track_caller]
    pub fn dequeue_event_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        queue: impl Into<String>,
    ) -> DurableFuture<T> {
        let queue = queue.into();
        let message = self.dequeue_event(queue.as_str());
        self.read_or_reject(format!("the message of the queue `{queue}`"), message)
    }

    /// The earlier name of [`dequeue_event`](Self::dequeue_event).
    ///
    /// An example stands there.
    #[deprecated(note = "use `dequeue_event`, which is the same")]
    #[track_caller]
    pub fn schedule_wait_persistent(&self, name: impl Into<String>) -> DurableFuture<String> {
        self.dequeue_event(name)
    }

    /// The earlier name of [`dequeue_event_typed`](Self::dequeue_event_typed).
    ///
    /// An example stands there.
    #[deprecated(note = "use `dequeue_event_typed`, which is the same")]
    #[track_caller]
    pub fn schedule_wait_persistent_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        name: impl Into<String>,
    ) -> DurableFuture<T> {
        self.dequeue_event_typed(name)
    }

    /// A value, or the end of the instance.
    fn read_or_reject<T: DeserializeOwned + Send + 'static>(
        &self,
        what: String,
        text: DurableFuture<String>,
    ) -> DurableFuture<T> {
        let turn = self.turn.clone();
        DurableFuture::composed(self.turn.clone(), async move {
            match decoded(&text.await) {
                Ok(value) => value,
                Err(problem) => {
                    turn.reject(format!("{what} cannot be read: {problem}"));
                    std::future::pending().await
                }
            }
        })
    }
}

/// The data of an event. The engine pairs answers with questions by kind.
fn data_of(answer: Resolution) -> String {
    match answer {
        Resolution::ExternalEvent(data) | Resolution::QueueEvent(data) => data,
        Resolution::Activity(_) | Resolution::SubOrchestration(_) | Resolution::Timer => {
            String::new()
        }
    }
}
