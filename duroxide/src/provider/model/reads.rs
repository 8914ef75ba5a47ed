//! Creating instances, sending them events, and looking at them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::history::{EventId, ExecutionId, InstanceId, KvEntry, Message, Parent, Start};
use crate::provider::{
    Enqueued, HistoryPage, InstanceState, InstanceStatus, ProviderError, StartOutcome, check_event,
    check_start,
};

use super::admin::check_readable;
use super::state::{Instance, Moment, State};

impl State {
    pub(super) fn start(
        &mut self,
        moment: &Moment<'_>,
        id: &InstanceId,
        start: Start,
    ) -> Result<StartOutcome, ProviderError> {
        check_start(&start).map_err(ProviderError::Refused)?;
        if let Some(there) = self.instances.get(id) {
            return Ok(StartOutcome::Exists {
                status: Box::new(there.status(id)),
                same_request: there.first_start.name == start.name
                    && there.first_start.input == start.input,
            });
        }
        self.create(moment, id, start);
        Ok(StartOutcome::Created)
    }

    /// The instance exists from now on, with its first message.
    pub(super) fn create(&mut self, moment: &Moment<'_>, id: &InstanceId, start: Start) {
        let created = Instance {
            first_start: start.clone(),
            created_at: moment.now,
            orchestration: start.name.clone(),
            version: start.version.clone(),
            semantics: None,
            execution_id: start.execution_id,
            state: InstanceState::Running,
            custom_status: None,
            custom_status_version: 0,
            kv: BTreeMap::new(),
            updated_at: moment.now,
            change: 1,
            last_turn_id: None,
            forgotten: 0,
            executions: BTreeMap::from([(start.execution_id, BTreeMap::new())]),
            inbox: BTreeMap::new(),
            sent: BTreeSet::new(),
            timers: BTreeSet::new(),
            lock: None,
        };
        self.instances.insert(id.clone(), created);
        self.deliver(id, Message::Start(start));
    }

    pub(super) fn enqueue(
        &mut self,
        id: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        check_event(&message).map_err(ProviderError::Refused)?;
        let instance = self.instances.get_mut(id);
        let instance = instance.ok_or(ProviderError::InstanceNotFound)?;
        if !instance.sent.insert(message_id) {
            return Ok(Enqueued::Duplicate);
        }
        self.deliver(id, message);
        Ok(Enqueued::Accepted)
    }

    pub(super) fn read(
        &self,
        id: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        let instance = self.instances.get(id);
        let Some(history) = instance.and_then(|found| found.executions.get(&execution_id)) else {
            return Ok(HistoryPage::default());
        };
        let mut behind = history.range((Bound::Excluded(after), Bound::Unbounded));
        let mut events = Vec::new();
        for (_, stored) in behind.by_ref().take(max) {
            check_readable(id, execution_id, stored)?;
            events.push(stored.event.clone());
        }
        let more = behind.next().is_some();
        Ok(HistoryPage { events, more })
    }

    pub(super) fn status(&self, id: &InstanceId) -> Option<InstanceStatus> {
        Some(self.instances.get(id)?.status(id))
    }

    pub(super) fn kv(&self, id: &InstanceId, key: &str) -> Option<KvEntry> {
        self.instances.get(id)?.kv.get(key).cloned()
    }

    pub(super) fn kv_entries(&self, id: &InstanceId) -> Vec<KvEntry> {
        let instance = self.instances.get(id);
        let entries = instance.into_iter().flat_map(|found| found.kv.values());
        entries.cloned().collect()
    }
}

impl Instance {
    pub(super) fn status(&self, id: &InstanceId) -> InstanceStatus {
        InstanceStatus {
            instance: id.clone(),
            orchestration: self.orchestration.clone(),
            version: self.version.clone(),
            execution_id: self.execution_id,
            state: self.state.clone(),
            pending: self.last_event_id() == EventId::NONE,
            parent: self.parent().map(|parent| parent.instance.clone()),
            custom_status: self.custom_status.clone(),
            custom_status_version: self.custom_status_version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            change: self.change,
        }
    }
    /// Who waits for its end.
    pub(super) fn parent(&self) -> Option<&Parent> {
        self.first_start.parent.as_ref()
    }
}
