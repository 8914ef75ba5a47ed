//! What must be true of an answer, by those before.

use std::time::Duration;

use duroxide::history::{EventKind, InstanceId, Message};
use duroxide::provider::{
    ActivityFetch, ActivityItem, Committed, Enqueued, InboxMessage, InstanceStatus, TurnCommit,
    TurnFetch, TurnItem, TurnLock, TurnOutcome,
};

use super::checked::Checked;
use super::effects;
use super::known::{Delivered, Known, Lock, Turn, told};

impl Checked {
    /// I22: every lock has an epoch of its own, larger than those of all before for the same thing.
    fn granted(&self, known: &mut Known, epoch: u64, before: u64) {
        let is_new = known.epochs.insert(epoch) && epoch > before;
        self.require(is_new, || format!("I22: epoch {epoch} behind {before}"));
    }

    pub(super) fn turn_fetched(
        &self,
        known: &mut Known,
        (fetch, is_void): (&TurnFetch, bool),
        item: &TurnItem,
    ) {
        let now = self.env.elapsed();
        let id = &item.lock.instance;
        let before = known.turns.get(id).map_or(0, |turn| turn.epoch);
        // Somebody else has it by now, and was faster.
        if is_void && item.lock.epoch < before {
            return;
        }
        self.granted(known, item.lock.epoch, before);
        let turn = known.turn(id);
        if let Some(was_there) = turn.settle(item.last_turn_id, now) {
            self.shared.saw(if was_there {
                "a commit in doubt was there"
            } else {
                "a commit in doubt was not there"
            });
        }
        self.require(self.is_over(turn.lock.as_ref()), || {
            format!("I22: `{id}` was handed out twice: {:?}", turn.lock)
        });
        let stands = (item.execution_id.0, item.last_event_id.0, item.ended);
        let expected = turn.stands();
        self.require(stands == expected, || {
            format!("I8: `{id}` stands at {stands:?}; by its commits {expected:?}")
        });
        self.require(!item.messages.is_empty(), || {
            format!("`{id}` without a message")
        });
        self.require(
            item.last_turn_id == turn.last_turn_id || item.last_turn_id == 0,
            || format!("`{id}`: the last turn is another one than was committed last"),
        );
        turn.epoch = item.lock.epoch;
        let until = now + fetch.lock_timeout;
        turn.lock = Some(Lock {
            epoch: item.lock.epoch,
            token: item.lock.token,
            until,
            uncertain: is_void,
        });
        turn.messages.clear();
        for message in &item.messages {
            self.handed_out(known, id, message);
        }
    }

    fn handed_out(&self, known: &mut Known, id: &InstanceId, message: &InboxMessage) {
        let (number, attempt) = (message.id, message.attempt);
        let decoded = message.message.clone().ok();
        let delivered = match &decoded {
            Some(Message::TimerFired {
                execution_id,
                source,
                ..
            }) => Delivered::Timer(*execution_id, *source),
            Some(_) => Delivered::Message(number),
            None => Delivered::Unread(number),
        };
        let before = known.turn(id).delivered(delivered, attempt);
        self.require(known.follows(before, attempt), || {
            format!("`{id}`: attempt {attempt} behind {before}")
        });
        if let Some(Message::TimerFired { fire_at, .. }) = &decoded {
            let wall = known.wall;
            self.require(fire_at.as_millis() <= wall, || {
                format!("I30: a timer of `{id}` is early: {fire_at}, it is {wall}")
            });
        }
        if let Some((to, text)) = decoded.as_ref().and_then(told) {
            let told = (id.clone(), to.to_owned(), text.to_owned());
            known.on_the_way.remove(&told);
            known.handed_out.insert(told);
        }
        known.turn(id).messages.insert(number, decoded);
    }

    /// Whether somebody else may have what was locked so.
    fn is_over(&self, lock: Option<&Lock>) -> bool {
        let now = self.env.elapsed();
        lock.is_none_or(|lock| lock.uncertain || lock.until <= now + self.shared.plan.hold_writes)
    }

