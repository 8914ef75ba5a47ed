//! What is known about instances and executions, as plain data.

use std::fmt;

use crate::history::{AppErrorKind, ErrorDetails};
use crate::provider::{ExecutionState, ExecutionSummary, InstanceState, InstanceStatus, Totals};
use crate::time::Timestamp;

/// Where an instance stands, in one word.
///
/// ```
/// use duroxide::InstancePhase;
///
/// assert!(!InstancePhase::Pending.is_terminal());
/// assert!(InstancePhase::Cancelled.is_terminal());
/// assert_eq!(InstancePhase::Cancelled.to_string(), "Cancelled");
/// assert_eq!(InstancePhase::Cancelled.status_text(), "Failed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstancePhase {
    /// Its current execution waits for its first turn.
    Pending,
    /// It runs.
    Running,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
    /// It was cancelled or terminated.
    Cancelled,
}

impl InstancePhase {
    /// Whether the instance has ended.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Pending | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// `Running`, `Completed` or `Failed`: the three kinds of status of the dynamic layer, in which
    /// what is pending runs, and what was cancelled has failed.
    pub fn status_text(self) -> &'static str {
        match self {
            Self::Pending | Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed | Self::Cancelled => "Failed",
        }
    }

    pub(super) fn of(status: &InstanceStatus) -> Self {
        match &status.state {
            InstanceState::Running if status.pending => Self::Pending,
            InstanceState::Running => Self::Running,
            InstanceState::Completed { .. } => Self::Completed,
            InstanceState::Failed { details } if is_cancelled(details) => Self::Cancelled,
            InstanceState::Failed { .. } => Self::Failed,
        }
    }
}

impl fmt::Display for InstancePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        })
    }
}

/// What is known about an instance without its history. Times are milliseconds since the Unix
/// epoch, by the store's clock.
///
/// ```
/// use duroxide::InstanceInfo;
///
/// fn seconds(info: &InstanceInfo) -> u64 {
///     info.updated_at.saturating_sub(info.created_at) / 1_000
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceInfo {
    /// Its id.
    pub instance_id: String,
    /// What it runs.
    pub orchestration_name: String,
    /// The version that its current execution is pinned to; before its first turn what was asked
    /// for, or nothing.
    pub orchestration_version: String,
    /// Its current execution.
    pub current_execution_id: u64,
    /// Its [phase](InstancePhase::status_text) as `Running`, `Completed` or `Failed`.
    pub status: String,
    /// Where it stands.
    pub phase: InstancePhase,
    /// What it returned, or in one line what it failed with.
    pub output: Option<String>,
    /// When it was started.
    pub created_at: u64,
    /// When its state or its custom status last changed.
    pub updated_at: u64,
    /// The instance that waits for its end.
    pub parent_instance_id: Option<String>,
    /// The status that its code shows or showed last.
    pub custom_status: Option<String>,
}

impl From<InstanceStatus> for InstanceInfo {
    fn from(status: InstanceStatus) -> Self {
        let phase = InstancePhase::of(&status);
        Self {
            instance_id: status.instance.to_string(),
            orchestration_name: status.orchestration,
            orchestration_version: status.version.unwrap_or_default(),
            current_execution_id: status.execution_id.0,
            status: phase.status_text().to_owned(),
            phase,
            output: match status.state {
                InstanceState::Running => None,
                InstanceState::Completed { output } => Some(output),
                InstanceState::Failed { details } => Some(details.display_message()),
            },
            created_at: status.created_at.as_millis(),
            updated_at: status.updated_at.as_millis(),
            parent_instance_id: status.parent.map(|parent| parent.to_string()),
            custom_status: status.custom_status,
        }
    }
}

/// One execution of an instance. Times are milliseconds since the Unix epoch.
///
/// ```
/// # use duroxide::{Client, ClientError};
/// async fn show(client: &Client, id: &str) -> Result<(), ClientError> {
///     for execution in client.list_executions(id).await? {
///         let info = client.get_execution_info(id, execution).await?;
///         println!("{execution}: {}, {} events", info.status, info.event_count);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutionInfo {
    /// Its number.
    pub execution_id: u64,
    /// `Running`, `Completed`, `Failed` or `ContinuedAsNew`.
    pub status: String,
    /// What it returned, or in one line what it failed with.
    pub output: Option<String>,
    /// When it began; while it waits for its first turn, when it was asked for.
    pub started_at: u64,
    /// When it ended.
    pub completed_at: Option<u64>,
    /// How many events it has.
    pub event_count: usize,
}

impl ExecutionInfo {
    /// `asked_for`: when the instance was started, or the execution before it ended.
    pub(super) fn new(summary: ExecutionSummary, asked_for: Timestamp) -> Self {
        let (status, output) = match summary.state {
            ExecutionState::Running => ("Running", None),
            ExecutionState::Completed { output } => ("Completed", Some(output)),
            ExecutionState::Failed { details } => ("Failed", Some(details.display_message())),
            ExecutionState::ContinuedAsNew => ("ContinuedAsNew", None),
        };
        Self {
            execution_id: summary.execution_id.0,
            status: status.to_owned(),
            output,
            started_at: summary.started_at.unwrap_or(asked_for).as_millis(),
            completed_at: summary.ended_at.map(Timestamp::as_millis),
            event_count: usize::try_from(summary.events).unwrap_or(usize::MAX),
        }
    }
}

/// An instance with all its sub-orchestrations.
///
/// ```
/// use duroxide::InstanceTree;
///
/// let tree = InstanceTree {
///     root_id: "order-42".to_owned(),
///     all_ids: vec!["order-42".to_owned(), "invoice-42".to_owned()],
/// };
/// assert!(!tree.is_root_only());
/// assert_eq!(tree.size(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceTree {
    /// The instance that was asked for.
    pub root_id: String,
    /// It, its children, their children ..: each behind its parent.
    pub all_ids: Vec<String>,
}

impl InstanceTree {
    /// Whether it has no sub-orchestrations.
    pub fn is_root_only(&self) -> bool {
        self.all_ids.len() <= 1
    }

    /// How many instances it has, the root included.
    pub fn size(&self) -> usize {
        self.all_ids.len()
    }
}

/// Sums over a store.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::Client;
/// use duroxide::storage::redb::RedbProvider;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let client = Client::new(Arc::new(RedbProvider::in_memory()?));
/// client.start_orchestration("report-7", "monthly_report", "null").await?;
/// let sums = client.get_system_metrics().await?;
/// assert_eq!((sums.total_instances, sums.running_instances), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemMetrics {
    /// All instances.
    pub total_instances: u64,
    /// All executions that are kept.
    pub total_executions: u64,
    /// Instances that have not ended.
    pub running_instances: u64,
    /// Instances that ended well.
    pub completed_instances: u64,
    /// Instances that ended badly.
    pub failed_instances: u64,
    /// All events that are kept.
    pub total_events: u64,
}

impl From<Totals> for SystemMetrics {
    fn from(totals: Totals) -> Self {
        Self {
            total_instances: totals.instances,
            total_executions: totals.executions,
            running_instances: totals.running,
            completed_instances: totals.completed,
            failed_instances: totals.failed,
            total_events: totals.events,
        }
    }
}

fn is_cancelled(details: &ErrorDetails) -> bool {
    matches!(
        details,
        ErrorDetails::Application {
            kind: AppErrorKind::Cancelled { .. },
            ..
        }
    )
}
