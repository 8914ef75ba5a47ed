//! What a caller sees: start, send, watch, read, look after.
//!
//! A [`Client`] works on the store alone, with or without a runtime in the same process. What it
//! says `Ok` to is on disk, and what it shows is on disk. Waits wake on the change, and a call whose
//! answer was lost is made again without a second effect. `name::start` of an annotated
//! orchestration gives a typed [`Handle`]; an [`OrchestrationError`] says how an instance ended.
//!
//! Must not know: the engine, the runtime.

mod deletion;
mod error;
mod events;
mod handle;
mod info;
mod kv;
mod management;
mod persistence;
mod search;
mod start;
mod start_call;
mod status;
mod wait;

use std::sync::Arc;

use crate::env::{EnvRef, TokioEnv};
use crate::history::InstanceId;
use crate::provider::{Nowhere, Provider, ProviderAdmin, ProviderRef};

pub use deletion::{DeleteInstanceResult, InstanceFilter, PruneOptions, PruneResult};
pub use error::{ClientError, OrchestrationError};
pub use handle::Handle;
pub use info::{ExecutionInfo, InstanceInfo, InstancePhase, InstanceTree, SystemMetrics};
pub use search::{InstancePage, InstanceSearch};
pub use start_call::StartCall;
pub use status::OrchestrationStatus;

/// How many events or instances are read in one go.
const PAGE: usize = 1_000;

/// Starts instances, sends to them, watches them, and looks after them. Cheap to clone.
///
/// | what for | methods |
/// |---|---|
/// | starting | [`start_orchestration`](Self::start_orchestration), typed and versioned; `name::start` of annotated orchestrations |
/// | telling | [`raise_event`](Self::raise_event), [`enqueue_event`](Self::enqueue_event), [`cancel_instance`](Self::cancel_instance), [`terminate_instance`](Self::terminate_instance) |
/// | watching | [`get_orchestration_status`](Self::get_orchestration_status), [`wait_for_orchestration`](Self::wait_for_orchestration), [`wait_for_status_change`](Self::wait_for_status_change), [`get_kv_value`](Self::get_kv_value), [`wait_for_kv_value`](Self::wait_for_kv_value) |
/// | looking after a store | [`list_instances`](Self::list_instances), [`get_instance_info`](Self::get_instance_info), [`read_execution_history`](Self::read_execution_history), [`delete_instance`](Self::delete_instance), [`prune_executions`](Self::prune_executions) and their sisters |
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::Client;
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let client = Client::new(Arc::new(RedbProvider::in_memory()?)); // no runtime is needed
/// client.start_orchestration("report-7", "monthly_report", "null").await?;
/// assert_eq!(client.list_all_instances().await?, ["report-7"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    store: ProviderRef,
    env: EnvRef,
}

impl Client {
    /// A client of this store.
    ///
    /// An example stands at [`Client`].
    pub fn new(store: Arc<dyn Provider>) -> Self {
        Self::with_env(store, Arc::new(TokioEnv::new()))
    }

    /// A client whose clock and ids come from `env`.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::{EnvRef, TokioEnv};
    /// use duroxide::storage::redb::RedbProvider;
    /// use duroxide::{Client, ProviderRef};
    ///
    /// let store: ProviderRef = Arc::new(RedbProvider::in_memory()?);
    /// let env: EnvRef = Arc::new(TokioEnv::new()); // or a world of one's own
    /// let client = Client::with_env(store, env);
    /// # drop(client);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_env(store: ProviderRef, env: EnvRef) -> Self {
        Self { store, env }
    }

    /// A client of no store: all that it is asked is refused with these words.
    pub(crate) fn nowhere(why: &str) -> Self {
        Self::new(Arc::new(Nowhere(why.to_owned())))
    }

    /// Whether the store has the management verbs.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::Client;
    /// use duroxide::storage::redb::RedbProvider;
    ///
    /// let client = Client::new(Arc::new(RedbProvider::in_memory()?));
    /// assert!(client.has_management_capability());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_management_capability(&self) -> bool {
        self.store.admin().is_some()
    }

    fn admin(&self) -> Result<&dyn ProviderAdmin, ClientError> {
        self.store
            .admin()
            .ok_or(ClientError::ManagementNotAvailable)
    }
}

fn parse_id(instance: &str) -> Result<InstanceId, ClientError> {
    InstanceId::new(instance).map_err(ClientError::invalid)
}
