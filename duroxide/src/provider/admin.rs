//! What people who look after a store ask of it. Nothing in the runtime depends on it.

use async_trait::async_trait;

use crate::history::{ErrorDetails, ExecutionId, InstanceId, SystemStats};
use crate::provider::{InstanceState, InstanceStatus, ProviderError};
use crate::time::Timestamp;

/// The management verbs. Reads see durable data only.
///
/// ```
/// use duroxide::provider::{InstanceQuery, Provider};
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = RedbProvider::in_memory()?;
/// let admin = store.admin().ok_or("a store without management verbs")?;
/// let page = admin.list_instances(&InstanceQuery::default(), None, 100).await?;
/// assert!(page.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait ProviderAdmin: Send + Sync {
    /// Up to `max` instances in the order of their ids, from the one behind `after` on, that
    /// `filter` lets through.
    ///
    /// Examples stand at [`ProviderAdmin`] and [`StateQuery`].
    async fn list_instances(
        &self,
        filter: &InstanceQuery,
        after: Option<&InstanceId>,
        max: usize,
    ) -> Result<Vec<InstanceStatus>, ProviderError>;

    /// The executions of an instance that are still kept, in order. Empty if there is no such
    /// instance.
    ///
    /// An example stands at [`ExecutionSummary`].
    async fn executions(
        &self,
        instance: &InstanceId,
    ) -> Result<Vec<ExecutionSummary>, ProviderError>;

    /// The sub-orchestrations that this instance started and that still exist, in the order of their
    /// ids. Detached ones are nobody's.
    ///
    /// ```
    /// use duroxide::history::InstanceId;
    /// use duroxide::provider::{ProviderAdmin, ProviderError};
    ///
    /// async fn is_alone(admin: &dyn ProviderAdmin, id: &InstanceId) -> Result<bool, ProviderError> {
    ///     Ok(admin.children(id).await?.is_empty())
    /// }
    /// ```
    async fn children(&self, instance: &InstanceId) -> Result<Vec<InstanceId>, ProviderError>;

    /// Deletes all of these instances, or none: histories, messages, activities, timers, locks,
    /// values and status. What is under way for them is lost: commits and completions give
    /// [`LockLost`](ProviderError::LockLost). Ids that do not exist are passed over. Afterwards
    /// an id is free.
    ///
    /// A child that has not ended tells its parent, if that stays:
    /// [`deletion_notice`](crate::provider::deletion_notice) says how. So nobody waits for what is gone.
    ///
    /// An example stands at [`Deleted`].
    ///
    /// # Errors
    ///
    /// [`ProviderError::Refused`] if one of them has not ended and `force` is not set, or has a child
    /// that exists and is not among them: nothing is deleted then.
    async fn delete(&self, instances: &[InstanceId], force: bool)
    -> Result<Deleted, ProviderError>;

    /// Forgets executions of one instance that are older than its current one: those that are not
    /// among the newest `keep_last` (the current one included, so that 0 and 1 mean the same), and
    /// that ended before `ended_before`, as far as these are given; without either, all of them.
    /// The activities and timers that they left go with them. Values are kept.
    ///
    /// ```
    /// use duroxide::history::InstanceId;
    /// use duroxide::provider::{ProviderAdmin, ProviderError};
    ///
    /// /// Keeps the last ten executions; gives how many are gone.
    /// async fn prune(admin: &dyn ProviderAdmin, id: &InstanceId) -> Result<u64, ProviderError> {
    ///     Ok(admin.prune(id, Some(10), None).await?.executions)
    /// }
    /// ```
    async fn prune(
        &self,
        instance: &InstanceId,
        keep_last: Option<u32>,
        ended_before: Option<Timestamp>,
    ) -> Result<Deleted, ProviderError>;

    /// Sums over the whole store.
    ///
    /// An example stands at [`Totals`].
    async fn totals(&self) -> Result<Totals, ProviderError>;

    /// How much waits in the queues now.
    ///
    /// ```
    /// use duroxide::provider::{ProviderAdmin, ProviderError};
    ///
    /// async fn is_idle(admin: &dyn ProviderAdmin) -> Result<bool, ProviderError> {
    ///     let depths = admin.queue_depths().await?;
    ///     Ok(depths.orchestrator_queue == 0 && depths.worker_queue == 0)
    /// }
    /// ```
    async fn queue_depths(&self) -> Result<QueueDepths, ProviderError>;

    /// How large one instance is now; `None` if there is none.
    ///
    /// ```
    /// use duroxide::history::InstanceId;
    /// use duroxide::provider::{ProviderAdmin, ProviderError};
    ///
    /// async fn is_large(admin: &dyn ProviderAdmin, id: &InstanceId) -> Result<bool, ProviderError> {
    ///     Ok(admin.stats(id).await?.is_some_and(|stats| stats.history_event_count > 10_000))
    /// }
    /// ```
    async fn stats(&self, instance: &InstanceId) -> Result<Option<SystemStats>, ProviderError>;
}

/// Which instances a list is about. What is given must all hold.
///
/// ```
/// use duroxide::provider::{InstanceQuery, StateQuery};
///
/// let mut running_orders = InstanceQuery::default();
/// running_orders.state = Some(StateQuery::Running);
/// running_orders.id_prefix = Some("order-".to_owned());
/// # assert!(running_orders.orchestration.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceQuery {
    /// The kind of state.
    pub state: Option<StateQuery>,
    /// The name of the orchestration.
    pub orchestration: Option<String>,
    /// What the id begins with.
    pub id_prefix: Option<String>,
    /// Ended before this time.
    pub ended_before: Option<Timestamp>,
    /// Whether sub-orchestrations are left out.
    pub roots_only: bool,
}

