//! Deleting instances, and forgetting executions that are over.

use crate::client::management::tree;
use crate::client::{Client, ClientError, PAGE, parse_id};
use crate::history::InstanceId;
use crate::provider::{Deleted, InstanceQuery, InstanceStatus, ProviderAdmin, ProviderError};
use crate::time::Timestamp;

/// How often a tree that grows meanwhile is looked at anew.
const LOOKS: usize = 5;
/// How many instances a bulk call concerns if it does not say.
const BULK_LIMIT: usize = 1_000;

/// Which instances a bulk call concerns. What is given must all hold.
///
/// ```
/// use duroxide::{Client, ClientError, InstanceFilter};
///
/// async fn forget(client: &Client, ended_before_ms: u64) -> Result<u64, ClientError> {
///     let filter = InstanceFilter {
///         completed_before: Some(ended_before_ms),
///         ..InstanceFilter::default()
///     };
///     Ok(client.delete_instance_bulk(filter).await?.instances_deleted)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceFilter {
    /// These ones. Those that do not exist are passed over.
    pub instance_ids: Option<Vec<String>>,
    /// Those that ended before this time, in milliseconds since the Unix epoch.
    pub completed_before: Option<u64>,
    /// So many at the most. Default: 1,000.
    pub limit: Option<u32>,
}

/// Which executions are forgotten. What is given must all hold; the current one is always kept.
///
/// ```
/// use duroxide::{Client, ClientError, PruneOptions};
///
/// async fn shorten(client: &Client) -> Result<u64, ClientError> {
///     let options = PruneOptions { keep_last: Some(2), ..PruneOptions::default() };
///     Ok(client.prune_executions("thermostat-7", options).await?.executions_deleted)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneOptions {
    /// Those that are not among the newest so many, the current one included: 0 and 1 mean the same.
    pub keep_last: Option<u32>,
    /// Those that ended before this time, in milliseconds since the Unix epoch.
    pub completed_before: Option<u64>,
}

/// What a deletion took away.
///
/// ```
/// # use duroxide::{Client, ClientError};
/// async fn forget(client: &Client, id: &str) -> Result<String, ClientError> {
///     let deleted = client.delete_instance(id, true).await?;
///     let (instances, events) = (deleted.instances_deleted, deleted.events_deleted);
///     Ok(format!("{instances} instances with {events} events are gone"))
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteInstanceResult {
    /// Instances, sub-orchestrations included.
    pub instances_deleted: u64,
    /// Executions.
    pub executions_deleted: u64,
    /// Events.
    pub events_deleted: u64,
    /// Messages, activities and timers.
    pub queue_messages_deleted: u64,
}

/// What was forgotten.
///
/// ```
/// # use duroxide::{Client, ClientError, PruneOptions};
/// async fn shorten(client: &Client, id: &str) -> Result<String, ClientError> {
///     let options = PruneOptions { keep_last: Some(1), ..PruneOptions::default() };
///     let gone = client.prune_executions(id, options).await?;
///     Ok(format!("{} executions with {} events", gone.executions_deleted, gone.events_deleted))
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneResult {
    /// Instances that were looked at.
    pub instances_processed: u64,
    /// Executions that are gone.
    pub executions_deleted: u64,
    /// Events that are gone.
    pub events_deleted: u64,
}