    /// I12, I22, I23: under the newest lock only, and once.
    /// `life`: that of the store when the call began.
    pub(super) fn committed(
        &self,
        known: &mut Known,
        (lock, life): (&TurnLock, u32),
        commit: &TurnCommit,
        how: Committed,
    ) {
        let id = &lock.instance;
        let now = self.env.elapsed();
        let was_opened = life != known.lives;
        let turn = known.turn(id);
        if how == Committed::AlreadyApplied {
            self.shared.saw("a commit that was applied before");
            if !turn.applied.contains(&commit.turn_id) {
                turn.settle(commit.turn_id, now);
            }
            // An answer that takes its time may come behind the next turn.
            let is_last = turn.last_turn_id == commit.turn_id;
            let was_applied = turn.applied.contains(&commit.turn_id);
            self.require(is_last || (self.shared.plan.flows && was_applied), || {
                format!("`{id}`: a turn counts as applied that was not")
            });
            return;
        }
        if let Err(problem) = effects::check(commit) {
            self.shared.broken(format!("`{id}`: {problem}"));
        }
        if turn.early.remove(&commit.turn_id) {
            self.shared.saw("a commit that was seen before its answer");
            return;
        }
        // What was written before the store failed may be answered behind that.
        let void = turn.void.take().filter(|_| was_opened);
        let held = turn.lock.take().or(void);
        self.require(
            held.as_ref()
                .is_some_and(|held| held.is(lock.epoch, lock.token)),
            || format!("I22: `{id}` was committed under {lock:?}; locked was {held:?}"),
        );
        if held.is_some_and(|held| held.until <= now) {
            self.shared.saw("a commit behind the end of its lease");
        }
        let ends = !matches!(commit.outcome, TurnOutcome::Running);
        for consumed in &commit.consumed {
            let message = turn.messages.get(consumed).cloned().flatten();
            let text = message.as_ref().and_then(told).map(|(_, text)| text);
            let kept = |text: &str| {
                commit.history_delta.iter().any(|event| match &event.kind {
                    EventKind::ExternalEvent { data, .. }
                    | EventKind::QueueEventDelivered { data, .. } => data == text,
                    _ => false,
                })
            };
            self.require(turn.ended || ends || text.is_none_or(kept), || {
                format!("I4: `{id}` consumed {text:?}, and its history does not say so")
            });
        }
        turn.apply(commit, now);
        if let TurnOutcome::ContinuedAsNew { .. } = commit.outcome {
            self.shared.saw("an execution continued as new");
        }
    }

    /// Whether a lock may still be renewed or given back; `renews`: it must not have expired.
    pub(super) fn allowed(
        &self,
        lock: Option<&mut Lock>,
        epoch: u64,
        token: u128,
        renews: Option<Duration>,
    ) {
        let now = self.env.elapsed();
        let held = lock.filter(|lock| lock.is(epoch, token));
        let fits = held
            .as_ref()
            .is_some_and(|lock| renews.is_none() || lock.uncertain || lock.until > now);
        self.require(fits, || {
            format!("I26: a lock of epoch {epoch} counts that does not: {held:?} at {now:?}")
        });
        if let (Some(lock), Some(timeout)) = (held, renews) {
            lock.until = lock.until.max(now + timeout);
            lock.uncertain = false;
        }
    }

