//! The verbs of code that wants to see its own cancellation.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::engine::{OnCancel, TurnHandle};
use crate::orchestration::OrchestrationContext;

impl OrchestrationContext {
    /// From here on, cancelling this instance does not end it at once. Instead its open calls of
    /// activities and children end with `Cancelled`, new ones too, and the code has `deadline` from
    /// the request on to come to its end; then it is ended. Timers and waits go on.
    ///
    /// Whatever error it ends with, the instance then counts as cancelled. What must still be done
    /// is done inside of [`shielded`](Self::shielded). Terminating an instance ends it at once all
    /// the same.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// # use std::time::Duration;
    /// async fn transfer(ctx: OrchestrationContext, amount: String) -> Result<String, String> {
    ///     ctx.cooperative_cancellation(Duration::from_secs(30));
    ///     ctx.schedule_activity("debit", amount.as_str()).await?;
    ///     let credited = ctx.schedule_activity("credit", amount.as_str()).await;
    ///     if credited.is_err() {
    ///         let refund = |ctx: OrchestrationContext| async move {
    ///             ctx.schedule_activity("refund", amount).await
    ///         };
    ///         ctx.shielded(refund).await?;
    ///     }
    ///     credited
    /// }
    /// ```
    pub fn cooperative_cancellation(&self, deadline: Duration) {
        self.turn.on_cancel(OnCancel::Cooperate, Some(deadline));
    }

    /// Completes with the words of whoever cancels this instance. To await it is to ask for
    /// [`cooperative_cancellation`](Self::cooperative_cancellation), with 60 seconds if nothing else
    /// was said.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn import(_ctx: &ActivityContext, part: u64) -> Result<u64, String> { Ok(part) }
    /// #[orchestration]
    /// async fn import_all(ctx: &OrchestrationContext, parts: u64) -> Result<u64, String> {
    ///     let mut cancelled = ctx.cancelled();
    ///     for part in 0..parts {
    ///         select! {
    ///             done = import(ctx, part) => { done?; }
    ///             reason = &mut cancelled => return Err(format!("stopped at {part}: {reason}")),
    ///         }
    ///     }
    ///     Ok(parts)
    /// }
    /// ```
    pub fn cancelled(&self) -> CancellationRequested {
        self.turn.on_cancel(OnCancel::Cooperate, None);
        CancellationRequested {
            watcher: self.turn.watch_cancellation(),
            turn: self.turn.clone(),
        }
    }

    /// Whether somebody asked this instance to end.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn import(_ctx: &ActivityContext, part: u64) -> Result<u64, String> { Ok(part) }
    /// #[orchestration]
    /// async fn import_all(ctx: &OrchestrationContext, parts: u64) -> Result<u64, String> {
    ///     ctx.cooperative_cancellation(Duration::from_secs(60));
    ///     for part in 0..parts {
    ///         if ctx.is_cancelled() {
    ///             return Err(format!("stopped at {part}"));
    ///         }
    ///         import(ctx, part).await?;
    ///     }
    ///     Ok(parts)
    /// }
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.turn.cancel_reason().is_some()
    }

    /// Runs code that cancellation does not reach: what it asks for through the context that it is
    /// handed goes on, until the deadline.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn unlock(_ctx: &ActivityContext, door: String) -> Result<(), String> { Ok(drop(door)) }
    /// #[orchestration]
    /// async fn visit(ctx: &OrchestrationContext, door: String) -> Result<(), String> {
    ///     let reason = ctx.cancelled().await;
    ///     trace_info!(ctx, "leaving: {reason}");
    ///     ctx.shielded(|ctx| async move { unlock(&ctx, door).await }).await?; // goes through all the same
    ///     Ok(())
    /// }
    /// ```
    pub fn shielded<F: Future>(&self, code: impl FnOnce(Self) -> F) -> F {
        code(self.shielded_context())
    }

    pub(super) fn shielded_context(&self) -> Self {
        Self {
            turn: self.turn.shielded(),
            ledger: self.ledger.clone(),
        }
    }
}

/// Completes when the instance is asked to end; see
/// [`OrchestrationContext::cancelled`].
///
/// ```
/// use duroxide::CancellationRequested;
///
/// async fn in_words(cancelled: CancellationRequested) -> String {
///     let reason = cancelled.await;
///     format!("asked to end: {reason}")
/// }
/// ```
#[must_use = "futures do nothing until they are awaited"]
pub struct CancellationRequested {
    turn: TurnHandle,
    watcher: u64,
}

impl Future for CancellationRequested {
    type Output = String;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<String> {
        self.turn.poll_cancellation(self.watcher, context)
    }
}

impl Drop for CancellationRequested {
    fn drop(&mut self) {
        self.turn.unwatch_cancellation(self.watcher);
    }
}

impl fmt::Debug for CancellationRequested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CancellationRequested")
    }
}
