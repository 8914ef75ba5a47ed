//! A history as a value of its own, and as a file.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::client::{Client, ClientError};
use crate::codec::{self, CodecError};
use crate::history::{Event, EventKind, ExecutionId, InstanceId};

/// The form of the file. Another form has another name.
const FORMAT: &str = "duroxide-history-1";

/// One execution as it was recorded. It replays alone: what its code could read stands in it.
///
/// As JSON: `format`, `instance_id`, `execution_id` and `events`, each with a `type`.
///
/// ```
/// use duroxide::OrchestrationRegistry;
/// use duroxide::prelude::*;
/// use duroxide::testing::{RecordedHistory, TestEnv, replay};
///
/// #[orchestration]
/// async fn doze(ctx: &OrchestrationContext) -> Result<(), String> {
///     ctx.schedule_timer(Duration::from_secs(600)).await;
///     Ok(())
/// }
///
/// #[duroxide::test]
/// async fn a_history_survives_its_file(env: TestEnv) {
///     let handle = doze::start(&env.client()).id("doze-1").await.unwrap();
///     handle.result().await.unwrap();
///     let history = env.history("doze-1").await.unwrap();
///     assert_eq!(history.orchestration(), Some(("doze", "1.0.0")));
///     let text = history.to_json().unwrap();
///     assert_eq!(RecordedHistory::from_json(&text).unwrap(), history);
/// }
/// # a_history_survives_its_file();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedHistory {
    format: String,
    /// The instance.
    pub instance_id: InstanceId,
    /// Its execution.
    pub execution_id: ExecutionId,
    /// The events, from the first on.
    pub events: Vec<Event>,
}

/// Why there is no history.
///
/// ```
/// use duroxide::testing::{HistoryError, RecordedHistory};
///
/// let missing = RecordedHistory::read("no/such/history.json");
/// assert!(matches!(missing, Err(HistoryError::File { .. })));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The store did not give it.
    #[error("the history cannot be read from the store")]
    Client(#[from] ClientError),
    /// The file cannot be read or written.
    #[error("the file `{path}` cannot be used")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The text is no history.
    #[error("this is no recorded history")]
    Text(#[from] CodecError),
    /// The text is of another form than this version reads.
    #[error("the form `{found}` is not known here; `{FORMAT}` is")]
    Format {
        /// What it says of itself.
        found: String,
    },
    /// There is no such execution, or it has no events.
    #[error("there is no history of `{instance_id}`, execution {execution_id}")]
    Empty {
        /// The instance.
        instance_id: String,
        /// The execution.
        execution_id: u64,
    },
}

impl RecordedHistory {
    /// The history of an execution.
    ///
    /// ```
    /// use duroxide::history::{ExecutionId, InstanceId};
    /// use duroxide::testing::{HistoryError, RecordedHistory};
    ///
    /// let order = InstanceId::new("order-42")?;
    /// let nothing = RecordedHistory::new(order, ExecutionId::FIRST, Vec::new());
    /// assert!(matches!(nothing, Err(HistoryError::Empty { .. })));
    /// # Ok::<(), duroxide::history::InvalidName>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HistoryError::Empty`] if there is none.
    pub fn new(
        instance_id: InstanceId,
        execution_id: ExecutionId,
        events: Vec<Event>,
    ) -> Result<Self, HistoryError> {
        if events.is_empty() {
            return Err(HistoryError::Empty {
                instance_id: instance_id.to_string(),
                execution_id: execution_id.0,
            });
        }
        Ok(Self {
            format: FORMAT.to_owned(),
            instance_id,
            execution_id,
            events,
        })
    }

    /// Takes it out of a store.
    ///
    /// ```
    /// use duroxide::Client;
    /// use duroxide::testing::{HistoryError, RecordedHistory};
    ///
    /// /// Keeps the history of a first execution, to be replayed by every build from now on.
    /// async fn keep(client: &Client, id: &str) -> Result<(), HistoryError> {
    ///     let history = RecordedHistory::export(client, id, 1).await?;
    ///     history.write(format!("tests/histories/{id}.json"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`HistoryError::Client`], [`HistoryError::Empty`].
    pub async fn export(
        client: &Client,
        instance: &str,
        execution_id: u64,
    ) -> Result<Self, HistoryError> {
        let events = client
            .read_execution_history(instance, execution_id)
            .await?;
        let instance = InstanceId::new(instance).map_err(|error| ClientError::InvalidInput {
            message: error.to_string(),
        })?;
        Self::new(instance, ExecutionId(execution_id), events)
    }

    /// From JSON text.
    ///
    /// An example stands at [`RecordedHistory`].
    ///
    /// # Errors
    ///
    /// [`HistoryError::Text`], [`HistoryError::Format`], [`HistoryError::Empty`].
    pub fn from_json(text: &str) -> Result<Self, HistoryError> {
        let history: Self = codec::decode(text)?;
        if history.format != FORMAT {
            return Err(HistoryError::Format {
                found: history.format,
            });
        }
        Self::new(history.instance_id, history.execution_id, history.events)
    }

    /// As JSON text that people can read and compare: one line for each field.
    ///
    /// An example stands at [`RecordedHistory`].
    ///
    /// # Errors
    ///
    /// [`HistoryError::Text`], which does not happen: all that a history has can be written.
    pub fn to_json(&self) -> Result<String, HistoryError> {
        let text = codec::encode_pretty(self)?;
        Ok(format!("{text}\n"))
    }

    /// From a file.
    ///
    /// An example stands at [`replay`](crate::testing::replay).
    ///
    /// # Errors
    ///
    /// [`HistoryError::File`], and those of [`from_json`](Self::from_json).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, HistoryError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| in_file(path, source))?;
        Self::from_json(&text)
    }

    /// To a file, which is replaced if it is there.
    ///
    /// An example stands at [`export`](Self::export).
    ///
    /// # Errors
    ///
    /// [`HistoryError::File`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), HistoryError> {
        let path = path.as_ref();
        fs::write(path, self.to_json()?).map_err(|source| in_file(path, source))
    }

    /// The orchestration's name and the version that the execution is pinned to, if the first event
    /// says so.
    ///
    /// An example stands at [`RecordedHistory`].
    pub fn orchestration(&self) -> Option<(&str, &str)> {
        match self.events.first().map(|event| &event.kind) {
            Some(EventKind::OrchestrationStarted { name, version, .. }) => Some((name, version)),
            _ => None,
        }
    }
}

fn in_file(path: &Path, source: io::Error) -> HistoryError {
    HistoryError::File {
        path: path.display().to_string(),
        source,
    }
}
