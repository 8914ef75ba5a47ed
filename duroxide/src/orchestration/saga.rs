//! Sagas: steps that are undone, last first, when the orchestration fails or is cancelled.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::engine::OnCancel;
use crate::orchestration::OrchestrationContext;
use crate::orchestration::undoing::Compensation;

pub(super) type Undoing = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
pub(super) type Undo = Box<dyn FnOnce(OrchestrationContext) -> Undoing + Send>;

/// Steps that are undone, last first, if the orchestration returns an error or is cancelled.
///
/// Made by [`OrchestrationContext::saga`]. What is undone runs behind the code, in a scope that
/// cancellation does not reach; a cancelled instance has 60 seconds for it, or what
/// [`deadline`](Self::deadline) says. A step that fails or panics is logged, and the others are
/// undone all the same.
///
/// A value that an instance may not keep, and the like, fails it too, and so the steps are undone.
/// Nothing is undone if the orchestration returns `Ok`, continues as new, panics, or is ended from
/// outside: terminated, or failed because it does not fit its history. To drop a saga is not to
/// dismiss it.
///
/// ```
/// use duroxide::prelude::*;
///
/// # #[activity]
/// # async fn reserve(_ctx: &ActivityContext, what: String) -> Result<u64, String> { Ok(what.len() as u64) }
/// # #[activity]
/// # async fn release(_ctx: &ActivityContext, number: u64) -> Result<(), String> { Ok(drop(number)) }
/// #[orchestration]
/// async fn trip(ctx: &OrchestrationContext) -> Result<(u64, u64), String> {
///     let mut saga = ctx.saga().deadline(Duration::from_secs(300));
///     let seat = reserve(ctx, "seat".to_owned()).await?;
///     saga.undo(move |ctx| async move { release(&ctx, seat).await });
///     let room = reserve(ctx, "room".to_owned()).await?; // if this fails the seat is released
///     saga.dismiss();
///     Ok((seat, room))
/// }
/// ```
#[must_use = "a saga without an undo step undoes nothing"]
pub struct Saga {
    context: OrchestrationContext,
    number: u64,
}

impl OrchestrationContext {
    /// A saga: steps that are undone if this orchestration does not come to a good end. Several sagas
    /// of one orchestration are undone together, the last step first, whichever saga it belongs to.
    ///
    /// From here on, cancelling the instance drops the code where it waits, undoes what was done, and
    /// then ends the instance as cancelled. Code that asked for
    /// [`cooperative_cancellation`](Self::cooperative_cancellation) is not dropped: what it returns
    /// decides.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn trip(ctx: OrchestrationContext, who: String) -> Result<String, String> {
    ///     let mut saga = ctx.saga();
    ///     let seat = ctx.schedule_activity("reserve_seat", who.as_str()).await?;
    ///     let reserved = seat.clone();
    ///     saga.undo(move |ctx| async move {
    ///         ctx.schedule_activity("release_seat", reserved).await
    ///     });
    ///     let room = ctx.schedule_activity("reserve_room", who).await?;
    ///     Ok(format!("{seat}, {room}"))
    /// }
    /// ```
    pub fn saga(&self) -> Saga {
        self.turn.on_cancel(OnCancel::Unwind, None);
        Saga {
            number: self.ledger.open_saga(),
            context: self.clone(),
        }
    }
}

impl Saga {
    /// Adds the undoing of the step that was just done. It is handed a context that cancellation does
    /// not reach.
    ///
    /// An example stands at [`Saga`].
    pub fn undo<F, Fut, T, E>(&mut self, step: F)
    where
        F: FnOnce(OrchestrationContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        E: fmt::Display,
    {
        let step: Undo = Box::new(move |context| {
            let undoing = step(context);
            Box::pin(async move {
                let undone = undoing.await;
                undone.map(|_| ()).map_err(|error| error.to_string())
            })
        });
        self.context.ledger.add(self.number, step);
    }

    /// How long the undoing may take when the instance is cancelled; 60 seconds if no saga says. The
    /// longest of all sagas of an execution counts, and so does the deadline of
    /// [`cooperative_cancellation`](OrchestrationContext::cooperative_cancellation).
    ///
    /// An example stands at [`Saga`].
    pub fn deadline(self, deadline: Duration) -> Self {
        let turn = &self.context.turn;
        turn.on_cancel(OnCancel::Unwind, Some(deadline));
        self
    }

    /// Undoes now what this saga has, last first; then it is empty. What is not undone when the
    /// future is dropped, or when the instance is cancelled meanwhile, stays in the saga, a step
    /// under way included: it goes on where it was.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn reserve(_ctx: &ActivityContext, what: String) -> Result<u64, String> { Ok(what.len() as u64) }
    /// # #[activity]
    /// # async fn release(_ctx: &ActivityContext, number: u64) -> Result<(), String> { Ok(drop(number)) }
    /// #[orchestration]
    /// async fn trip(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let mut saga = ctx.saga();
    ///     let seat = reserve(ctx, "seat".to_owned()).await?;
    ///     saga.undo(move |ctx| async move { release(&ctx, seat).await });
    ///     if reserve(ctx, "room".to_owned()).await.is_err() {
    ///         saga.compensate().await?;
    ///         return Ok("staying at home".to_owned()); // a good end, with nothing left reserved
    ///     }
    ///     Ok(format!("seat {seat}"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The future gives what the steps that failed said. The others are undone all the same.
    pub fn compensate(&mut self) -> Compensation {
        Compensation::new(self.context.clone(), Some(self.number))
    }

    /// Forgets its steps: what was done stays done.
    ///
    /// An example stands at [`Saga`].
    pub fn dismiss(self) {
        self.context.ledger.forget(self.number);
    }
}

impl fmt::Debug for Saga {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Saga").field(&self.number).finish()
    }
}
