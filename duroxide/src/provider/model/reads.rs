//! Creating instances, sending them events, and looking at them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::history::{EventId, ExecutionId, InstanceId, Message, Start};
use crate::provider::{
    Enqueued, HistoryPage, InstanceState, InstanceStatus, ProviderError, StartOutcome, check_event,
};

use super::state::{Instance, Moment, State};

impl State {
    pub(super) fn start(
        &mut self,
        moment: &Moment<'_>,
        id: &InstanceId,
        start: Start,
    ) -> Result<StartOutcome, ProviderError> {
        if start.execution_id != ExecutionId::FIRST {
            let why = format!(
                "an instance does not start with execution {}",
                start.execution_id
            );
            return Err(ProviderError::Refused(why));
        }
        if let Some(there) = self.instances.get(id) {
            return Ok(StartOutcome::Exists {
                status: Box::new(there.status(id)),
                same_request: there.first_start.name == start.name
                    && there.first_start.input == start.input,
            });
        }
        let created = Instance {
            first_start: start.clone(),
            created_at: moment.now,
            orchestration: start.name.clone(),
            version: start.version.clone(),
            execution_id: start.execution_id,
            state: InstanceState::Running,
            change: 1,
            last_turn_id: None,
            executions: BTreeMap::from([(start.execution_id, BTreeMap::new())]),
            inbox: BTreeMap::new(),
            sent: BTreeSet::new(),
            timers: BTreeSet::new(),
            lock: None,
        };
        self.instances.insert(id.clone(), created);
        self.deliver(id, Message::Start(start));
        Ok(StartOutcome::Created)
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
        for (&event_id, stored) in behind.by_ref().take(max) {
            if stored.corrupt {
                return Err(ProviderError::Corrupt {
                    instance: id.clone(),
                    execution_id,
                    event_id,
                    problem: "damaged on purpose".to_owned(),
                });
            }
            events.push(stored.event.clone());
        }
        let more = behind.next().is_some();
        Ok(HistoryPage { events, more })
    }

    pub(super) fn status(&self, id: &InstanceId) -> Option<InstanceStatus> {
        Some(self.instances.get(id)?.status(id))
    }

    pub(super) fn list(&self, after: Option<&InstanceId>, max: usize) -> Vec<InstanceStatus> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = self.instances.range((behind, Bound::Unbounded)).take(max);
        listed.map(|(id, instance)| instance.status(id)).collect()
    }
}

impl Instance {
    fn status(&self, id: &InstanceId) -> InstanceStatus {
        InstanceStatus {
            instance: id.clone(),
            orchestration: self.orchestration.clone(),
            version: self.version.clone(),
            execution_id: self.execution_id,
            state: self.state.clone(),
            pending: self.last_event_id() == EventId::NONE,
            parent: None,
            custom_status: None,
            custom_status_version: 0,
            created_at: self.created_at,
            updated_at: self.created_at,
            change: self.change,
        }
    }
}
