//! What is not counted but asked of the store now and then: it is the same for all runtimes on it.

use std::time::Duration;

use crate::env::EnvRef;
use crate::provider::{ProviderAdmin, ProviderError, ProviderRef};
use crate::telemetry::metric;

/// Asks the store every so often and sets the gauges, for ever.
pub(in crate::runtime) async fn watch(env: EnvRef, store: ProviderRef, every: Duration) {
    let Some(admin) = store.admin().filter(|_| !every.is_zero()) else {
        return;
    };
    loop {
        if let Err(error) = read(admin).await {
            tracing::debug!(target: "duroxide::runtime", %error, "the gauges could not be read");
        }
        env.sleep(every).await;
    }
}

async fn read(admin: &dyn ProviderAdmin) -> Result<(), ProviderError> {
    let (totals, depths) = (admin.totals().await?, admin.queue_depths().await?);
    let as_u64 = |depth| u64::try_from(depth).unwrap_or(u64::MAX);
    for (metric, value) in [
        (metric::ACTIVE_ORCHESTRATIONS, totals.running),
        (
            metric::ORCHESTRATOR_QUEUE_DEPTH,
            as_u64(depths.orchestrator_queue),
        ),
        (metric::WORKER_QUEUE_DEPTH, as_u64(depths.worker_queue)),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "far less than 2^52 of anything")]
        metrics::gauge!(metric).set(value as f64);
    }
    Ok(())
}
