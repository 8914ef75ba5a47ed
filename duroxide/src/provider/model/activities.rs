//! The queue of activities.

use std::time::Duration;

use crate::history::{ErrorDetails, Message};
use crate::provider::{ActivityFetch, ActivityItem, ActivityLock, ActivityRequest, ProviderError};

use super::Look;
use super::state::{Moment, QueuedActivity, State};

impl State {
    pub(super) fn fetch_activities(
        &mut self,
        moment: &Moment<'_>,
        fetch: &ActivityFetch,
    ) -> Look<Vec<ActivityItem>> {
        let mut items = Vec::new();
        let queue: Vec<u64> = self.activities.keys().copied().collect();
        for id in queue {
            if items.len() < fetch.max && self.is_for(id, moment, fetch) {
                items.extend(self.hand_out_activity(id, moment, fetch));
            }
        }
        if items.is_empty() {
            Look::NothingFor(self.next_activity_due(moment))
        } else {
            Look::Found(items)
        }
    }

    /// Whether the activity is available, and for this worker.
    fn is_for(&self, id: u64, moment: &Moment<'_>, fetch: &ActivityFetch) -> bool {
        let queued = self.activities.get(&id);
        queued.is_some_and(|queued| {
            queued.is_ready(moment)
                && fetch.tags.matches(queued.tag.as_deref())
                && self.lets_through(id, queued, moment, fetch)
        })
    }

    fn hand_out_activity(
        &mut self,
        id: u64,
        moment: &Moment<'_>,
        fetch: &ActivityFetch,
    ) -> Option<ActivityItem> {
        let lease = self.grant(moment, fetch.lock_timeout);
        let queued = self.activities.get(&id)?;
        let request = self.request(queued);
        let session = queued.session_id.clone();
        let owner = session.and_then(|session| self.claim(session, moment, fetch));
        let queued = self.activities.get_mut(&id)?;
        queued.attempt = queued.attempt.saturating_add(1);
        queued.lock = Some(lease);
        queued.owner = owner;
        Some(ActivityItem {
            lock: ActivityLock {
                activity: id,
                epoch: lease.epoch,
                token: lease.token,
            },
            instance: queued.instance.clone(),
            execution_id: queued.execution_id,
            source: queued.source,
            orchestration: queued.orchestration.clone(),
            version: queued.version.clone(),
            attempt: queued.attempt,
            request,
        })
    }

    /// What the event that scheduled the activity says.
    fn request(&self, queued: &QueuedActivity) -> Result<ActivityRequest, String> {
        let instance = self.instances.get(&queued.instance);
        let history = instance.and_then(|found| found.executions.get(&queued.execution_id));
        let stored = history.and_then(|history| history.get(&queued.source));
        if stored.is_some_and(|stored| stored.corrupt) {
            return Err("damaged on purpose".to_owned());
        }
        stored
            .and_then(|stored| ActivityRequest::of(&stored.event.kind))
            .ok_or_else(|| format!("event {} schedules no activity", queued.source))
    }

    fn next_activity_due(&self, moment: &Moment<'_>) -> Option<Duration> {
        let queued = self.activities.values();
        let leases = queued.clone().filter_map(|queued| Some(queued.lock?.until));
        let claims = self.sessions.values().map(|claim| claim.until);
        let delays = queued.map(|queued| queued.visible_from);
        let moments = leases.chain(delays).chain(claims);
        let moments = moments.filter(|&at| at > moment.elapsed);
        moments.map(|at| at.saturating_sub(moment.elapsed)).min()
    }

    pub(super) fn complete_activity(
        &mut self,
        moment: &Moment<'_>,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        self.locked_activity(lock)?;
        let done = self.activities.remove(&lock.activity);
        let done = done.ok_or(ProviderError::LockLost)?;
        self.use_session(done.session_id.as_ref(), done.owner.as_ref(), moment);
        let QueuedActivity {
            instance,
            execution_id,
            source,
            ..
        } = done;
        let completion = match result {
            Ok(result) => Message::ActivityCompleted {
                execution_id,
                source,
                result,
            },
            Err(details) => Message::ActivityFailed {
                execution_id,
                source,
                details,
            },
        };
        self.deliver(&instance, completion);
        Ok(())
    }

    pub(super) fn abandon_activity(
        &mut self,
        moment: &Moment<'_>,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        let queued = self.locked_activity(lock)?;
        queued.lock = None;
        queued.visible_from = moment.after(delay);
        queued.attempt = queued.attempt.saturating_sub(u32::from(forget_attempt));
        Ok(())
    }

    pub(super) fn renew_activity(
        &mut self,
        moment: &Moment<'_>,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        let queued = self.locked_activity(lock)?;
        let lease = queued.lock.as_mut().filter(|lease| lease.is_live(moment));
        let lease = lease.ok_or(ProviderError::LockLost)?;
        lease.extend(moment.after(lock_timeout));
        let (session, owner) = (queued.session_id.clone(), queued.owner.clone());
        self.use_session(session.as_ref(), owner.as_ref(), moment);
        Ok(())
    }

    /// The activity, if `lock` is the last one granted for it and was not given back.
    fn locked_activity(
        &mut self,
        lock: &ActivityLock,
    ) -> Result<&mut QueuedActivity, ProviderError> {
        let queued = self.activities.get_mut(&lock.activity);
        let queued = queued.filter(|queued| {
            let lease = queued.lock.as_ref();
            lease.is_some_and(|lease| lease.is(lock.epoch, lock.token))
        });
        queued.ok_or(ProviderError::LockLost)
    }
}

impl QueuedActivity {
    pub(super) fn is_ready(&self, moment: &Moment<'_>) -> bool {
        self.visible_from <= moment.elapsed && self.lock.is_none_or(|lease| !lease.is_live(moment))
    }
}
