//! What is known of a store by its answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use duroxide::history::{EventId, ExecutionId, InstanceId, Message};
use duroxide::provider::{MessageId, TurnCommit, TurnLock, TurnOutcome};

pub(crate) type Source = (InstanceId, ExecutionId, EventId);
/// A message that came from outside, by its queue or event and its text: each is sent once.
pub(crate) type Told = (InstanceId, String, String);

#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) epochs: BTreeSet<u64>,
    pub(crate) started: BTreeSet<InstanceId>,
    pub(crate) turns: BTreeMap<InstanceId, Turn>,
    pub(crate) activities: BTreeMap<u64, Activity>,
    pub(crate) completed: BTreeSet<Source>,
    pub(crate) sessions: BTreeMap<String, (String, Duration)>,
    /// What was accepted and not handed out yet.
    pub(crate) on_the_way: BTreeSet<Told>,
    pub(crate) handed_out: BTreeSet<Told>,
    /// Under which ids somebody tried to send, and in which life of the store first.
    pub(crate) tried: BTreeMap<(InstanceId, u128), u32>,
    /// And in which one it was acknowledged last.
    pub(crate) sent: BTreeMap<(InstanceId, u128), u32>,
    pub(crate) statuses: BTreeMap<InstanceId, (u64, u64, bool)>,
    pub(crate) wall: u64,
    /// Fetches that failed: what they had taken was delivered, and nobody saw it.
    pub(crate) failed_fetches: u32,
    /// How often the store was opened again.
    pub(crate) lives: u32,
    /// Whose events may have come twice, because the store forgot their ids.
    pub(crate) told_twice: BTreeSet<InstanceId>,
    pub(crate) last_call: u64,
}

/// What is known of an instance's turns.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) lock: Option<Lock>,
    /// The last of the lives before.
    pub(crate) void: Option<Lock>,
    pub(crate) epoch: u64,
    pub(crate) last_turn_id: u128,
    pub(crate) execution_id: u64,
    pub(crate) last_event_id: u64,
    pub(crate) ended: bool,
    pub(crate) ended_at: Option<Duration>,
    /// In which second it was given back last, and how often in that with each message.
    pub(crate) given_back: (u64, BTreeMap<MessageId, u32>),
    /// How often each message was handed out.
    pub(crate) attempts: BTreeMap<Delivered, u32>,
    /// What was handed out with the lock.
    pub(crate) messages: BTreeMap<MessageId, Option<Message>>,
    /// Commits without an answer: their effect may be seen before that, or instead of it.
    pub(crate) unanswered: Vec<Unanswered>,
    /// All turns that were committed.
    pub(crate) applied: BTreeSet<u128>,
    /// Turns of which the effect was seen before the answer.
    pub(crate) early: BTreeSet<u128>,
}

/// What attempts are counted of. The number of a timer's message is good for one life of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delivered {
    Message(MessageId),
    Timer(ExecutionId, EventId),
    /// It could not be read: whatever there is, a timer's or not.
    Unread(MessageId),
}

/// A commit that may be there or not.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) call: u64,
    /// That of its lock.
    pub(crate) epoch: u64,
    pub(crate) commit: TurnCommit,
    /// The store failed, so that there will be no answer.
    pub(crate) failed: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Activity {
    pub(crate) lock: Option<Lock>,
    pub(crate) epoch: u64,
    pub(crate) attempts: u32,
    pub(crate) source: Option<Source>,
}

#[derive(Clone, Debug)]
pub(crate) struct Lock {
    pub(crate) epoch: u64,
    pub(crate) token: u128,
    pub(crate) until: Duration,
    /// The store was opened again before the answer, so that it may have forgotten the lock.
    pub(crate) uncertain: bool,
}

impl Lock {
    pub(crate) fn is(&self, epoch: u64, token: u128) -> bool {
        self.epoch == epoch && self.token == token
    }
}

impl Known {
    /// The store has forgotten its locks.
    pub(crate) fn restarted(&mut self) {
        self.lives += 1;
        for turn in self.turns.values_mut() {
            turn.void = turn.lock.take().or(turn.void.take());
        }
        for activity in self.activities.values_mut() {
            activity.lock = None;
        }
        self.sessions.clear();
    }

    pub(crate) fn turn(&mut self, instance: &InstanceId) -> &mut Turn {
        self.turns.entry(instance.clone()).or_default()
    }

