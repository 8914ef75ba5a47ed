//! How a server comes to be, and how nothing is left of one that could not.

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activities::{
    ask_server, claim_name, hand_over, init_files, release_name, remove_files, start_server,
    stop_server,
};
use crate::keep::{Kept, keep_server};
use crate::problem::Problem;
use crate::server::{Name, Server};

/// How many servers one request makes at the same time: `initdb` keeps a core busy.
const AT_ONCE: usize = 4;
/// How often a server that was started is asked before it counts as broken, and how long in between.
const QUESTIONS: u32 = 60;
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

/// What somebody wants to have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) name: Name,
    #[serde(default)]
    pub(crate) settings: Settings,
    /// How often its keeper looks after it.
    pub(crate) check_every: Duration,
}

/// Settings of PostgreSQL that may be chosen. These and no others: some would run commands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    #[serde(default)]
    pub(crate) max_connections: Option<u32>,
}

/// What became of one of many orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) name: Name,
    pub(crate) server: Option<Server>,
    pub(crate) problem: Option<String>,
}

/// Makes a server and leaves it to its keeper. If a step fails, or somebody cancels this, what was
/// done is undone, last first.
#[orchestration]
pub(crate) async fn create_server(
    ctx: &OrchestrationContext,
    order: Order,
) -> Result<Server, Problem> {
    let name = order.name;
    let id = name
        .id_with(&ctx.new_guid().to_string())
        .map_err(Problem::Step)?;
    let mut saga = ctx.saga();

    // A step that fails may have done something. So each is to be undone from before it begins.
    ctx.set_custom_status("taking a name and a port");
    let (taken, by) = (name.clone(), id.clone());
    saga.undo(move |ctx| async move { release_name(&ctx, taken, by).await });
    let server = claim_name(ctx, name, id).await?;

    ctx.set_custom_status("making its files");
    let id = server.id.clone();
    saga.undo(move |ctx| async move { remove_files(&ctx, id).await });
    init_files(ctx, server.clone(), order.settings).await?;

    ctx.set_custom_status("starting it");
    let id = server.id.clone();
    saga.undo(move |ctx| async move { stop_server(&ctx, id).await });
    start_server(ctx, server.clone()).await?;
    wait_until_ready(ctx, &server).await?;

    hand_over(ctx, server.clone()).await?;
    let keeper = server.keeper();
    let kept = keep_server(ctx, server.clone(), order.check_every, Kept::default());
    kept.id(keeper).detach();
    ctx.set_custom_status("done");
    Ok(server)
}

/// Makes many servers. One that fails keeps none of the others from being made.
#[orchestration]
pub(crate) async fn create_servers(
    ctx: &OrchestrationContext,
    orders: Vec<Order>,
) -> Result<Vec<Outcome>, Problem> {
    let names: Vec<Name> = orders.iter().map(|order| order.name.clone()).collect();
    let calls = orders.into_iter().map(|order| create_server(ctx, order));
    let made = join_all(calls).limit(AT_ONCE).await;
    let outcome = |(name, made)| match made {
        Ok(server) => Outcome::made(server),
        Err(error) => Outcome::failed(name, &error),
    };
    Ok(names.into_iter().zip(made).map(outcome).collect())
}

/// PostgreSQL may still be recovering when it has been started.
#[deterministic]
async fn wait_until_ready(ctx: &OrchestrationContext, server: &Server) -> Result<(), Problem> {
    let mut said = String::new();
    for _ in 0..QUESTIONS {
        match ask_server(ctx, server.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) => said = error.to_string(),
        }
        ctx.schedule_timer(BETWEEN_QUESTIONS).await;
    }
    Err(Problem::NotReady(said))
}

impl Outcome {
    pub(crate) fn made(server: Server) -> Self {
        Self {
            name: server.name.clone(),
            server: Some(server),
            problem: None,
        }
    }

    fn failed(name: Name, error: &CallError<Problem>) -> Self {
        Self {
            name,
            server: None,
            problem: Some(error.to_string()),
        }
    }
}

impl Settings {
    /// As lines of `postgresql.conf`. Numbers only: nothing here can end a line.
    pub(crate) fn lines(&self) -> String {
        let connections = self.max_connections;
        connections.map_or_else(String::new, |number| {
            format!("max_connections = {number}\n")
        })
    }
}
