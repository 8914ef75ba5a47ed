//! Verbs of the published crate that are here under another name, or as functions.

use std::future::{IntoFuture, Ready, pending, ready};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::dynamic;
use crate::orchestration::join::{Join2, Join3, JoinAll};
use crate::orchestration::select::{Select2, Select3};
use crate::orchestration::{ContinueAsNew, DurableFuture, OrchestrationContext};

impl OrchestrationContext {
    /// As [`schedule_wait`](Self::schedule_wait), and reads the data as a value: from JSON, or else
    /// from the text as a string. Data of another type fails the instance with the codec's words.
    #[track_caller]
    pub fn schedule_wait_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        name: impl Into<String>,
    ) -> DurableFuture<T> {
        self.read(self.schedule_wait(name))
    }

    /// As [`dequeue_event`](Self::dequeue_event), and reads the message as a value, as
    /// [`schedule_wait_typed`](Self::schedule_wait_typed).
    #[track_caller]
    pub fn dequeue_event_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        queue: impl Into<String>,
    ) -> DurableFuture<T> {
        self.read(self.dequeue_event(queue))
    }

    /// The old name of [`dequeue_event`](Self::dequeue_event).
    #[deprecated(note = "call `dequeue_event`")]
    #[track_caller]
    pub fn schedule_wait_persistent(&self, name: impl Into<String>) -> DurableFuture<String> {
        self.dequeue_event(name)
    }

    /// The old name of [`dequeue_event_typed`](Self::dequeue_event_typed).
    #[deprecated(note = "call `dequeue_event_typed`")]
    #[track_caller]
    pub fn schedule_wait_persistent_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        name: impl Into<String>,
    ) -> DurableFuture<T> {
        self.dequeue_event_typed(name)
    }

    /// As [`continue_as_new`](Self::continue_as_new), with a value: JSON, except that a string travels
    /// as it is. One that does not encode fails the instance with the codec's words.
    pub fn continue_as_new_typed<In: Serialize>(
        &self,
        input: &In,
    ) -> ContinueAsNew<String, String> {
        self.continue_as_new_with(None, dynamic::encode(input))
    }

    /// [`join_all`](crate::join_all) of futures of one type.
    pub fn join<F: IntoFuture>(&self, futures: Vec<F>) -> JoinAll<F::IntoFuture> {
        crate::orchestration::join_all(futures)
    }

    /// [`join2`](crate::join2)
    pub fn join2<A: IntoFuture, B: IntoFuture>(
        &self,
        a: A,
        b: B,
    ) -> Join2<A::IntoFuture, B::IntoFuture> {
        crate::orchestration::join2(a, b)
    }

    /// [`join3`](crate::join3)
    pub fn join3<A: IntoFuture, B: IntoFuture, C: IntoFuture>(
        &self,
        a: A,
        b: B,
        c: C,
    ) -> Join3<A::IntoFuture, B::IntoFuture, C::IntoFuture> {
        crate::orchestration::join3(a, b, c)
    }

    /// [`select2`](crate::select2)
    pub fn select2<A: IntoFuture, B: IntoFuture>(
        &self,
        a: A,
        b: B,
    ) -> Select2<A::IntoFuture, B::IntoFuture> {
        crate::orchestration::select2(a, b)
    }

    /// [`select3`](crate::select3)
    pub fn select3<A: IntoFuture, B: IntoFuture, C: IntoFuture>(
        &self,
        a: A,
        b: B,
        c: C,
    ) -> Select3<A::IntoFuture, B::IntoFuture, C::IntoFuture> {
        crate::orchestration::select3(a, b, c)
    }

    /// [`now`](Self::now), in a form that is awaited. There is nothing to wait for, and it never fails.
    pub fn utc_now(&self) -> Ready<Result<SystemTime, String>> {
        ready(Ok(self.now()))
    }

    /// Logs once, not on replay: at the level `error`, `warn` or `debug`, at any other text at `info`.
    pub fn trace(&self, level: impl Into<String>, message: impl Into<String>) {
        match level.into().to_ascii_lowercase().as_str() {
            "error" => self.trace_error(message),
            "warn" => self.trace_warn(message),
            "debug" => self.trace_debug(message),
            _ => self.trace_info(message),
        }
    }

    /// The text as a value; for another value there is no answer that the signature has room for.
    fn read<T: DeserializeOwned + Send + 'static>(
        &self,
        text: DurableFuture<String>,
    ) -> DurableFuture<T> {
        let turn = self.turn.clone();
        let value = async move {
            match dynamic::decode(&text.await) {
                Ok(value) => value,
                Err(error) => {
                    turn.reject(error.to_string());
                    pending().await
                }
            }
        };
        DurableFuture::composed(self.turn.clone(), value)
    }
}