impl Client {
    /// Deletes an instance with all its sub-orchestrations: histories, messages, values, status. All
    /// of it, or nothing. With `force` also if they run: what is under way for them is lost. Their ids
    /// can be used anew.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn forget(client: &Client, id: &str) -> Result<u64, ClientError> {
    ///     match client.delete_instance(id, false).await {
    ///         Ok(deleted) => Ok(deleted.instances_deleted), // with its sub-orchestrations
    ///         Err(ClientError::InstanceStillRunning { .. }) => Ok(0),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InstanceStillRunning`], which one between two executions is too;
    /// [`ClientError::CannotDeleteSubOrchestration`]; [`ClientError::InstanceNotFound`];
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::InvalidInput`] for a bad id;
    /// [`ClientError::Provider`].
    pub async fn delete_instance(
        &self,
        instance_id: &str,
        force: bool,
    ) -> Result<DeleteInstanceResult, ClientError> {
        let admin = self.admin()?;
        let root = parse_id(instance_id)?;
        if self.existing(&root).await?.parent.is_some() {
            let instance_id = root.to_string();
            return Err(ClientError::CannotDeleteSubOrchestration { instance_id });
        }
        self.delete_tree(admin, &root, force).await
    }

    /// Deletes those instances that the filter lets through and that have ended, with their
    /// sub-orchestrations. What runs, or has something below it that runs, is passed over, and so are
    /// sub-orchestrations.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError, InstanceFilter};
    /// async fn these(client: &Client, ids: Vec<String>) -> Result<u64, ClientError> {
    ///     let filter = InstanceFilter { instance_ids: Some(ids), ..InstanceFilter::default() };
    ///     Ok(client.delete_instance_bulk(filter).await?.instances_deleted)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::InvalidInput`] for a bad id;
    /// [`ClientError::Provider`]: what was deleted before stays deleted.
    pub async fn delete_instance_bulk(
        &self,
        filter: InstanceFilter,
    ) -> Result<DeleteInstanceResult, ClientError> {
        let admin = self.admin()?;
        let is_meant =
            |status: &InstanceStatus| status.parent.is_none() && status.state.is_terminal();
        let mut result = DeleteInstanceResult::default();
        for root in self.chosen(admin, &filter, is_meant).await? {
            match self.delete_tree(admin, &root, false).await {
                Ok(deleted) => result.add(deleted),
                Err(ClientError::InstanceStillRunning { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(result)
    }

    /// Forgets executions of one instance that are older than its current one. Values, status and
    /// queue messages are kept.
    ///
    /// An example stands at [`PruneOptions`].
    ///
    /// # Errors
    ///
    /// [`ClientError::InstanceNotFound`]; [`ClientError::ManagementNotAvailable`];
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn prune_executions(
        &self,
        instance_id: &str,
        options: PruneOptions,
    ) -> Result<PruneResult, ClientError> {
        let admin = self.admin()?;
        let instance = parse_id(instance_id)?;
        self.existing(&instance).await?;
        let mut result = PruneResult::default();
        result.add(prune(admin, &instance, &options).await?);
        Ok(result)
    }

    /// The same for all instances that the filter lets through, those that run included.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError, InstanceFilter, PruneOptions};
    /// async fn every_night(client: &Client) -> Result<u64, ClientError> {
    ///     let options = PruneOptions { keep_last: Some(10), ..PruneOptions::default() };
    ///     let pruned = client.prune_executions_bulk(InstanceFilter::default(), options).await?;
    ///     Ok(pruned.executions_deleted)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::InvalidInput`] for a bad id;
    /// [`ClientError::Provider`]: what was forgotten before stays forgotten.
    pub async fn prune_executions_bulk(
        &self,
        filter: InstanceFilter,
        options: PruneOptions,
    ) -> Result<PruneResult, ClientError> {
        let admin = self.admin()?;
        let mut result = PruneResult::default();
        for instance in self.chosen(admin, &filter, |_| true).await? {
            result.add(prune(admin, &instance, &options).await?);
        }
        Ok(result)
    }

    async fn delete_tree(
        &self,
        admin: &dyn ProviderAdmin,
        root: &InstanceId,
        force: bool,
    ) -> Result<DeleteInstanceResult, ClientError> {
        let mut looks = 0_usize;
        loop {
            let all = tree(admin, root.clone()).await?;
            if !force {
                self.check_ended(&all).await?;
            }
            looks = looks.saturating_add(1);
            match admin.delete(&all, force).await {
                Ok(deleted) => return Ok(deleted.into()),
                // A child came, or the id was taken anew, since the look.
                Err(ProviderError::Refused(_)) if looks < LOOKS => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn check_ended(&self, all: &[InstanceId]) -> Result<(), ClientError> {
        for instance in all {
            let status = self.store.status(instance).await?;
            if status.is_some_and(|status| !status.state.is_terminal()) {
                let instance_id = instance.to_string();
                return Err(ClientError::InstanceStillRunning { instance_id });
            }
        }
        Ok(())
    }

    /// The instances that a bulk call concerns.
    async fn chosen(
        &self,
        admin: &dyn ProviderAdmin,
        filter: &InstanceFilter,
        is_meant: impl Fn(&InstanceStatus) -> bool + Send,
    ) -> Result<Vec<InstanceId>, ClientError> {
        let limit = filter.limit.map_or(Ok(BULK_LIMIT), usize::try_from);
        let limit = limit.unwrap_or(usize::MAX);
        let query = InstanceQuery {
            ended_before: filter.completed_before.map(Timestamp::from_millis),
            ..InstanceQuery::default()
        };
        let mut chosen = Vec::new();
        if let Some(ids) = &filter.instance_ids {
            for id in ids {
                let status = self.store.status(&parse_id(id)?).await?;
                let meant = status.filter(|status| query.matches(status) && is_meant(status));
                chosen.extend(meant.map(|status| status.instance));
            }
            chosen.sort();
            chosen.dedup();
            chosen.truncate(limit);
            return Ok(chosen);
        }
        let mut after = None;
        while chosen.len() < limit {
            let page = admin.list_instances(&query, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.instance.clone());
            let meant = page.into_iter().filter(|status| is_meant(status));
            chosen.extend(meant.map(|status| status.instance));
        }
        chosen.truncate(limit);
        Ok(chosen)
    }
}

async fn prune(
    admin: &dyn ProviderAdmin,
    instance: &InstanceId,
    options: &PruneOptions,
) -> Result<Deleted, ClientError> {
    let ended_before = options.completed_before.map(Timestamp::from_millis);
    Ok(admin
        .prune(instance, options.keep_last, ended_before)
        .await?)
}

impl From<Deleted> for DeleteInstanceResult {
    fn from(deleted: Deleted) -> Self {
        Self {
            instances_deleted: deleted.instances,
            executions_deleted: deleted.executions,
            events_deleted: deleted.events,
            queue_messages_deleted: deleted.queued,
        }
    }
}

impl DeleteInstanceResult {
    fn add(&mut self, other: Self) {
        self.instances_deleted = self
            .instances_deleted
            .saturating_add(other.instances_deleted);
        self.executions_deleted = self
            .executions_deleted
            .saturating_add(other.executions_deleted);
        self.events_deleted = self.events_deleted.saturating_add(other.events_deleted);
        self.queue_messages_deleted = self
            .queue_messages_deleted
            .saturating_add(other.queue_messages_deleted);
    }
}

impl PruneResult {
    fn add(&mut self, deleted: Deleted) {
        self.instances_processed = self.instances_processed.saturating_add(1);
        self.executions_deleted = self.executions_deleted.saturating_add(deleted.executions);
        self.events_deleted = self.events_deleted.saturating_add(deleted.events);
    }
}