/// A kind of state to look for.
///
/// ```
/// use duroxide::provider::{InstanceQuery, ProviderAdmin, ProviderError, StateQuery};
///
/// /// The ids of up to 100 instances that ended badly.
/// async fn broken(admin: &dyn ProviderAdmin) -> Result<Vec<String>, ProviderError> {
///     let mut failed = InstanceQuery::default();
///     failed.state = Some(StateQuery::Failed);
///     let page = admin.list_instances(&failed, None, 100).await?;
///     Ok(page.iter().map(|status| status.instance.to_string()).collect())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateQuery {
    /// It has not ended.
    Running,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
}

impl InstanceQuery {
    /// Whether an instance is among those that are looked for.
    ///
    /// ```
    /// use duroxide::provider::{InstanceQuery, InstanceStatus};
    ///
    /// /// What a store does that has no index for it.
    /// fn filter(all: &[InstanceStatus], query: &InstanceQuery, max: usize) -> Vec<InstanceStatus> {
    ///     all.iter().filter(|status| query.matches(status)).take(max).cloned().collect()
    /// }
    /// ```
    pub fn matches(&self, status: &InstanceStatus) -> bool {
        let state = match (self.state, &status.state) {
            (None, _)
            | (Some(StateQuery::Running), InstanceState::Running)
            | (Some(StateQuery::Completed), InstanceState::Completed { .. })
            | (Some(StateQuery::Failed), InstanceState::Failed { .. }) => true,
            (Some(_), _) => false,
        };
        let name = self.orchestration.as_ref();
        let prefix = self.id_prefix.as_deref().unwrap_or_default();
        let ended = |limit: Timestamp| status.state.is_terminal() && status.updated_at < limit;
        state
            && name.is_none_or(|name| *name == status.orchestration)
            && status.instance.as_str().starts_with(prefix)
            && self.ended_before.is_none_or(ended)
            && !(self.roots_only && status.parent.is_some())
    }
}

/// One execution of an instance.
///
/// ```
/// use duroxide::history::InstanceId;
/// use duroxide::provider::{ExecutionState, ProviderAdmin, ProviderError};
///
/// /// How many executions of an instance handed over to a next one.
/// async fn rounds(admin: &dyn ProviderAdmin, id: &InstanceId) -> Result<usize, ProviderError> {
///     let kept = admin.executions(id).await?;
///     Ok(kept.iter().filter(|it| it.state == ExecutionState::ContinuedAsNew).count())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionSummary {
    /// Which one.
    pub execution_id: ExecutionId,
    /// How it stands.
    pub state: ExecutionState,
    /// When it began: the time of its first event. `None` before its first turn.
    pub started_at: Option<Timestamp>,
    /// When it ended: the time of its last event, if it did.
    pub ended_at: Option<Timestamp>,
    /// How many events it has.
    pub events: u64,
}

/// How an execution stands.
///
/// ```
/// use duroxide::provider::ExecutionState;
///
/// fn word(state: &ExecutionState) -> &'static str {
///     match state {
///         ExecutionState::Running => "runs",
///         ExecutionState::Completed { .. } => "ended well",
///         ExecutionState::Failed { .. } => "ended badly",
///         ExecutionState::ContinuedAsNew => "went on as new",
///     }
/// }
/// # assert_eq!(word(&ExecutionState::Running), "runs");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionState {
    /// It runs, or waits for its first turn.
    Running,
    /// It ended well, with this output.
    Completed {
        /// What it returned.
        output: String,
    },
    /// It ended badly.
    Failed {
        /// Why.
        details: ErrorDetails,
    },
    /// The next execution took over.
    ContinuedAsNew,
}

/// What a deletion took away.
///
/// ```
/// use duroxide::history::{InstanceId, Start};
/// use duroxide::provider::Provider;
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = RedbProvider::in_memory()?;
/// let order = InstanceId::new("order-42")?;
/// store.start(&order, Start::first("fulfil_order", "null", 7)).await?;
///
/// let admin = store.admin().ok_or("a store without management verbs")?;
/// assert!(admin.delete(&[order.clone()], false).await.is_err()); // it has not ended
/// assert_eq!(admin.delete(&[order], true).await?.instances, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Instances.
    pub instances: u64,
    /// Executions.
    pub executions: u64,
    /// Events.
    pub events: u64,
    /// Messages, activities and timers.
    pub queued: u64,
}

/// Sums over a store.
///
/// ```
/// use duroxide::provider::{ProviderAdmin, ProviderError};
///
/// /// How many of a hundred instances that ended did so badly.
/// async fn percent_failed(admin: &dyn ProviderAdmin) -> Result<u64, ProviderError> {
///     let totals = admin.totals().await?;
///     let ended = totals.completed + totals.failed;
///     Ok((totals.failed * 100).checked_div(ended).unwrap_or_default())
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All instances.
    pub instances: u64,
    /// All executions that are kept.
    pub executions: u64,
    /// Instances that have not ended.
    pub running: u64,
    /// Instances that ended well.
    pub completed: u64,
    /// Instances that ended badly.
    pub failed: u64,
    /// All events that are kept.
    pub events: u64,
}

/// How much waits in the queues of a store.
///
/// ```
/// use duroxide::QueueDepths;
///
/// fn line(depths: &QueueDepths) -> String {
///     let QueueDepths { orchestrator_queue, worker_queue, timer_queue } = depths;
///     format!("{orchestrator_queue} messages, {worker_queue} activities, {timer_queue} timers wait")
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepths {
    /// Messages in inboxes, those included that are put off or belong to a turn under way.
    pub orchestrator_queue: usize,
    /// Activities, those included that are put off or run.
    pub worker_queue: usize,
    /// Timers that are not due yet.
    pub timer_queue: usize,
}
