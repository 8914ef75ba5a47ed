//! What the store consists of, and the steps that several verbs share.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::env::Env;
use crate::history::{Event, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::{InstanceState, MessageId};
use crate::time::Timestamp;

/// When a transaction takes place, on the store's own clocks.
pub(super) struct Moment<'e> {
    env: &'e dyn Env,
    /// Decides about timers, which outlive the process.
    pub(super) now: Timestamp,
    /// Decides about leases and delays, which do not.
    pub(super) elapsed: Duration,
}

impl<'e> Moment<'e> {
    pub(super) fn of(env: &'e dyn Env) -> Self {
        Self {
            env,
            now: env.now(),
            elapsed: env.elapsed(),
        }
    }

    /// The moment on the clock of leases that is `duration` from now.
    pub(super) fn after(&self, duration: Duration) -> Duration {
        self.elapsed.saturating_add(duration)
    }
}

/// Everything in the store.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) instances: BTreeMap<InstanceId, Instance>,
    /// In the order of arrival.
    pub(super) activities: BTreeMap<u64, QueuedActivity>,
    /// Who owns, or owned last, which session.
    pub(super) sessions: BTreeMap<String, Claim>,
    /// How often the store was opened before, and how many locks it granted since.
    pub(super) incarnation: u32,
    pub(super) grants: u32,
    /// The last id that was given to a message or activity.
    pub(super) last_id: u64,
    /// The first invariant that broke.
    pub(super) violation: Option<String>,
}

#[derive(Debug)]
pub(super) struct Instance {
    /// What created it: a second start is compared with this.
    pub(super) first_start: Start,
    pub(super) created_at: Timestamp,
    pub(super) orchestration: String,
    pub(super) version: Option<String>,
    /// What the current execution is pinned to; `None` before its first turn.
    pub(super) semantics: Option<u32>,
    pub(super) execution_id: ExecutionId,
    pub(super) state: InstanceState,
    pub(super) custom_status: Option<String>,
    pub(super) custom_status_version: u64,
    pub(super) kv: BTreeMap<String, KvEntry>,
    pub(super) updated_at: Timestamp,
    pub(super) change: u64,
    pub(super) last_turn_id: Option<u128>,
    pub(super) executions: BTreeMap<ExecutionId, History>,
    /// How many executions there were before these.
    pub(super) forgotten: u64,
    /// In the order of arrival.
    pub(super) inbox: BTreeMap<MessageId, StoredMessage>,
    /// The ids of all events that were ever sent.
    pub(super) sent: BTreeSet<u128>,
    /// In the order in which they fall due.
    pub(super) timers: BTreeSet<(Timestamp, ExecutionId, EventId)>,
    pub(super) lock: Option<HeldTurn>,
}

pub(super) type History = BTreeMap<EventId, StoredEvent>;

#[derive(Debug)]
pub(super) struct StoredEvent {
    pub(super) event: Event,
    pub(super) corrupt: bool,
}

#[derive(Debug)]
pub(super) struct StoredMessage {
    pub(super) message: Message,
    pub(super) corrupt: bool,
    pub(super) attempt: u32,
    pub(super) visible_from: Duration,
}

#[derive(Debug)]
pub(super) struct QueuedActivity {
    pub(super) instance: InstanceId,
    pub(super) execution_id: ExecutionId,
    pub(super) source: EventId,
    pub(super) orchestration: String,
    pub(super) version: Option<String>,
    /// Beside the event that says the same: who gets it does not hang on whether that can be read.
    pub(super) session_id: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) attempt: u32,
    pub(super) visible_from: Duration,
    pub(super) lock: Option<Lease>,
    /// As whom it was fetched last.
    pub(super) owner: Option<String>,
}

/// The claim of an owner on a session.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) owner: String,
    pub(super) until: Duration,
    /// What its owner asked for: work on the session extends the claim by this.
    pub(super) lock_timeout: Duration,
    pub(super) last_used: Duration,
}

impl Claim {
    pub(super) fn is_live(&self, moment: &Moment<'_>) -> bool {
        self.until > moment.elapsed
    }

    pub(super) fn extend(&mut self, until: Duration) {
        self.until = self.until.max(until);
    }
}

/// A lock on one instance, and the messages that were handed out with it.
#[derive(Debug)]
pub(super) struct HeldTurn {
    pub(super) lease: Lease,
    pub(super) messages: BTreeSet<MessageId>,
}

/// A lock that was granted. It keeps its rights when it expires, until somebody takes it over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) epoch: u64,
    pub(super) token: u128,
    pub(super) until: Duration,
}

impl Lease {
    pub(super) fn is(&self, epoch: u64, token: u128) -> bool {
        self.epoch == epoch && self.token == token
    }

    pub(super) fn is_live(&self, moment: &Moment<'_>) -> bool {
        self.until > moment.elapsed
    }

    pub(super) fn extend(&mut self, until: Duration) {
        self.until = self.until.max(until);
    }
}

impl State {
    /// A lock with a larger epoch than any before, those of former lives included.
    pub(super) fn grant(&mut self, moment: &Moment<'_>, lock_timeout: Duration) -> Lease {
        self.grants = self.grants.saturating_add(1);
        Lease {
            epoch: u64::from(self.incarnation) << 32 | u64::from(self.grants),
            token: moment.env.unique_id(),
            until: moment.after(lock_timeout),
        }
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.last_id
    }

    /// Puts a message into the inbox of an instance.
    pub(super) fn deliver(&mut self, instance: &InstanceId, message: Message) {
        let id = MessageId(self.next_id());
        if let Some(instance) = self.instances.get_mut(instance) {
            instance.inbox.insert(
                id,
                StoredMessage {
                    message,
                    corrupt: false,
                    attempt: 0,
                    visible_from: Duration::ZERO,
                },
            );
        }
    }

    /// Turns the timers that are due into messages, the earliest first; says whether there were any.
    pub(super) fn fire_timers(&mut self, now: Timestamp) -> bool {
        let mut due = BTreeSet::new();
        for (id, instance) in &mut self.instances {
            while let Some(&timer) = instance.timers.first().filter(|timer| timer.0 <= now) {
                instance.timers.remove(&timer);
                due.insert((timer, id.clone()));
            }
        }
        let fired = !due.is_empty();
        for ((fire_at, execution_id, source), instance) in due {
            let message = Message::TimerFired {
                execution_id,
                source,
                fire_at,
            };
            self.deliver(&instance, message);
        }
        fired
    }

    pub(super) fn restart(&mut self) {
        self.incarnation = self.incarnation.saturating_add(1);
        self.grants = 0;
        for instance in self.instances.values_mut() {
            instance.lock = None;
            for message in instance.inbox.values_mut() {
                message.visible_from = Duration::ZERO;
            }
        }
        for activity in self.activities.values_mut() {
            activity.lock = None;
            activity.visible_from = Duration::ZERO;
        }
        self.sessions.clear();
    }

    pub(super) fn corrupt_messages(&mut self, instance: &InstanceId) -> bool {
        let Some(instance) = self.instances.get_mut(instance) else {
            return false;
        };
        for message in instance.inbox.values_mut() {
            message.corrupt = true;
        }
        !instance.inbox.is_empty()
    }

    pub(super) fn corrupt_event(
        &mut self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        event_id: EventId,
    ) -> bool {
        let instance = self.instances.get_mut(instance);
        let history = instance.and_then(|found| found.executions.get_mut(&execution_id));
        let Some(stored) = history.and_then(|history| history.get_mut(&event_id)) else {
            return false;
        };
        stored.corrupt = true;
        true
    }
}
