//! The typed form of continue-as-new.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use crate::codec::CodecError;
use crate::orchestration::{ContinueAsNew, OrchestrationContext};

/// The end of an execution and the start of the next, with a fresh history: `.await` makes it, and
/// never completes. `return` it.
///
/// An input that does not encode leaves no next execution to start: the instance fails with the
/// codec's words.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[orchestration]
/// async fn count(ctx: &OrchestrationContext, up_to: u64, from: u64) -> Result<u64, String> {
///     ctx.schedule_timer(Duration::from_secs(60)).await;
///     if from < up_to {
///         return count::continue_as_new(ctx, up_to, from + 1).await;
///     }
///     Ok(from)
/// }
/// ```
#[must_use = "nothing happens until this is awaited: `return name::continue_as_new(ctx, ..).await`"]
pub struct StartOver<T, E> {
    context: OrchestrationContext,
    version: String,
    input: Result<String, CodecError>,
    output: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> StartOver<T, E> {
    /// What the macros' stubs make.
    #[doc(hidden)]
    pub fn new(
        context: &OrchestrationContext,
        version: &'static str,
        input: Result<String, CodecError>,
    ) -> Self {
        Self {
            context: context.clone(),
            version: version.to_owned(),
            input,
            output: PhantomData,
        }
    }

    /// Another version than the stub's own for the next execution.
    ///
    /// ```
    /// use duroxide::prelude::*;
    ///
    /// #[orchestration]
    /// async fn rounds(ctx: &OrchestrationContext, round: u64) -> Result<u64, String> {
    ///     ctx.schedule_timer(Duration::from_secs(60)).await;
    ///     return rounds::continue_as_new(ctx, round + 1).version("2.0.0").await;
    /// }
    /// ```
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }
}

impl<T, E> IntoFuture for StartOver<T, E> {
    type Output = Result<T, E>;
    type IntoFuture = ContinueAsNew<T, E>;

    fn into_future(self) -> Self::IntoFuture {
        (self.context).continue_as_new_with(Some(&self.version), self.input)
    }
}

impl<T, E> fmt::Debug for StartOver<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartOver")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
