//! How a server goes, and how what was once known about it is forgotten.

use std::time::UNIX_EPOCH;

use duroxide::prelude::*;

use crate::activities::{end_work, forget_ended, release_name, remove_files, stop_server};
use crate::problem::Problem;
use crate::records::Record;

/// The instance that forgets what has ended, and how it goes about it.
pub(crate) const HOUSEKEEPING: &str = "housekeeping";
const EVERY: Duration = Duration::from_secs(600);
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Deletes a server in whatever state it is. Its creation is cancelled if that is under way, its
/// keeper is told, and only when both have ended the rest is taken away.
#[orchestration]
pub(crate) async fn delete_server(
    ctx: &OrchestrationContext,
    record: Record,
) -> Result<(), Problem> {
    let server = record.server.clone();
    ctx.set_custom_status("ending what works on it");
    end_work(ctx, record).await?;
    ctx.set_custom_status("stopping it");
    stop_server(ctx, server.id.clone()).await?;
    ctx.set_custom_status("removing its files");
    remove_files(ctx, server.id.clone()).await?;
    // Last: as long as anything is left the name is taken, and a deletion can be asked for again.
    release_name(ctx, server.name, server.id).await?;
    Ok(())
}

/// Forgets what ended longer ago than that; gives how many instances it was.
#[orchestration]
pub(crate) async fn prune(ctx: &OrchestrationContext, keep: Duration) -> Result<u64, Problem> {
    forget(ctx, keep).await
}

/// Prunes for ever, one execution for each round. It does so itself: children of an instance that
/// never ends would never be forgotten.
#[orchestration]
pub(crate) async fn housekeeping(ctx: &OrchestrationContext) -> Result<(), Problem> {
    ctx.schedule_timer(EVERY).await;
    match forget(ctx, KEEP).await {
        Ok(forgotten) => trace_info!(ctx, "forgot {forgotten} instances"),
        Err(error) => trace_warn!(ctx, "could not prune, will try again: {error}"),
    }
    housekeeping::continue_as_new(ctx).await
}

#[deterministic]
async fn forget(ctx: &OrchestrationContext, keep: Duration) -> Result<u64, Problem> {
    let before = ctx.now().checked_sub(keep).unwrap_or(UNIX_EPOCH);
    let since_1970 = before.duration_since(UNIX_EPOCH).unwrap_or_default();
    let before_ms = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
    Ok(forget_ended(ctx, before_ms).await?)
}
