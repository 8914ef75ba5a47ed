//! The one form that all handlers have inside: context and text in, text or failure out.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::activity::ActivityContext;
use crate::engine::CodeFactory;
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::{Guarded, OrchestrationContext};

/// An orchestration, ready to be called.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::registry::{FnOrchestration, OrchestrationFn};
/// use duroxide::{OrchestrationContext, OrchestrationRegistry};
///
/// let echo = |_ctx: OrchestrationContext, text: String| async move { Ok::<String, String>(text) };
/// let handler: OrchestrationFn = Arc::new(FnOrchestration(echo));
/// let registry = OrchestrationRegistry::builder()
///     .register_handler("echo", "1.0.0", Arc::clone(&handler))
///     .register_handler("echo", "2.0.0", handler) // one handler for both
///     .build_result()?;
/// # assert_eq!(registry.count(), 2);
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub type OrchestrationFn = Arc<dyn OrchestrationHandler>;

/// An activity, ready to be called.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::registry::{ActivityFn, FnActivity};
/// use duroxide::{ActivityContext, ActivityRegistry};
///
/// let echo = |_ctx: ActivityContext, text: String| async move { Ok::<String, String>(text) };
/// let handler: ActivityFn = Arc::new(FnActivity(echo));
/// let registry = ActivityRegistry::builder()
///     .register_handler("echo", Arc::clone(&handler))
///     .register_handler("repeat", handler) // one handler for both
///     .build_result()?;
/// # assert_eq!(registry.count(), 2);
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub type ActivityFn = Arc<dyn ActivityHandler>;

/// What runs an orchestration. Closures that are registered become one.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use duroxide::{OrchestrationContext, OrchestrationHandler, OrchestrationRegistry};
///
/// /// Calls the activities of a list, each with what the one before gave.
/// struct Pipeline(Vec<String>);
///
/// #[async_trait]
/// impl OrchestrationHandler for Pipeline {
///     async fn invoke(&self, ctx: OrchestrationContext, input: String) -> Result<String, String> {
///         let mut text = input;
///         for activity in &self.0 {
///             text = ctx.schedule_activity(activity, text).await?;
///         }
///         Ok(text)
///     }
/// }
///
/// let steps = Pipeline(vec!["fetch".to_owned(), "clean".to_owned()]);
/// let registry = OrchestrationRegistry::builder()
///     .register_handler("import", "1.0.0", Arc::new(steps))
///     .build_result()?;
/// # assert!(registry.has("import"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
#[async_trait]
pub trait OrchestrationHandler: Send + Sync {
    /// Runs it: from its start, once for each time that it is loaded.
    async fn invoke(&self, context: OrchestrationContext, input: String) -> Result<String, String>;

    /// The same with the failure as it is recorded: for handlers that know more of it than a text.
    async fn run(
        &self,
        context: OrchestrationContext,
        input: String,
    ) -> Result<String, ErrorDetails> {
        let output = self.invoke(context, input).await;
        output.map_err(|message| failed(AppErrorKind::OrchestrationFailed, message))
    }
}

/// What runs an activity. Closures that are registered become one.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use duroxide::{ActivityContext, ActivityHandler, ActivityRegistry};
///
/// struct Prefixed(&'static str);
///
/// #[async_trait]
/// impl ActivityHandler for Prefixed {
///     async fn invoke(&self, _ctx: ActivityContext, text: String) -> Result<String, String> {
///         Ok(format!("{}{text}", self.0))
///     }
/// }
///
/// let registry = ActivityRegistry::builder()
///     .register_handler("greet", Arc::new(Prefixed("Hello, ")))
///     .build_result()?;
/// # assert!(registry.has("greet"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
#[async_trait]
pub trait ActivityHandler: Send + Sync {
    /// Runs it.
    async fn invoke(&self, context: ActivityContext, input: String) -> Result<String, String>;

    /// The same with the failure as it is recorded: for handlers that know more of it than a text.
    async fn run(&self, context: ActivityContext, input: String) -> Result<String, ErrorDetails> {
        let output = self.invoke(context, input).await;
        output.map_err(|message| failed(AppErrorKind::ActivityFailed, message))
    }
}

/// What a kind of handlers is called in messages.
///
/// ```
/// use duroxide::registry::HandlerKind;
/// use duroxide::{ActivityHandler, OrchestrationHandler};
///
/// assert_eq!(<dyn OrchestrationHandler>::WHAT, "orchestration");
/// assert_eq!(<dyn ActivityHandler>::WHAT, "activity");
/// ```
pub trait HandlerKind {
    /// `orchestration` or `activity`
    const WHAT: &'static str;
}

