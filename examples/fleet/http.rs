//! The REST service. A request starts an orchestration, or asks how one is; it does nothing itself.
//!
//! It listens on loopback only and asks nobody for a password: whoever may run programs on this
//! machine may use it. Pages in a browser may not, see [`only_local`].

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use duroxide::{Client, ClientError, InstanceInfo, InstanceSearch, OrchestrationStatus};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::config::Fleet;
use crate::create::{Order, create_server, create_servers};
use crate::delete::{delete_server, prune};
use crate::problem::Problem;
use crate::server::Name;
use crate::views::{Accepted, Listed, Operation, Prune, Refused, View, Wanted};

/// How long a request may wait for news.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What every handler has.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) fleet: Arc<Fleet>,
}

/// What a handler answers instead: a status, and words for people.
#[derive(Debug)]
struct Refusal(StatusCode, String);

type Answer<T> = Result<T, Refusal>;

/// Serves until `end` is there.
pub(crate) async fn serve(
    service: Service,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/servers", get(list).post(create))
        .route("/servers/bulk", post(create_many))
        .route("/servers/{name}", get(show).delete(delete))
        .route("/servers/{name}/watch", get(watch))
        .route("/operations", get(operations))
        .route("/operations/{id}", get(operation))
        .route("/prune", post(forget))
        .layer(axum::middleware::from_fn(only_local))
        .with_state(service);
    axum::serve(listener, routes)
        .with_graceful_shutdown(end)
        .await
}

/// A page may be served under a name of its own that leads to this address, and then its scripts
/// could ask here. Their requests carry that name.
async fn only_local(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    if matches!(host, Some("localhost")) || host == Some(&Ipv4Addr::LOCALHOST.to_string()) {
        return next.run(request).await;
    }
    let words = "this service is for programs on this machine: ask 127.0.0.1".to_owned();
    Refusal(StatusCode::FORBIDDEN, words).into_response()
}

async fn list(State(service): State<Service>) -> Answer<Json<Vec<View>>> {
    let mut views = Vec::new();
    for record in service.fleet.records.all()? {
        views.push(View::of(&service.client, &service.fleet, record).await?);
    }
    Ok(Json(views))
}

async fn show(State(service): State<Service>, Path(name): Path<Name>) -> Answer<Json<View>> {
    Ok(Json(service.view(&name).await?))
}

/// The check here is a kindness: it is the creation that takes the name, or is refused.
async fn create(
    State(service): State<Service>,
    Json(wanted): Json<Wanted>,
) -> Answer<(StatusCode, Json<Accepted>)> {
    if service.fleet.records.find(&wanted.name)?.is_some() {
        return Err(Problem::Taken(wanted.name).into());
    }
    let started = create_server::start(&service.client, service.order(wanted)).await?;
    Ok(accepted(started.id()))
}

async fn create_many(
    State(service): State<Service>,
    Json(wanted): Json<Vec<Wanted>>,
) -> Answer<(StatusCode, Json<Accepted>)> {
    let orders = wanted
        .into_iter()
        .map(|wanted| service.order(wanted))
        .collect();
    let started = create_servers::start(&service.client, orders).await?;
    Ok(accepted(started.id()))
}

/// Asked for twice it is done once. If an earlier try has failed this is a new one.
async fn delete(
    State(service): State<Service>,
    Path(name): Path<Name>,
) -> Answer<(StatusCode, Json<Accepted>)> {
    let record = service
        .fleet
        .records
        .find(&name)?
        .ok_or_else(|| unknown(&name))?;
    let id = record.server.deletion();
    if service
        .client
        .get_orchestration_status(&id)
        .await?
        .is_terminal()
    {
        service.client.delete_instance(&id, false).await?;
    }
    delete_server::start(&service.client, record)
        .id(&id)
        .if_absent()
        .await?;
    Ok(accepted(&id))
}

