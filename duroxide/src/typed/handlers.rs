//! Typed functions as handlers: decode, run, encode.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::activity::ActivityContext;
use crate::codec::CodecError;
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::OrchestrationContext;
use crate::registry::{ActivityFn, FnDetailed, OrchestrationFn};
use crate::typed::Outcome;
use crate::typed::wire::rejected;

/// The handler of an annotated activity.
pub fn activity_handler<A, T, E>(
    outcome: Outcome<T, E>,
    read: fn(&str) -> Result<A, CodecError>,
    run: fn(ActivityContext, A) -> BoxFuture<'static, Result<T, E>>,
) -> ActivityFn
where
    A: Send + 'static,
    T: 'static,
    E: 'static,
{
    let handler = handler(outcome, read, run, AppErrorKind::ActivityFailed);
    Arc::new(FnDetailed(handler))
}

/// The handler of an annotated orchestration.
pub fn orchestration_handler<A, T, E>(
    outcome: Outcome<T, E>,
    read: fn(&str) -> Result<A, CodecError>,
    run: fn(OrchestrationContext, A) -> BoxFuture<'static, Result<T, E>>,
) -> OrchestrationFn
where
    A: Send + 'static,
    T: 'static,
    E: 'static,
{
    let handler = handler(outcome, read, run, AppErrorKind::OrchestrationFailed);
    Arc::new(FnDetailed(handler))
}

fn handler<C, A, T, E>(
    outcome: Outcome<T, E>,
    read: fn(&str) -> Result<A, CodecError>,
    run: fn(C, A) -> BoxFuture<'static, Result<T, E>>,
    failed: AppErrorKind,
) -> impl Fn(C, String) -> BoxFuture<'static, Result<String, ErrorDetails>>
where
    C: Send + 'static,
    A: Send + 'static,
    T: 'static,
    E: 'static,
{
    move |context, input| {
        let args = read(&input);
        let failed = failed.clone();
        Box::pin(async move {
            let args = args.map_err(|error| rejected(&error))?;
            (outcome.write)(run(context, args).await, failed)
        })
    }
}
