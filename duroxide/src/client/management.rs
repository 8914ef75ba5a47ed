//! Looking after a store: lists, infos, histories, sums.

use crate::client::{
    Client, ClientError, ExecutionInfo, InstanceInfo, InstancePhase, InstanceSearch, InstanceTree,
    PAGE, SystemMetrics, parse_id,
};
use crate::history::{Event, EventId, EventKind, ExecutionId, InstanceId};
use crate::provider::{InstanceStatus, ProviderAdmin, QueueDepths};

impl Client {
    /// The ids of all instances, in order. [`list_instances`](Self::list_instances) gives them in
    /// pages.
    ///
    /// An example stands at [`Client`].
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::Provider`].
    pub async fn list_all_instances(&self) -> Result<Vec<String>, ClientError> {
        self.all_ids(InstanceSearch::new()).await
    }

    /// The ids of all instances with that status, in order: `Running`, `Completed` or `Failed`, as in
    /// [`InstanceInfo::status`]; or a [phase](InstancePhase) that is no status, `Pending` or
    /// `Cancelled`. `ContinuedAsNew`, which only executions are, gives none.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn broken(client: &Client) -> Result<(), ClientError> {
    ///     for id in client.list_instances_by_status("Failed").await? {
    ///         let why = client.get_instance_info(&id).await?.output;
    ///         println!("{id}: {}", why.unwrap_or_default());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for another text; [`ClientError::ManagementNotAvailable`];
    /// [`ClientError::Provider`].
    pub async fn list_instances_by_status(&self, status: &str) -> Result<Vec<String>, ClientError> {
        use InstancePhase::{Cancelled, Completed, Failed, Pending, Running};
        let phases: &[InstancePhase] = match status {
            "Running" => &[Pending, Running],
            "Completed" => &[Completed],
            "Failed" => &[Failed, Cancelled],
            "Pending" => &[Pending],
            "Cancelled" => &[Cancelled],
            "ContinuedAsNew" => &[],
            other => {
                return Err(ClientError::InvalidInput {
                    message: format!(
                        "there is no status `{other}`; there are `Running`, `Completed`, `Failed`, \
                         `Pending` and `Cancelled`"
                    ),
                });
            }
        };
        let mut ids = Vec::new();
        for phase in phases {
            ids.extend(self.all_ids(InstanceSearch::new().phase(*phase)).await?);
        }
        ids.sort();
        // One that went from phase to phase in between was seen twice.
        ids.dedup();
        Ok(ids)
    }

    async fn all_ids(&self, search: InstanceSearch) -> Result<Vec<String>, ClientError> {
        let mut search = search.page_size(PAGE);
        let mut ids = Vec::new();
        loop {
            let page = self.list_instances(&search).await?;
            ids.extend(page.instances.into_iter().map(|info| info.instance_id));
            match page.next {
                Some(next) => search = search.after(next),
                None => return Ok(ids),
            }
        }
    }

    /// What is known about an instance without its history.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn line(client: &Client, id: &str) -> Result<String, ClientError> {
    ///     let info = client.get_instance_info(id).await?;
    ///     Ok(format!("{} {}: {}", info.orchestration_name, info.instance_id, info.phase))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InstanceNotFound`]; [`ClientError::ManagementNotAvailable`];
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn get_instance_info(&self, instance: &str) -> Result<InstanceInfo, ClientError> {
        self.admin()?;
        Ok(self.existing(&parse_id(instance)?).await?.into())
    }

    /// The instance with all its sub-orchestrations that still exist.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn how_many_children(client: &Client, id: &str) -> Result<usize, ClientError> {
    ///     let tree = client.get_instance_tree(id).await?;
    ///     Ok(tree.size() - 1)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_instance_info`](Self::get_instance_info).
    pub async fn get_instance_tree(&self, instance_id: &str) -> Result<InstanceTree, ClientError> {
        let admin = self.admin()?;
        let root = parse_id(instance_id)?;
        self.existing(&root).await?;
        let all = tree(admin, root.clone()).await?;
        Ok(InstanceTree {
            root_id: root.to_string(),
            all_ids: all.iter().map(ToString::to_string).collect(),
        })
    }

    /// One execution of an instance.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn line(client: &Client, id: &str) -> Result<String, ClientError> {
    ///     let first = client.get_execution_info(id, 1).await?;
    ///     Ok(format!("{}, after {} events", first.status, first.event_count))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_instance_info`](Self::get_instance_info); an execution that there is not, or not any
    /// more, is [`ClientError::InvalidInput`].
    pub async fn get_execution_info(
        &self,
        instance: &str,
        execution_id: u64,
    ) -> Result<ExecutionInfo, ClientError> {
        let admin = self.admin()?;
        let instance = parse_id(instance)?;
        let mut asked_for = self.existing(&instance).await?.created_at;
        for summary in admin.executions(&instance).await? {
            if summary.execution_id.0 == execution_id {
                return Ok(ExecutionInfo::new(summary, asked_for));
            }
            asked_for = summary.ended_at.unwrap_or(asked_for);
        }
        Err(ClientError::InvalidInput {
            message: format!(
                "the instance `{instance}` keeps no execution {execution_id}; `list_executions` \
                 tells which there are"
            ),
        })
    }

    /// The numbers of the executions of an instance that are still kept, in order. None if there is
    /// no such instance.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn generations(client: &Client, id: &str) -> Result<String, ClientError> {
    ///     let kept = client.list_executions(id).await?;
    ///     Ok(format!("{id} is in its generation {:?}, {} are kept", kept.last(), kept.len()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::InvalidInput`] for a bad id;
    /// [`ClientError::Provider`].
    pub async fn list_executions(&self, instance: &str) -> Result<Vec<u64>, ClientError> {
        let executions = self.admin()?.executions(&parse_id(instance)?).await?;
        Ok(executions.iter().map(|it| it.execution_id.0).collect())
    }

    /// The events of one execution, from the first to the last that is durable. None if there is no
    /// such instance or execution. Needs no management verbs.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError, EventKind};
    /// async fn calls(client: &Client, id: &str) -> Result<usize, ClientError> {
    ///     let history = client.read_execution_history(id, 1).await?;
    ///     let call = |kind: &EventKind| matches!(kind, EventKind::ActivityScheduled { .. });
    ///     Ok(history.iter().filter(|event| call(&event.kind)).count())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`], corrupt rows
    /// included.
    pub async fn read_execution_history(
        &self,
        instance: &str,
        execution_id: u64,
    ) -> Result<Vec<Event>, ClientError> {
        let instance = parse_id(instance)?;
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(EventId::NONE, |event| event.event_id);
            let page = self
                .store
                .read(&instance, ExecutionId(execution_id), after, PAGE)
                .await?;
            events.extend(page.events);
            if !page.more {
                return Ok(events);
            }
        }
    }

    /// Sums over the whole store.
    ///
    /// An example stands at [`SystemMetrics`].
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::Provider`].
    pub async fn get_system_metrics(&self) -> Result<SystemMetrics, ClientError> {
        Ok(self.admin()?.totals().await?.into())
    }

    /// How much waits in the queues now.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn is_behind(client: &Client) -> Result<bool, ClientError> {
    ///     Ok(client.get_queue_depths().await?.worker_queue > 10_000)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::Provider`].
    pub async fn get_queue_depths(&self) -> Result<QueueDepths, ClientError> {
        Ok(self.admin()?.queue_depths().await?)
    }

    /// What began the current execution; `None` before its first turn.
    pub(crate) async fn beginning(&self, instance: &str) -> Result<Option<EventKind>, ClientError> {
        let instance = parse_id(instance)?;
        let execution_id = self.existing(&instance).await?.execution_id;
        let read = self.store.read(&instance, execution_id, EventId::NONE, 1);
        let first = read.await?.events.into_iter().next();
        Ok(first.map(|event| event.kind))
    }

    /// Where an instance stands that has to be there.
    pub(super) async fn existing(
        &self,
        instance: &InstanceId,
    ) -> Result<InstanceStatus, ClientError> {
        let status = self.store.status(instance).await?;
        status.ok_or_else(|| ClientError::not_found(instance))
    }
}

/// The instance and all below it, each behind its parent.
pub(super) async fn tree(
    admin: &dyn ProviderAdmin,
    root: InstanceId,
) -> Result<Vec<InstanceId>, ClientError> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(parent) = all.get(next) {
        let children = admin.children(parent).await?;
        all.extend(children);
        next = next.saturating_add(1);
    }
    Ok(all)
}
