//! Typed functions as handlers: decode, run, encode.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::activity::ActivityContext;
use crate::codec::{self, CodecError};
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::{ContinueAsNew, OrchestrationContext};
use crate::registry::{ActivityFn, OrchestrationFn};
use crate::typed::{Failure, Payload};

/// The handler of an annotated activity.
pub fn activity_handler<A, T: Payload, E: Failure>(
    read: fn(&str) -> Result<A, CodecError>,
    run: fn(ActivityContext, A) -> BoxFuture<'static, Result<T, E>>,
) -> ActivityFn
where
    A: Send + 'static,
{
    Arc::new(move |context, input| {
        let args = read(&input);
        Box::pin(async move {
            let args = args.map_err(rejected)?;
            written(run(context, args).await, AppErrorKind::ActivityFailed)
        })
    })
}

/// The handler of an annotated orchestration.
pub fn orchestration_handler<A, T: Payload, E: Failure>(
    read: fn(&str) -> Result<A, CodecError>,
    run: fn(OrchestrationContext, A) -> BoxFuture<'static, Result<T, E>>,
) -> OrchestrationFn
where
    A: Send + 'static,
{
    Arc::new(move |context, input| {
        let args = read(&input);
        Box::pin(async move {
            let args = args.map_err(rejected)?;
            written(run(context, args).await, AppErrorKind::OrchestrationFailed)
        })
    })
}

/// The typed form of continue-as-new. An input that does not encode fails the instance with the
/// codec's words: there is no next execution to start.
pub fn continue_as_new<T, E>(
    context: &OrchestrationContext,
    version: &str,
    input: Result<String, CodecError>,
) -> ContinueAsNew<T, E> {
    context.continue_as_new_typed(version, input)
}

fn written<T: Payload, E: Failure>(
    output: Result<T, E>,
    kind: AppErrorKind,
) -> Result<String, ErrorDetails> {
    match output {
        Ok(value) => codec::encode(&value).map_err(rejected),
        Err(error) => {
            let message = error.to_string();
            let payload = codec::encode(&error).map_err(rejected)?;
            // A text that is its own value is kept once.
            let payload =
                Some(payload).filter(|payload| codec::encode(&message) != Ok(payload.clone()));
            Err(ErrorDetails::Application {
                kind,
                message,
                retryable: false,
                payload,
            })
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn rejected(error: CodecError) -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::Rejected, error.to_string())
}
