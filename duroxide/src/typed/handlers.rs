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
///
/// ```
/// use duroxide::ActivityRegistry;
/// use duroxide::codec::decode;
/// use duroxide::typed::{activity_handler, outcome};
/// use futures::FutureExt as _;
///
/// let double = activity_handler(
///     outcome::<u64, String>(),
///     |text| decode::<u64>(text),
///     |_ctx, number: u64| async move { Ok(2 * number) }.boxed(),
/// );
/// let registry = ActivityRegistry::builder().register_handler("double", double).build_result()?;
/// # assert!(registry.has("double"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
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
///
/// ```
/// use duroxide::OrchestrationRegistry;
/// use duroxide::codec::decode;
/// use duroxide::typed::{orchestration_handler, outcome};
/// use futures::FutureExt as _;
///
/// let double = orchestration_handler(
///     outcome::<u64, String>(),
///     |text| decode::<u64>(text),
///     |_ctx, number: u64| async move { Ok(2 * number) }.boxed(),
/// );
/// let builder = OrchestrationRegistry::builder().register_handler("double", "1.0.0", double);
/// # assert!(builder.build_result()?.has("double"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
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
