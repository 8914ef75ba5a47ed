//! Keeps a lock alive while something works under it.

use std::time::Duration;

use futures_util::future::{Either, select};

use crate::env::Env;
use crate::provider::ProviderError;

/// Why work under a lock ended before its time.
#[derive(Debug)]
pub(super) struct Lost;

/// Runs `work`, and renews its lock at a third of the lease. A renewal that fails is tried again
/// until the lease has really run out: *storage error* and *lock lost* are different things.
pub(super) async fn keep_alive<W, R, F>(
    env: &dyn Env,
    lease: Duration,
    mut work: std::pin::Pin<&mut W>,
    renew: R,
) -> Result<W::Output, Lost>
where
    W: Future,
    R: Fn() -> F,
    F: Future<Output = Result<(), ProviderError>>,
{
    let period = lease / 3;
    let mut granted = env.elapsed();
    loop {
        match select(work.as_mut(), env.sleep(period)).await {
            Either::Left((output, _)) => return Ok(output),
            Either::Right(((), _)) => {}
        }
        let asked = env.elapsed();
        match renew().await {
            Ok(()) => granted = asked,
            Err(error) if error.is_retryable() && env.elapsed() < granted + lease => {
                tracing::warn!(
                    target: "duroxide::runtime",
                    error = %crate::runtime::with_causes(&error),
                    "renewing a lock failed; trying again"
                );
            }
            Err(_) => return Err(Lost),
        }
    }
}