    pub(super) fn activity_fetched(
        &self,
        known: &mut Known,
        (fetch, is_void): (&ActivityFetch, bool),
        item: &ActivityItem,
    ) {
        let now = self.env.elapsed();
        let before = known.activities.get(&item.lock.activity);
        let before = before.map_or(0, |activity| activity.epoch);
        // Somebody else has it by now, and was faster.
        if is_void && item.lock.epoch < before {
            return;
        }
        self.granted(known, item.lock.epoch, before);
        let source = (item.instance.clone(), item.execution_id, item.source);
        self.require(!known.completed.contains(&source), || {
            format!("I28: {source:?} was completed, and is handed out again")
        });
        let activity = known.activities.entry(item.lock.activity).or_default();
        let before = activity.attempts;
        self.require(self.is_over(activity.lock.as_ref()), || {
            format!("I22: {source:?} was handed out twice")
        });
        self.require(known.follows(before, item.attempt), || {
            format!("{source:?}: attempt {} behind {before}", item.attempt)
        });
        let activity = known.activities.entry(item.lock.activity).or_default();
        activity.attempts = item.attempt;
        activity.source = Some(source.clone());
        activity.epoch = item.lock.epoch;
        let until = now + fetch.lock_timeout;
        activity.lock = Some(Lock {
            epoch: item.lock.epoch,
            token: item.lock.token,
            until,
            uncertain: is_void,
        });
        let Ok(request) = &item.request else { return };
        self.require(fetch.tags.matches(request.tag.as_deref()), || {
            format!("I32: {source:?} is not for {:?}", fetch.tags)
        });
        let Some((session, terms)) = request.session_id.as_ref().zip(fetch.sessions.as_ref())
        else {
            self.require(request.session_id.is_none(), || {
                "I32: a session for nobody".to_owned()
            });
            return;
        };
        if let Some((owner, until)) = known.sessions.get(session) {
            self.require(*owner == terms.owner_id || *until <= now, || {
                format!("I32: session `{session}` is that of {owner} until {until:?}")
            });
        }
        let until = now + terms.lock_timeout;
        if is_void {
            known.sessions.remove(session);
        } else {
            let claim = (terms.owner_id.clone(), until);
            known.sessions.insert(session.clone(), claim);
        }
    }

    /// I4: a message is taken once under one id, as long as the store can remember that.
    pub(super) fn sent(&self, instance: &InstanceId, id: u128, message: &Message, how: Enqueued) {
        let mut known = self.known();
        let (life, key) = (known.lives, (instance.clone(), id));
        let is_new = how != Enqueued::Duplicate;
        // An answer that takes its time may come behind that to the same call again.
        let before = if is_new || !self.shared.plan.flows {
            known.sent.insert(key, life)
        } else {
            None
        };
        self.require(!is_new || before < Some(life), || {
            format!("I4: `{instance}` took a message twice")
        });
        if is_new {
            self.may_be_twice(&mut known, instance, id);
        }
        let turn = known.turns.get(instance);
        if !is_new {
            self.shared.saw("a message that was sent before");
        } else if turn.is_some_and(Turn::may_have_ended) {
            self.shared.saw("a message for an instance that has ended");
        } else if let Some((to, text)) = told(message) {
            let told = (instance.clone(), to.to_owned(), text.to_owned());
            if !known.handed_out.contains(&told) {
                known.on_the_way.insert(told);
            }
        }
    }

    /// A message was taken, or may have been: if somebody tried that in another life of the store, it
    /// may be there twice.
    pub(super) fn may_be_twice(&self, known: &mut Known, instance: &InstanceId, id: u128) {
        if known.tried.get(&(instance.clone(), id)) < Some(&known.lives) {
            self.shared
                .saw("a store that was opened again may take a message twice");
            known.told_twice.insert(instance.clone());
        }
    }

    pub(super) fn looked_at(&self, status: &InstanceStatus) {
        let mut known = self.known();
        let now = (
            status.change,
            status.custom_status_version,
            status.state.is_terminal(),
        );
        let before = known.statuses.insert(status.instance.clone(), now);
        let grew =
            before.is_none_or(|before| before.0 <= now.0 && before.1 <= now.1 && before.2 <= now.2);
        self.require(grew, || {
            format!("I6: {before:?} was seen before {now:?} in {status:?}")
        });
    }
}
