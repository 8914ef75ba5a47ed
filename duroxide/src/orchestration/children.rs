//! The verbs that start other orchestrations: children, whose end is awaited, and detached ones.

use std::panic::Location;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::dynamic;
pub(crate) use crate::engine::Callee as Child;
use crate::engine::{CHILD_INFIX, Callee};
use crate::history::{
    AppErrorKind, ErrorDetails, InstanceId, SUB_ORCH_AUTO_PREFIX, is_reserved_id,
};
use crate::orchestration::{DurableFuture, OrchestrationContext};

impl OrchestrationContext {
    /// Calls another orchestration as a child: an instance of its own, under an id made up from
    /// this one's, whose end this one gets. If nobody waits for it any more it is cancelled.
    ///
    /// # Errors
    ///
    /// The future gives the child's error, or why it has no result: it panicked, was cancelled, does
    /// not fit its history, never came through. Caught or not, this instance decides what follows.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     let paid = ctx.schedule_sub_orchestration("payment", id.as_str()).await?;
    ///     Ok(format!("{id}: {paid}"))
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_sub_orchestration(
        &self,
        name: impl Into<String>,
        input: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = callee(name, None, input.into());
        self.child(callee, None, Location::caller())
    }

    /// The same with values.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, items: String) -> Result<String, String> {
    ///     let items: Vec<u64> = items.split(',').filter_map(|item| item.parse().ok()).collect();
    ///     let total: u64 = ctx.schedule_sub_orchestration_typed("total", &items).await?;
    ///     Ok(format!("{total} cents"))
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_sub_orchestration_typed<
        In: Serialize,
        Out: DeserializeOwned + Send + 'static,
    >(
        &self,
        name: impl Into<String>,
        input: &In,
    ) -> DurableFuture<Result<Out, String>> {
        let at = Location::caller();
        self.with_encoded(input, |input| {
            self.child(callee(name, None, input), None, at)
        })
    }

    /// The same under an id of your own, unique in the store.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, number: String) -> Result<String, String> {
    ///     let id = format!("invoice-{number}"); // one in the whole store
    ///     ctx.schedule_sub_orchestration_with_id("invoice", id, number).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The future gives an error if there is an instance with that id.
    #[track_caller]
    pub fn schedule_sub_orchestration_with_id(
        &self,
        name: impl Into<String>,
        instance: impl Into<String>,
        input: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = callee(name, None, input.into());
        self.child(callee, Some(instance.into()), Location::caller())
    }

    /// The same with values.
    ///
    /// See [`schedule_sub_orchestration_typed`](Self::schedule_sub_orchestration_typed) for an example with
    /// values.
    #[track_caller]
    pub fn schedule_sub_orchestration_with_id_typed<
        In: Serialize,
        Out: DeserializeOwned + Send + 'static,
    >(
        &self,
        name: impl Into<String>,
        instance: impl Into<String>,
        input: &In,
    ) -> DurableFuture<Result<Out, String>> {
        let at = Location::caller();
        self.with_encoded(input, |input| {
            self.child(callee(name, None, input), Some(instance.into()), at)
        })
    }

    /// Calls a certain version; `None` leaves the choice to the worker that begins it.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, number: String) -> Result<String, String> {
    ///     ctx.schedule_sub_orchestration_versioned("invoice", Some("2.0.0".to_owned()), number).await
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_sub_orchestration_versioned(
        &self,
        name: impl Into<String>,
        version: Option<String>,
        input: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = callee(name, version, input.into());
        self.child(callee, None, Location::caller())
    }

    /// Calls a certain version under an id of your own.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, number: String) -> Result<String, String> {
    ///     let (version, id) = (Some("2.0.0".to_owned()), format!("invoice-{number}"));
    ///     ctx.schedule_sub_orchestration_versioned_with_id("invoice", version, id, number).await
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_sub_orchestration_versioned_with_id(
        &self,
        name: impl Into<String>,
        version: Option<String>,
        instance: impl Into<String>,
        input: impl Into<String>,
    ) -> DurableFuture<Result<String, String>> {
        let callee = callee(name, version, input.into());
        self.child(callee, Some(instance.into()), Location::caller())
    }

