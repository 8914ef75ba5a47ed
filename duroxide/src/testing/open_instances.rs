//! Whether a program could take over what runs in a store.

use crate::client::{Client, ClientError};
use crate::provider::{InstanceQuery, ProviderRef, StateQuery};
use crate::registry::OrchestrationRegistry;
use crate::testing::{HistoryError, RecordedHistory, ReplayError, replay};

/// How the open instances of a store fit a program.
///
/// An example stands at [`check_open_instances`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct OpenInstances {
    /// How many fit. One that waits for its first turn fits whatever is registered for it.
    pub fitting: usize,
    /// Which do not, and why.
    pub others: Vec<(String, ReplayError)>,
}

const PAGE: usize = 256;

/// Replays the current execution of every instance that has not ended. For use before a roll-out,
/// against a copy of the store or while nothing else has it open; nothing is written.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use duroxide::OrchestrationRegistry;
/// use duroxide::storage::redb::RedbProvider;
/// use duroxide::testing::check_open_instances;
///
/// # async fn check() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(RedbProvider::open("copy.redb")?);
/// let open = check_open_instances(store, &OrchestrationRegistry::linked()?).await?;
/// for (id, problem) in &open.others {
///     println!("{id}: {problem}");
/// }
/// assert!(open.others.is_empty(), "the new program cannot take these over");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ReplayError::History`] if the store cannot be read, or has no management verbs.
pub async fn check_open_instances(
    store: ProviderRef,
    program: &OrchestrationRegistry,
) -> Result<OpenInstances, ReplayError> {
    let client = Client::new(ProviderRef::clone(&store));
    let admin = store
        .admin()
        .ok_or(HistoryError::Client(ClientError::ManagementNotAvailable))?;
    let query = InstanceQuery {
        state: Some(StateQuery::Running),
        ..InstanceQuery::default()
    };
    let mut found = OpenInstances::default();
    let mut last = None;
    loop {
        let page = admin.list_instances(&query, last.as_ref(), PAGE).await;
        let page = page.map_err(|error| HistoryError::Client(error.into()))?;
        let Some(end) = page.last() else {
            return Ok(found);
        };
        last = Some(end.instance.clone());
        for status in page {
            let id = status.instance.as_str();
            let history = RecordedHistory::export(&client, id, status.execution_id.0).await;
            let checked = match history {
                Err(HistoryError::Empty { .. }) => Ok(()),
                Err(error) => Err(error.into()),
                Ok(history) => replay(&history, program).map(|_| ()),
            };
            match checked {
                Ok(()) => found.fitting = found.fitting.saturating_add(1),
                Err(problem) => found.others.push((id.to_owned(), problem)),
            }
        }
    }
}
