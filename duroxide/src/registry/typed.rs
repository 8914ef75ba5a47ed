//! Typed closures as handlers of text, in the forms of the dynamic layer.

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{CodecError, dynamic};
use crate::history::{AppErrorKind, ErrorDetails};

/// The closure with text around it. A text that does not fit fails the call with the codec's words.
pub(super) fn with_text<C, In, Out, F, Fut>(
    failed: AppErrorKind,
    code: F,
) -> impl Fn(C, String) -> BoxFuture<'static, Result<String, ErrorDetails>>
where
    In: DeserializeOwned,
    Out: Serialize,
    F: Fn(C, In) -> Fut,
    Fut: Future<Output = Result<Out, String>> + Send + 'static,
{
    move |context, input| {
        let run = dynamic::decode(&input).map(|input| code(context, input));
        let failed = failed.clone();
        Box::pin(async move {
            let output = run.map_err(|error| rejected(&error))?.await;
            let output = output.map_err(|message| ErrorDetails::application(failed, message))?;
            dynamic::encode(&output).map_err(|error| rejected(&error))
        })
    }
}

/// What does not fit its text is nothing that the code can repair.
fn rejected(error: &CodecError) -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::Rejected, error.to_string())
}