    /// Starts an instance that lives on its own: nobody gets its end, and it goes on when this one
    /// ends. Recorded, and done with the turn that asked for it, also if that is the last one. If
    /// there is an instance with that id, nothing happens.
    ///
    /// An id that is none, or is reserved, fails this instance when it comes to rest.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     ctx.schedule_orchestration("remind", format!("reminder-{id}"), id.as_str());
    ///     ctx.schedule_activity("ship", id).await // and the reminder lives on
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_orchestration(
        &self,
        name: impl Into<String>,
        instance: impl Into<String>,
        input: impl Into<String>,
    ) {
        let callee = callee(name, None, input.into());
        self.detached(callee, instance.into(), Location::caller());
    }

    /// The same with a value.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     let days = 14_u64;
    ///     ctx.schedule_orchestration_typed("remind", format!("reminder-{id}"), &days);
    ///     Ok(id)
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_orchestration_typed<In: Serialize>(
        &self,
        name: impl Into<String>,
        instance: impl Into<String>,
        input: &In,
    ) {
        self.schedule_orchestration_versioned_typed(name, None, instance, input);
    }

    /// The same with a certain version.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     let version = Some("2.0.0".to_owned());
    ///     ctx.schedule_orchestration_versioned("remind", version, format!("reminder-{id}"), id.as_str());
    ///     Ok(id)
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_orchestration_versioned(
        &self,
        name: impl Into<String>,
        version: Option<String>,
        instance: impl Into<String>,
        input: impl Into<String>,
    ) {
        let callee = callee(name, version, input.into());
        self.detached(callee, instance.into(), Location::caller());
    }

    /// The same with a certain version and a value.
    ///
    /// See [`schedule_orchestration_typed`](Self::schedule_orchestration_typed) and
    /// [`schedule_orchestration_versioned`](Self::schedule_orchestration_versioned) for examples.
    #[track_caller]
    pub fn schedule_orchestration_versioned_typed<In: Serialize>(
        &self,
        name: impl Into<String>,
        version: Option<String>,
        instance: impl Into<String>,
        input: &In,
    ) {
        match dynamic::encode(input) {
            Ok(input) => {
                let callee = callee(name, version, input);
                self.detached(callee, instance.into(), Location::caller());
            }
            Err(error) => self.turn.reject(error.to_string()),
        }
    }

    fn child(
        &self,
        callee: Callee,
        instance: Option<String>,
        at: &'static Location<'static>,
    ) -> DurableFuture<Result<String, String>> {
        self.call_child(callee, instance, at)
            .map(|answer| answer.map_err(|details| details.display_message()))
    }

    fn detached(&self, callee: Callee, instance: String, at: &'static Location<'static>) {
        if let Err(problem) = self.start_detached(callee, Some(instance), at) {
            self.turn.reject(problem);
        }
    }

    /// The call behind all forms of calling a child.
    pub(crate) fn call_child(
        &self,
        callee: Callee,
        instance: Option<String>,
        at: &'static Location<'static>,
    ) -> DurableFuture<Result<String, ErrorDetails>> {
        let asked = checked(instance).and_then(|instance| {
            let asked = self.turn.schedule_sub_orchestration(callee, instance, at);
            asked.map_err(|problem| problem.to_string())
        });
        match asked {
            Ok(asked) => DurableFuture::call(self.turn.clone(), asked),
            Err(problem) => {
                let kind = AppErrorKind::Rejected;
                self.refused(Err(ErrorDetails::application(kind, problem)))
            }
        }
    }

    /// The start behind all forms of starting without waiting; without an id one is made up.
    pub(crate) fn start_detached(
        &self,
        callee: Callee,
        instance: Option<String>,
        at: &'static Location<'static>,
    ) -> Result<InstanceId, String> {
        let instance = checked(instance)?;
        self.turn.start_detached(callee, instance, at)
    }
}

fn callee(name: impl Into<String>, version: Option<String>, input: String) -> Callee {
    Callee {
        name: name.into(),
        version,
        input,
    }
}

/// An id that somebody chose, if it is none of those that the engine makes up.
fn checked(instance: Option<String>) -> Result<Option<String>, String> {
    match instance {
        Some(id) if is_reserved_id(&id) => Err(format!(
            "the instance id `{id}` is reserved: `{SUB_ORCH_AUTO_PREFIX}` in front and \
             `{CHILD_INFIX}` anywhere are for children without an id of their own"
        )),
        other => Ok(other),
    }
}
