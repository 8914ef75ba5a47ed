//! Lists of instances: what is looked for, page by page.

use std::time::SystemTime;

use crate::client::{Client, ClientError, InstanceInfo, InstancePhase, PAGE, parse_id};
use crate::provider::{InstanceQuery, StateQuery};

/// Which instances a list is about. What is given must all hold.
///
/// ```
/// use duroxide::{Client, ClientError, InstancePhase, InstanceSearch};
///
/// async fn unpaid(client: &Client) -> Result<Vec<String>, ClientError> {
///     let mut ids = Vec::new();
///     let mut search = InstanceSearch::new()
///         .orchestration("payment")
///         .phase(InstancePhase::Failed)
///         .page_size(100);
///     loop {
///         let page = client.list_instances(&search).await?;
///         ids.extend(page.instances.into_iter().map(|info| info.instance_id));
///         match page.next {
///             Some(next) => search = search.after(next),
///             None => return Ok(ids),
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSearch {
    query: InstanceQuery,
    phase: Option<InstancePhase>,
    after: Option<String>,
    page_size: usize,
}

/// Some of the instances that were looked for.
///
/// ```
/// use duroxide::{Client, ClientError, InstanceSearch};
///
/// async fn is_empty(client: &Client) -> Result<bool, ClientError> {
///     let page = client.list_instances(&InstanceSearch::new().page_size(1)).await?;
///     Ok(page.instances.is_empty())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstancePage {
    /// In the order of their ids.
    pub instances: Vec<InstanceInfo>,
    /// What [`InstanceSearch::after`] takes for the next page; `None`: this is the last one.
    pub next: Option<String>,
}

impl InstanceSearch {
    /// All instances, in pages of 100.
    ///
    /// Examples of this and of the methods below stand at [`InstanceSearch`] and [`roots_only`](Self::roots_only).
    pub fn new() -> Self {
        Self {
            query: InstanceQuery::default(),
            phase: None,
            after: None,
            page_size: 100,
        }
    }

    /// Those in this phase.
    #[must_use]
    pub fn phase(mut self, phase: InstancePhase) -> Self {
        self.phase = Some(phase);
        self.query.state = Some(match phase {
            InstancePhase::Pending | InstancePhase::Running => StateQuery::Running,
            InstancePhase::Completed => StateQuery::Completed,
            InstancePhase::Failed | InstancePhase::Cancelled => StateQuery::Failed,
        });
        self
    }

    /// Those that run this orchestration.
    #[must_use]
    pub fn orchestration(mut self, name: impl Into<String>) -> Self {
        self.query.orchestration = Some(name.into());
        self
    }

    /// Those whose id begins like this.
    #[must_use]
    pub fn id_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.query.id_prefix = Some(prefix.into());
        self
    }

    /// Those that ended before this time, by the store's clock.
    #[must_use]
    pub fn ended_before(mut self, time: SystemTime) -> Self {
        self.query.ended_before = Some(time.into());
        self
    }

    /// Those that are no sub-orchestrations.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use duroxide::InstanceSearch;
    ///
    /// /// Orders that are over, without what they started.
    /// fn old_orders(before: SystemTime) -> InstanceSearch {
    ///     InstanceSearch::new().id_prefix("order-").ended_before(before).roots_only()
    /// }
    /// # assert_ne!(old_orders(SystemTime::UNIX_EPOCH), InstanceSearch::new());
    /// ```
    #[must_use]
    pub fn roots_only(mut self) -> Self {
        self.query.roots_only = true;
        self
    }

    /// Those behind this id: where the page before ended.
    #[must_use]
    pub fn after(mut self, id: impl Into<String>) -> Self {
        self.after = Some(id.into());
        self
    }

    /// How many a page has at the most. Default: 100; at least 1, at most 1,000.
    #[must_use]
    pub fn page_size(mut self, size: usize) -> Self {
        self.page_size = size.clamp(1, PAGE);
        self
    }
}

impl Default for InstanceSearch {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// One page of the instances that are looked for, in the order of their ids.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError, InstanceSearch};
    /// async fn all_orders(client: &Client) -> Result<(), ClientError> {
    ///     let mut search = InstanceSearch::new().id_prefix("order-");
    ///     loop {
    ///         let page = client.list_instances(&search).await?;
    ///         for info in page.instances {
    ///             println!("{}: {}", info.instance_id, info.phase);
    ///         }
    ///         match page.next {
    ///             Some(last) => search = search.after(last),
    ///             None => return Ok(()),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::InvalidInput`] for a bad id;
    /// [`ClientError::Provider`].
    pub async fn list_instances(
        &self,
        search: &InstanceSearch,
    ) -> Result<InstancePage, ClientError> {
        let admin = self.admin()?;
        let size = search.page_size;
        let mut after = search.after.as_deref().map(parse_id).transpose()?;
        let mut found = Vec::new();
        loop {
            let page = admin
                .list_instances(&search.query, after.as_ref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                let instances = found;
                return Ok(InstancePage {
                    instances,
                    next: None,
                });
            };
            after = Some(last.instance.clone());
            for status in page {
                let is_phase = |phase| phase == InstancePhase::of(&status);
                if !search.phase.is_none_or(is_phase) {
                    continue;
                }
                if found.len() == size {
                    // There is one more than fits: it begins the next page.
                    let next = found
                        .last()
                        .map(|info: &InstanceInfo| info.instance_id.clone());
                    let instances = found;
                    return Ok(InstancePage { instances, next });
                }
                found.push(status.into());
            }
        }
    }
}
