//! Calls that an orchestration makes of the runtime itself. They travel as activities under names
//! that no program can register, because their answers come from outside of the history.

use serde::Deserialize;

use crate::env::Env;
use crate::history::{AppErrorKind, ErrorDetails, InstanceId};
use crate::provider::{ActivityRequest, ProviderError, ProviderRef};
use crate::runtime::backoff::Backoff;

/// The value that another instance keeps under a key.
const READ_KV: &str = "__duroxide_syscall:read_kv";

/// Whether this runtime answers that call. Those of newer runtimes are left to them.
pub(super) fn is_known(name: &str) -> bool {
    name == READ_KV
}

/// The answer, asked of the store until it gives one; whoever drops this says for how long.
pub(super) async fn answer(
    store: &ProviderRef,
    env: &dyn Env,
    request: &ActivityRequest,
) -> Result<String, ErrorDetails> {
    let asked: KvRead = serde_json::from_str(&request.input).map_err(rejected)?;
    let instance = InstanceId::new(&asked.instance).map_err(rejected)?;
    let entry = patiently(env, || store.kv(&instance, &asked.key)).await?;
    let value = entry.map(|entry| entry.value);
    serde_json::to_string(&value).map_err(rejected)
}

#[derive(Deserialize)]
struct KvRead {
    instance: String,
    key: String,
}

async fn patiently<T, F>(env: &dyn Env, call: impl Fn() -> F) -> Result<T, ErrorDetails>
where
    F: Future<Output = Result<T, ProviderError>>,
{
    let mut backoff = Backoff::new();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) if error.is_retryable() => backoff.pause(env).await,
            Err(error) => {
                return Err(ErrorDetails::Infrastructure {
                    operation: "kv".to_owned(),
                    message: crate::runtime::with_causes(&error),
                    retryable: false,
                });
            }
        }
    }
}

fn rejected(problem: impl std::fmt::Display) -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::Rejected, problem.to_string())
}
