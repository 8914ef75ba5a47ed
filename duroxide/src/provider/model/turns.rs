//! Locking instances, and giving the locks back.

use std::time::Duration;

use crate::history::{EventId, InstanceId, Message};
use crate::provider::{InboxMessage, MessageId, ProviderError, TurnFetch, TurnItem, TurnLock};

use super::Look;
use super::state::{HeldTurn, Instance, Lease, Moment, State};

impl State {
    pub(super) fn fetch_turns(
        &mut self,
        moment: &Moment<'_>,
        fetch: &TurnFetch,
    ) -> Look<Vec<TurnItem>> {
        let mut ready: Vec<(MessageId, InstanceId)> = Vec::new();
        for (id, instance) in &self.instances {
            if instance.is_free(moment)
                && instance.is_replayed_by(fetch)
                && let Some(oldest) = instance.visible(moment).into_iter().min()
            {
                ready.push((oldest, id.clone()));
            }
        }
        // Whoever waits longest goes first: no instance starves.
        ready.sort();
        let mut items = Vec::new();
        for (_, id) in ready.into_iter().take(fetch.max) {
            let lease = self.grant(moment, fetch.lock_timeout);
            if let Some(instance) = self.instances.get_mut(&id) {
                items.push(instance.hand_out(id, lease, moment));
            }
        }
        if items.is_empty() {
            Look::NothingFor(self.next_turn_due(moment))
        } else {
            Look::Found(items)
        }
    }

    /// How long until a timer, the end of a delay or that of a lease may make an instance ready.
    fn next_turn_due(&self, moment: &Moment<'_>) -> Option<Duration> {
        let instances = self.instances.values();
        let timers = instances
            .clone()
            .filter_map(|instance| instance.timers.first());
        let timers = timers.map(|(fire_at, ..)| fire_at.since(moment.now));
        let leases = instances
            .clone()
            .filter_map(|found| Some(found.lock.as_ref()?.lease.until));
        let delays = instances.flat_map(|instance| instance.inbox.values());
        let delays = delays.map(|message| message.visible_from);
        let moments = leases.chain(delays).filter(|&at| at > moment.elapsed);
        timers
            .chain(moments.map(|at| at.saturating_sub(moment.elapsed)))
            .min()
    }

    pub(super) fn abandon_turn(
        &mut self,
        moment: &Moment<'_>,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        let instance = self.locked(lock)?;
        let held = instance.lock.take().ok_or(ProviderError::LockLost)?;
        for (id, message) in &mut instance.inbox {
            if held.messages.contains(id) {
                message.visible_from = moment.after(delay);
                message.attempt = message.attempt.saturating_sub(u32::from(forget_attempt));
            }
        }
        Ok(())
    }

    pub(super) fn renew_turn(
        &mut self,
        moment: &Moment<'_>,
        lock: &TurnLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        let held = self.locked(lock)?.lock.as_mut();
        let held = held.filter(|held| held.lease.is_live(moment));
        let held = held.ok_or(ProviderError::LockLost)?;
        held.lease.extend(moment.after(lock_timeout));
        Ok(())
    }

    /// The instance, if `lock` is the last one granted for it and was not given back.
    pub(super) fn locked(&mut self, lock: &TurnLock) -> Result<&mut Instance, ProviderError> {
        let instance = self.instances.get_mut(&lock.instance);
        let instance = instance.filter(|instance| {
            let held = instance.lock.as_ref();
            held.is_some_and(|held| held.lease.is(lock.epoch, lock.token))
        });
        instance.ok_or(ProviderError::LockLost)
    }
}

impl Instance {
    fn is_free(&self, moment: &Moment<'_>) -> bool {
        let held = self.lock.as_ref();
        held.is_none_or(|held| !held.lease.is_live(moment))
    }

    /// Whether the worker can go on with the current execution, or may begin it.
    fn is_replayed_by(&self, fetch: &TurnFetch) -> bool {
        match self.semantics {
            Some(pinned) => fetch.semantics.contains(&pinned),
            None => !fetch.semantics.is_empty(),
        }
    }

    /// What may be handed out, in the order in which it is: a start first, and no event before a
    /// message that has to wait.
    fn visible(&self, moment: &Moment<'_>) -> Vec<MessageId> {
        let mut inbox: Vec<_> = self.inbox.iter().collect();
        inbox.sort_by_key(|&(&id, _)| !self.is_start(id));
        let mut visible = Vec::new();
        let mut somebody_waits = false;
        for (&id, stored) in inbox {
            if stored.visible_from > moment.elapsed {
                somebody_waits = true;
            } else if !(somebody_waits && stored.message.is_event()) {
                visible.push(id);
            }
        }
        visible
    }

    /// Locks the instance and hands out all that is visible, a start first.
    fn hand_out(&mut self, id: InstanceId, lease: Lease, moment: &Moment<'_>) -> TurnItem {
        let mut messages = Vec::new();
        for id in self.visible(moment) {
            if let Some(stored) = self.inbox.get_mut(&id) {
                stored.attempt = stored.attempt.saturating_add(1);
                messages.push(InboxMessage {
                    id,
                    attempt: stored.attempt,
                    message: if stored.corrupt {
                        Err("damaged on purpose".to_owned())
                    } else {
                        Ok(stored.message.clone())
                    },
                });
            }
        }
        self.lock = Some(HeldTurn {
            lease,
            messages: messages.iter().map(|message| message.id).collect(),
        });
        TurnItem {
            lock: TurnLock {
                instance: id,
                epoch: lease.epoch,
                token: lease.token,
            },
            execution_id: self.execution_id,
            last_event_id: self.last_event_id(),
            last_turn_id: self.last_turn_id.unwrap_or(0),
            orchestration: self.orchestration.clone(),
            version: self.version.clone(),
            parent: self.parent().cloned(),
            ended: self.state.is_terminal(),
            messages,
        }
    }

    fn is_start(&self, id: MessageId) -> bool {
        let stored = self.inbox.get(&id);
        stored.is_some_and(|stored| matches!(stored.message, Message::Start(_)))
    }

    /// The last event of the current execution.
    pub(super) fn last_event_id(&self) -> EventId {
        let history = self.executions.get(&self.execution_id);
        let last = history.and_then(|history| history.last_key_value());
        last.map_or(EventId::NONE, |(&id, _)| id)
    }
}
