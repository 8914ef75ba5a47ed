//! Keeps a lock alive while something works under it.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::env::Env;
use crate::provider::ProviderError;
use crate::runtime::backoff::part;

/// Why work under a lock ended before its time.
#[derive(Debug)]
pub(super) struct Lost;

/// Runs `work`, and renews its lock at a third of the lease, or soon after `urge` completes. A
/// renewal that fails is tried again until the lease has really run out: *storage error* and *lock
/// lost* are different things. The work goes on while the store is asked.
pub(super) async fn keep_alive<W, R, F, U>(
    env: &dyn Env,
    lease: Duration,
    work: Pin<&mut W>,
    renew: R,
    urge: impl Fn() -> U,
) -> Result<W::Output, Lost>
where
    W: Future,
    R: Fn() -> F,
    F: Future<Output = Result<(), ProviderError>>,
    U: Future<Output = ()>,
{
    let renewals = pin!(renew_until_lost(env, lease, renew, urge));
    match select(work, renewals).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(((), _)) => Err(Lost),
    }
}

async fn renew_until_lost<R, F, U>(env: &dyn Env, lease: Duration, renew: R, urge: impl Fn() -> U)
where
    R: Fn() -> F,
    F: Future<Output = Result<(), ProviderError>>,
    U: Future<Output = ()>,
{
    if planted!(NeverRenewed) {
        return std::future::pending().await;
    }
    let mut granted = env.elapsed();
    let mut pause = part(lease, 3);
    loop {
        let last = granted;
        let urge = &urge;
        let urged = pin!(async move {
            urge().await;
            // Many beats in a row are one call of the store.
            let since = env.elapsed().saturating_sub(last);
            let apart = part(lease, 30).min(Duration::from_secs(1));
            env.sleep(apart.saturating_sub(since)).await;
        });
        select(env.sleep(pause), urged).await;
        let asked = env.elapsed();
        match renew().await {
            Ok(()) => {
                granted = asked;
                pause = part(lease, 3);
            }
            Err(error) if error.is_retryable() && env.elapsed() < granted.saturating_add(lease) => {
                pause = part(lease, 12);
                tracing::warn!(
                    target: "duroxide::runtime",
                    error = %crate::runtime::with_causes(&error),
                    "renewing a lock failed; trying again"
                );
            }
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::env::TokioEnv;

    /// A lease without end, a heartbeat, and a store that is away: the end of such a lease is beyond
    /// what a moment can be.
    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_fails_under_a_lease_without_end_is_tried_again() {
        let (env, tries) = (TokioEnv::new(), AtomicU32::new(0));
        let renew = || {
            let number = tries.fetch_add(1, Ordering::SeqCst);
            let away = ProviderError::Unavailable {
                operation: "renew",
                source: "away".into(),
            };
            std::future::ready(Err(if number == 0 {
                away
            } else {
                ProviderError::LockLost
            }))
        };
        let work = pin!(std::future::pending::<()>());
        let urge = || std::future::ready(());
        let ended = keep_alive(&env, Duration::MAX, work, renew, urge).await;
        assert!(ended.is_err());
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }
}
