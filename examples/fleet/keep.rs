//! The keeper of a server: an instance that lives as long as the server does. It looks at it again and
//! again, starts it when it is down, and shows what it saw as its status.

use duroxide::ExternalEvent;
use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activities::{ask_server, start_server};
use crate::problem::Problem;
use crate::server::Server;

/// After so many looks the keeper starts over, so that no history grows with the age of a server.
const LOOKS: u32 = 50;

/// The server is deleted: its keeper may go.
#[derive(Debug, Serialize, Deserialize, ExternalEvent)]
#[event(name = "server_deleted")]
pub(crate) struct ServerDeleted;

/// What a keeper has done so far; goes from one execution to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    looks: u64,
    restarts: u64,
}

#[orchestration]
pub(crate) async fn keep_server(
    ctx: &OrchestrationContext,
    server: Server,
    check_every: Duration,
    kept: Kept,
) -> Result<Kept, Problem> {
    let mut kept = kept;
    for _ in 0..LOOKS {
        look_after(ctx, &server, &mut kept).await;
        select! {
            deleted = ctx.wait_for::<ServerDeleted>() => {
                let _ = deleted; // whatever it brought along
                show(ctx, "deleted".to_owned());
                return Ok(kept);
            }
            () = ctx.schedule_timer(check_every) => {}
        }
    }
    keep_server::continue_as_new(ctx, server, check_every, kept).await
}

/// One look. Nothing that goes wrong ends a keeper: it says so, and looks again.
#[deterministic]
async fn look_after(ctx: &OrchestrationContext, server: &Server, kept: &mut Kept) {
    kept.looks += 1;
    let restarts = |kept: &Kept| match kept.restarts {
        0 => String::new(),
        1 => ", was started again once".to_owned(),
        n => format!(", was started again {n} times"),
    };
    match ask_server(ctx, server.clone()).await {
        Ok(version) => show(
            ctx,
            format!("ready: PostgreSQL {version}{}", restarts(kept)),
        ),
        Err(error) => {
            trace_warn!(ctx, "server {} is down: {error}", server.id);
            show(ctx, "down: starting it again".to_owned());
            kept.restarts += 1;
            if let Err(error) = start_server(ctx, server.clone()).await {
                show(ctx, format!("down: {error}"));
            }
        }
    }
}

/// Whoever watches is told of changes only.
#[deterministic]
fn show(ctx: &OrchestrationContext, state: String) {
    if ctx.get_custom_status().as_deref() != Some(state.as_str()) {
        ctx.set_custom_status(state);
    }
}
