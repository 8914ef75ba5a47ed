//! The one form that all handlers have inside: context and text in, text or failure out.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::activity::ActivityContext;
use crate::engine::CodeFactory;
use crate::history::ErrorDetails;
use crate::orchestration::{Guarded, OrchestrationContext};

/// An orchestration, ready to be called.
pub type OrchestrationFn = Arc<
    dyn Fn(OrchestrationContext, String) -> BoxFuture<'static, Result<String, ErrorDetails>>
        + Send
        + Sync,
>;

/// An activity, ready to be called.
pub type ActivityFn = Arc<
    dyn Fn(ActivityContext, String) -> BoxFuture<'static, Result<String, ErrorDetails>>
        + Send
        + Sync,
>;

/// The handler in the form that the engine takes: it never hears of the context.
pub fn code(handler: &OrchestrationFn) -> CodeFactory {
    let handler = Arc::clone(handler);
    Box::new(move |turn, input| {
        let context = OrchestrationContext::new(turn);
        let code = handler(context.clone(), input);
        Box::pin(Guarded::new(context, code))
    })
}
