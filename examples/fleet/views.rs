//! What travels between the service and its clients, and how it is put together from records and the
//! status of instances.

use duroxide::prelude::*;
use duroxide::{ClientError, OrchestrationStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Fleet;
use crate::records::Record;
use crate::server::Name;

/// A server as people see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) name: Name,
    pub(crate) port: u16,
    pub(crate) state: String,
    /// What `psql` takes.
    pub(crate) connect: String,
    /// The instance that `state` comes from.
    pub(crate) instance: String,
    /// Grows with each change of that instance's status.
    pub(crate) version: u64,
}

/// Something that was asked for: a creation, a deletion, a round of pruning.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) phase: Phase,
    /// What it does right now, or did last.
    pub(crate) doing: Option<String>,
    /// Its result, when it is done.
    pub(crate) result: Value,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

/// An operation in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) id: String,
    /// The orchestration.
    pub(crate) does: String,
    pub(crate) phase: String,
    pub(crate) doing: Option<String>,
}

/// What is to be forgotten.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Prune {
    pub(crate) older_than_seconds: u64,
}

/// The answer to a request that takes its time: what to ask for later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accepted {
    pub(crate) operation: String,
}

/// The answer to a request that is not granted, in words for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) error: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    Running,
    Done,
    Failed,
}

/// What a new server should be like.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) name: Name,
    #[serde(default)]
    pub(crate) settings: crate::create::Settings,
}

impl View {
    /// Whoever works on the server knows how it is: who deletes it, who keeps it, who makes it.
    pub(crate) async fn of(
        client: &Client,
        fleet: &Fleet,
        record: Record,
    ) -> Result<Self, ClientError> {
        let server = record.server;
        let deletion = server.deletion();
        let status = client.get_orchestration_status(&deletion).await?;
        let (instance, status) = if matches!(status, OrchestrationStatus::NotFound) {
            let instance = if record.kept {
                server.keeper()
            } else {
                record.creation
            };
            let status = client.get_orchestration_status(&instance).await?;
            (instance, status)
        } else {
            (deletion.clone(), status)
        };
        let said = status.custom_status().unwrap_or("about to begin");
        let state = match &status {
            _ if record.kept && instance != deletion => said.to_owned(),
            OrchestrationStatus::Failed { details, .. } => details.display_message(),
            _ if instance == deletion => format!("going: {said}"),
            _ => format!("coming: {said}"),
        };
        Ok(Self {
            connect: fleet.postgres.connect(&server),
            name: server.name,
            port: server.port,
            state,
            instance,
            version: status.custom_status_version(),
        })
    }
}

impl Operation {
    /// Nothing if there is no such instance.
    pub(crate) fn of(id: String, status: OrchestrationStatus) -> Option<Self> {
        let doing = status.custom_status().map(str::to_owned);
        let (phase, result, error) = match status {
            OrchestrationStatus::NotFound => return None,
            OrchestrationStatus::Running { .. } => (Phase::Running, Value::Null, None),
            OrchestrationStatus::Completed { output, .. } => (
                Phase::Done,
                serde_json::from_str(&output).unwrap_or_default(),
                None,
            ),
            OrchestrationStatus::Failed { details, .. } => {
                (Phase::Failed, Value::Null, Some(details.display_message()))
            }
        };
        Some(Self {
            id,
            phase,
            doing,
            result,
            error,
        })
    }
}
