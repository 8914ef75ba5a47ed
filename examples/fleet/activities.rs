//! What is done for a server. Each activity may run more than once, and may be cut off: what it does
//! is written for that, in `postgres.rs` and `records.rs`. The histories hold names, ports and
//! versions, and never a password.

use std::sync::Arc;

use duroxide::prelude::*;
use duroxide::{ClientError, InstanceFilter};

use crate::config::Fleet;
use crate::create::Settings;
use crate::keep::{ServerDeleted, keep_server};
use crate::problem::Problem;
use crate::records::Record;
use crate::server::{Name, Server, ServerId};

/// How long a creation that was cancelled, or a keeper that was told, may take to end.
const PATIENCE: Duration = Duration::from_secs(45);

#[activity(data(Arc<Fleet>), timeout = "10s", retry(max_attempts = 3), no_retry = [Problem::Taken(_), Problem::NoPort { .. }])]
pub(crate) async fn claim_name(
    ctx: &ActivityContext,
    name: Name,
    id: ServerId,
) -> Result<Server, Problem> {
    fleet(ctx)?.records.claim(&name, &id, ctx.instance_id())
}

#[activity(data(Arc<Fleet>), timeout = "10s", retry(max_attempts = 5))]
pub(crate) async fn release_name(
    ctx: &ActivityContext,
    name: Name,
    id: ServerId,
) -> Result<(), Problem> {
    fleet(ctx)?.records.release(&name, &id)
}

#[activity(data(Arc<Fleet>), timeout = "10s", retry(max_attempts = 3))]
pub(crate) async fn hand_over(ctx: &ActivityContext, server: Server) -> Result<(), Problem> {
    fleet(ctx)?.records.hand_over(&server)
}

#[activity(data(Arc<Fleet>), timeout = "120s", retry(max_attempts = 3, initial = "1s"))]
pub(crate) async fn init_files(
    ctx: &ActivityContext,
    server: Server,
    settings: Settings,
) -> Result<(), Problem> {
    let postgres = &fleet(ctx)?.postgres;
    postgres.init(&server, &settings.lines()).await
}

#[activity(data(Arc<Fleet>), timeout = "60s", retry(max_attempts = 2, initial = "1s"))]
pub(crate) async fn start_server(ctx: &ActivityContext, server: Server) -> Result<(), Problem> {
    fleet(ctx)?.postgres.start(&server).await
}

#[activity(data(Arc<Fleet>), timeout = "60s", retry(max_attempts = 5, initial = "1s"))]
pub(crate) async fn stop_server(ctx: &ActivityContext, id: ServerId) -> Result<(), Problem> {
    fleet(ctx)?.postgres.stop(&id).await
}

#[activity(data(Arc<Fleet>), timeout = "60s", retry(max_attempts = 5, initial = "1s"))]
pub(crate) async fn remove_files(ctx: &ActivityContext, id: ServerId) -> Result<(), Problem> {
    fleet(ctx)?.postgres.remove(&id)
}

/// The version that a server answers with. Not tried again here: who asks decides what follows.
#[activity(data(Arc<Fleet>), timeout = "15s")]
pub(crate) async fn ask_server(ctx: &ActivityContext, server: Server) -> Result<String, Problem> {
    fleet(ctx)?.postgres.ask(&server).await
}

/// Ends whatever instance works on the server, and comes back when it has ended.
#[activity(data(Arc<Fleet>), timeout = "120s", retry(max_attempts = 5, initial = "1s"))]
pub(crate) async fn end_work(ctx: &ActivityContext, record: Record) -> Result<(), Problem> {
    let client = ctx.client();
    let cancelled = client.cancel_instance(&record.creation, "its server is deleted");
    until_ended(&client, &record.creation, cancelled.await).await?;
    let keeper = record.server.keeper();
    let handle = keep_server::handle(&client, &keeper);
    let told = handle.raise(ServerDeleted).await;
    until_ended(&client, &keeper, told).await
}

/// Deletes the histories of what ended before that time, in milliseconds since 1970; gives how many.
#[activity(timeout = "60s", retry(max_attempts = 3, initial = "1s"))]
pub(crate) async fn forget_ended(ctx: &ActivityContext, before_ms: u64) -> Result<u64, Problem> {
    let ended = InstanceFilter {
        completed_before: Some(before_ms),
        ..InstanceFilter::default()
    };
    let deleted = ctx.client().delete_instance_bulk(ended).await;
    let deleted = deleted.map_err(|error| Problem::Step(error.to_string()))?;
    Ok(deleted.instances_deleted)
}

/// Waits for an instance that was told to end. One that is gone has ended.
async fn until_ended(
    client: &Client,
    id: &str,
    told: Result<(), ClientError>,
) -> Result<(), Problem> {
    let ended = match told {
        Ok(()) => client
            .wait_for_orchestration(id, PATIENCE)
            .await
            .map(|_| ()),
        Err(ClientError::InstanceNotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    };
    ended.map_err(|error| Problem::Step(error.to_string()))
}

fn fleet(ctx: &ActivityContext) -> Result<&Arc<Fleet>, Problem> {
    ctx.data::<Arc<Fleet>>()
        .map_err(|error| Problem::Step(error.to_string()))
}