/// What the client saw last.
#[derive(Debug, Deserialize)]
struct Seen {
    instance: String,
    version: u64,
}

/// Answers when there is news, or after a while without.
async fn watch(
    State(service): State<Service>,
    Path(name): Path<Name>,
    Query(seen): Query<Seen>,
) -> Answer<Json<View>> {
    let view = service.view(&name).await?;
    if view.instance != seen.instance || view.version > seen.version {
        return Ok(Json(view));
    }
    // Two ways to news: the status changes, or somebody else takes over. The second is looked for
    // when a look is due anyway.
    let (client, patience) = (&service.client, Duration::from_secs(1));
    let news = client.wait_for_status_change(&view.instance, view.version, patience, patience);
    match news.await {
        Ok(status) if status.is_terminal() => tokio::time::sleep(Duration::from_millis(100)).await,
        Ok(_) | Err(ClientError::Timeout) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Json(service.view(&name).await?))
}

async fn operations(State(service): State<Service>) -> Answer<Json<Vec<Listed>>> {
    let roots = InstanceSearch::new().roots_only();
    let found = service.client.list_instances(&roots).await?;
    let listed = |info: InstanceInfo| Listed {
        id: info.instance_id,
        does: info.orchestration_name,
        phase: info.phase.to_string(),
        doing: info.custom_status,
    };
    Ok(Json(found.instances.into_iter().map(listed).collect()))
}

/// Answers when the operation has ended, or after a while.
async fn operation(
    State(service): State<Service>,
    Path(id): Path<String>,
) -> Answer<Json<Operation>> {
    let client = &service.client;
    let mut status = client.get_orchestration_status(&id).await?;
    if let OrchestrationStatus::Running { .. } = status {
        status = match client.wait_for_orchestration(&id, LONGEST_WAIT).await {
            Err(ClientError::Timeout) => client.get_orchestration_status(&id).await?,
            ended => ended?,
        };
    }
    let operation = Operation::of(id.clone(), status);
    let gone = || {
        Refusal(
            StatusCode::NOT_FOUND,
            format!("there is no operation `{id}`"),
        )
    };
    Ok(Json(operation.ok_or_else(gone)?))
}

async fn forget(
    State(service): State<Service>,
    Json(Prune { older_than_seconds }): Json<Prune>,
) -> Answer<(StatusCode, Json<Accepted>)> {
    let keep = Duration::from_secs(older_than_seconds);
    let started = prune::start(&service.client, keep).await?;
    Ok(accepted(started.id()))
}

impl Service {
    async fn view(&self, name: &Name) -> Answer<View> {
        let record = self
            .fleet
            .records
            .find(name)?
            .ok_or_else(|| unknown(name))?;
        Ok(View::of(&self.client, &self.fleet, record).await?)
    }

    fn order(&self, wanted: Wanted) -> Order {
        let Wanted { name, settings } = wanted;
        let check_every = self.fleet.check_every;
        Order {
            name,
            settings,
            check_every,
        }
    }
}

fn accepted(id: &str) -> (StatusCode, Json<Accepted>) {
    let operation = id.to_owned();
    (StatusCode::ACCEPTED, Json(Accepted { operation }))
}

fn unknown(name: &Name) -> Refusal {
    Refusal(
        StatusCode::NOT_FOUND,
        format!("there is no server named `{name}`"),
    )
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, error) = self;
        (status, Json(Refused { error })).into_response()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = match problem {
            Problem::Taken(_) => StatusCode::CONFLICT,
            Problem::NoPort { .. }
            | Problem::Program { .. }
            | Problem::Files { .. }
            | Problem::NotReady(_)
            | Problem::Step(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, problem.to_string())
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        let status = match error {
            ClientError::InvalidInput { .. } => StatusCode::BAD_REQUEST,
            ClientError::AlreadyExists { .. } => StatusCode::CONFLICT,
            ClientError::InstanceNotFound { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}