    /// Whether a count of deliveries may come behind another. Nobody saw the deliveries of fetches that
    /// failed; and one more at each loss of power, with which a fetch and whoever made it were gone.
    pub(crate) fn follows(&self, before: u32, attempt: u32) -> bool {
        attempt > 0 && attempt <= before + 1 + self.failed_fetches + self.lives
    }

    /// The number of a call that commits.
    pub(crate) fn commits(&mut self, lock: &TurnLock, commit: &TurnCommit) -> u64 {
        self.last_call += 1;
        let unanswered = Unanswered {
            call: self.last_call,
            epoch: lock.epoch,
            commit: commit.clone(),
            failed: false,
        };
        self.turn(&lock.instance).unanswered.push(unanswered);
        self.last_call
    }
}

impl Turn {
    /// Notes a delivery; how many there were before, at most.
    pub(crate) fn delivered(&mut self, what: Delivered, attempt: u32) -> u32 {
        let is_unread = |what: &Delivered| matches!(what, Delivered::Unread(_));
        // What cannot be read may be any of those that can, and the other way round.
        let others = self.attempts.iter();
        let perhaps = others.filter(|(other, _)| is_unread(&what) || is_unread(other));
        let most = perhaps.map(|(_, attempt)| *attempt).max();
        self.attempts.insert(what, attempt).max(most).unwrap_or(0)
    }

    /// Execution, last event, whether it ended.
    pub(crate) fn stands(&self) -> (u64, u64, bool) {
        (self.execution_id.max(1), self.last_event_id, self.ended)
    }

    pub(crate) fn apply(&mut self, commit: &TurnCommit, now: Duration) {
        self.last_turn_id = commit.turn_id;
        self.applied.insert(commit.turn_id);
        if let Some(last) = commit.history_delta.last() {
            self.last_event_id = last.event_id.0;
        }
        match &commit.outcome {
            TurnOutcome::Running => {}
            TurnOutcome::Completed { .. } | TurnOutcome::Failed { .. } => {
                self.ended = true;
                self.ended_at.get_or_insert(now);
            }
            TurnOutcome::ContinuedAsNew { next } => {
                self.execution_id = next.execution_id.0;
                self.last_event_id = 0;
            }
        }
        for consumed in &commit.consumed {
            self.attempts.remove(&Delivered::Message(*consumed));
            self.attempts.remove(&Delivered::Unread(*consumed));
        }
    }

    /// The call has an answer, or will have none.
    pub(crate) fn answered(&mut self, call: u64) {
        self.unanswered.retain(|unanswered| unanswered.call != call);
    }

    pub(crate) fn failed(&mut self, call: u64) {
        let mut all = self.unanswered.iter_mut();
        if let Some(unanswered) = all.find(|unanswered| unanswered.call == call) {
            unanswered.failed = true;
        }
    }

    /// A commit without an answer is there if the store names it as the last; all others will never
    /// be. Whether one that failed was there.
    pub(crate) fn settle(&mut self, last_turn_id: u128, now: Duration) -> Option<bool> {
        let unanswered = std::mem::take(&mut self.unanswered);
        let is_last = |it: &&Unanswered| it.commit.turn_id == last_turn_id;
        let there = unanswered.iter().find(is_last);
        if let Some(there) = there.filter(|_| self.last_turn_id != last_turn_id) {
            self.apply(&there.commit, now);
            self.early.insert(last_turn_id);
            // It ended with the commit.
            self.lock = None;
        }
        let failed = unanswered.iter().any(|it| it.failed);
        failed.then(|| there.is_some_and(|there| there.failed))
    }

    /// Whether a commit under that lock is under way: then it does not expire.
    pub(crate) fn commits_under(&self, epoch: u64) -> bool {
        self.unanswered.iter().any(|it| it.epoch == epoch)
    }

    /// Whether it has ended, or a commit without an answer may have ended it.
    pub(crate) fn may_have_ended(&self) -> bool {
        let ends = |it: &Unanswered| !matches!(it.commit.outcome, TurnOutcome::Running);
        self.ended || self.unanswered.iter().any(ends)
    }
}

/// Where a message from outside goes to, and its text.
pub(crate) fn told(message: &Message) -> Option<(&str, &str)> {
    match message {
        Message::ExternalEvent { name, data } => Some((name, data)),
        Message::QueueEvent { queue, data } => Some((queue, data)),
        _ => None,
    }
}