impl HandlerKind for dyn OrchestrationHandler {
    const WHAT: &'static str = "orchestration";
}

impl HandlerKind for dyn ActivityHandler {
    const WHAT: &'static str = "activity";
}

/// A function as an orchestration.
///
/// An example stands at [`OrchestrationFn`].
#[derive(Clone, Copy)]
pub struct FnOrchestration<F>(pub F);

#[async_trait]
impl<F, Fut> OrchestrationHandler for FnOrchestration<F>
where
    F: Fn(OrchestrationContext, String) -> Fut + Send + Sync,
    Fut: Future<Output = Result<String, String>> + Send,
{
    async fn invoke(&self, context: OrchestrationContext, input: String) -> Result<String, String> {
        (self.0)(context, input).await
    }
}

/// A function as an activity.
///
/// An example stands at [`ActivityFn`].
#[derive(Clone, Copy)]
pub struct FnActivity<F>(pub F);

#[async_trait]
impl<F, Fut> ActivityHandler for FnActivity<F>
where
    F: Fn(ActivityContext, String) -> Fut + Send + Sync,
    Fut: Future<Output = Result<String, String>> + Send,
{
    async fn invoke(&self, context: ActivityContext, input: String) -> Result<String, String> {
        (self.0)(context, input).await
    }
}

/// A function that gives its failure as it is recorded.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::registry::{ActivityFn, FnDetailed};
/// use duroxide::{ActivityContext, ActivityRegistry, AppErrorKind, ErrorDetails};
/// use futures::FutureExt as _;
///
/// let refuse = |_ctx: ActivityContext, what: String| {
///     let why = ErrorDetails::application(AppErrorKind::Rejected, format!("no {what} here"));
///     async move { Err::<String, ErrorDetails>(why) }.boxed()
/// };
/// let handler: ActivityFn = Arc::new(FnDetailed(refuse));
/// let registry = ActivityRegistry::builder().register_handler("refuse", handler).build_result()?;
/// # assert!(registry.has("refuse"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub struct FnDetailed<F>(pub F);

#[async_trait]
impl<F> OrchestrationHandler for FnDetailed<F>
where
    F: Fn(OrchestrationContext, String) -> BoxFuture<'static, Result<String, ErrorDetails>>
        + Send
        + Sync,
{
    async fn invoke(&self, context: OrchestrationContext, input: String) -> Result<String, String> {
        let output = (self.0)(context, input).await;
        output.map_err(|details| details.display_message())
    }

    async fn run(
        &self,
        context: OrchestrationContext,
        input: String,
    ) -> Result<String, ErrorDetails> {
        (self.0)(context, input).await
    }
}

#[async_trait]
impl<F> ActivityHandler for FnDetailed<F>
where
    F: Fn(ActivityContext, String) -> BoxFuture<'static, Result<String, ErrorDetails>>
        + Send
        + Sync,
{
    async fn invoke(&self, context: ActivityContext, input: String) -> Result<String, String> {
        let output = (self.0)(context, input).await;
        output.map_err(|details| details.display_message())
    }

    async fn run(&self, context: ActivityContext, input: String) -> Result<String, ErrorDetails> {
        (self.0)(context, input).await
    }
}

/// The handler in the form that the engine takes: it never hears of the context.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::OrchestrationContext;
/// use duroxide::engine::Execution;
/// use duroxide::history::{ExecutionId, InstanceId};
/// use duroxide::registry::{FnOrchestration, OrchestrationFn, code};
///
/// let echo = |_ctx: OrchestrationContext, text: String| async move { Ok::<String, String>(text) };
/// let handler: OrchestrationFn = Arc::new(FnOrchestration(echo));
/// let (id, version) = (InstanceId::new("echo-1")?, "1.0.0".to_owned());
/// let execution = Execution::new(id, ExecutionId::FIRST, version, code(&handler));
/// # drop(execution);
/// # Ok::<(), duroxide::history::InvalidName>(())
/// ```
pub fn code(handler: &OrchestrationFn) -> CodeFactory {
    let handler = Arc::clone(handler);
    Box::new(move |turn, input| {
        let context = OrchestrationContext::new(turn);
        let inside = context.clone();
        let code = Box::pin(async move { handler.run(inside, input).await });
        Box::pin(Guarded::new(context, code))
    })
}

fn failed(kind: AppErrorKind, message: String) -> ErrorDetails {
    ErrorDetails::application(kind, message)
}

impl<F> fmt::Debug for FnOrchestration<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnOrchestration")
    }
}

impl<F> fmt::Debug for FnActivity<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnActivity")
    }
}

impl<F> fmt::Debug for FnDetailed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnDetailed")
    }
}
