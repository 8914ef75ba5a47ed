//! The contract, watched from outside: around the store that all nodes share, before anything goes
//! wrong on the way to it. What it remembers of the answers must be true of the next ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::env::EnvRef;
use duroxide::history::{
    ErrorDetails, EventId, EventKind, ExecutionId, InstanceId, Message, Start,
};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, InstanceStatus, Layer,
    MessageId, Provider, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock, TurnOutcome,
};

use super::effects;
use super::shared::Shared;

type Answer<T> = Result<T, ProviderError>;
type Source = (InstanceId, ExecutionId, EventId);

/// Whoever gives messages back waits before it tries again: at least 100 ms, if the store failed.
const MOST_GIVEN_BACK: u32 = 20;

/// A store whose answers are compared with those before.
#[derive(Debug)]
pub(crate) struct Checked {
    inner: ProviderRef,
    /// Beneath everything, if it is the model: it checks itself.
    model: Option<ModelProvider>,
    env: EnvRef,
    shared: Arc<Shared>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    epochs: BTreeSet<u64>,
    started: BTreeSet<InstanceId>,
    turns: BTreeMap<InstanceId, Turn>,
    activities: BTreeMap<u64, Activity>,
    completed: BTreeSet<Source>,
    sessions: BTreeMap<String, (String, Duration)>,
    /// What was accepted and not handed out yet.
    on_the_way: BTreeMap<(InstanceId, String), u64>,
    /// And in which life of the store.
    sent: BTreeMap<(InstanceId, u128), u32>,
    statuses: BTreeMap<InstanceId, (u64, u64, bool)>,
    wall: u64,
    /// Fetches that failed: what they had taken was delivered, and nobody saw it.
    failed_fetches: u32,
    /// How often the store was opened again.
    lives: u32,
    /// Whose events may have come twice, because the store forgot their ids.
    told_twice: BTreeSet<InstanceId>,
}

/// What is known of an instance's turns.
#[derive(Debug, Default)]
struct Turn {
    lock: Option<Lock>,
    epoch: u64,
    last_turn_id: u128,
    execution_id: u64,
    last_event_id: u64,
    ended: bool,
    ended_at: Option<Duration>,
    /// In which second it was given back last, and how often in that with each message.
    given_back: (u64, BTreeMap<MessageId, u32>),
    /// How often each message was handed out.
    attempts: BTreeMap<MessageId, u32>,
    /// What was handed out with the lock.
    messages: BTreeMap<MessageId, Option<Message>>,
    /// Commits whose outcome is unknown, because the store failed.
    in_doubt: Vec<TurnCommit>,
}

impl Turn {
    /// Execution, last event, whether it ended.
    fn stands(&self) -> (u64, u64, bool) {
        (self.execution_id.max(1), self.last_event_id, self.ended)
    }

    fn apply(&mut self, commit: &TurnCommit, now: Duration) {
        self.last_turn_id = commit.turn_id;
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
            self.attempts.remove(consumed);
        }
    }

    /// A commit in doubt turns out to be there if the store says that it was the last.
    fn settle(&mut self, last_turn_id: u128, now: Duration) -> Option<bool> {
        if self.in_doubt.is_empty() {
            return None;
        }
        let in_doubt = std::mem::take(&mut self.in_doubt);
        let found = in_doubt
            .iter()
            .find(|commit| commit.turn_id == last_turn_id);
        if let Some(commit) = found.filter(|_| self.last_turn_id != last_turn_id) {
            self.apply(commit, now);
        }
        Some(found.is_some())
    }
}

#[derive(Debug, Default)]
struct Activity {
    lock: Option<Lock>,
    epoch: u64,
    attempts: u32,
    source: Option<Source>,
    session: Option<(String, String)>,
}

#[derive(Clone, Debug)]
struct Lock {
    epoch: u64,
    token: u128,
    until: Duration,
}

impl Lock {
    fn is(&self, epoch: u64, token: u128) -> bool {
        self.epoch == epoch && self.token == token
    }
}

impl Known {
    /// How many deliveries of one thing nobody may have seen: those of fetches that failed, and one
    /// for each loss of power, with which a fetch and whoever made it were gone.
    fn lost(&self) -> u32 {
        self.failed_fetches + self.lives
    }

    fn restarted(&mut self) {
        self.lives += 1;
        for turn in self.turns.values_mut() {
            turn.lock = None;
        }
        for activity in self.activities.values_mut() {
            activity.lock = None;
        }
        self.sessions.clear();
    }
}

impl Checked {
    pub(crate) fn new(
        inner: ProviderRef,
        model: Option<ModelProvider>,
        env: EnvRef,
        shared: &Arc<Shared>,
    ) -> Self {
        Self {
            inner,
            model,
            env,
            shared: Arc::clone(shared),
            known: Mutex::default(),
        }
    }

    /// The store has forgotten its locks.
    pub(crate) fn restarted(&self) {
        self.known.lock().unwrap().restarted();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap();
        if self.shared.take_lost_locks() {
            known.restarted();
        }
        known
    }

    /// Whose events the store may have taken twice, as it may when it was opened in between.
    pub(crate) fn told_twice(&self) -> BTreeSet<InstanceId> {
        self.known().told_twice.clone()
    }

    /// Messages were damaged, so that nobody can see any more what they are.
    pub(crate) fn forget_messages(&self, instance: &InstanceId) {
        let mut known = self.known();
        known.on_the_way.retain(|(of, _), _| of != instance);
    }

    pub(crate) fn started(&self) -> BTreeSet<InstanceId> {
        self.known().started.clone()
    }

    /// What was accepted and never handed out.
    pub(crate) fn lost(&self) -> Vec<String> {
        let known = self.known();
        known
            .on_the_way
            .keys()
            .map(|lost| format!("{lost:?}"))
            .collect()
    }

    fn require(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.shared.broken(otherwise());
        }
    }

    /// What the model noticed behind one of its changes.
    pub(crate) fn look_at_model(&self) {
        if let Some(Err(problem)) = self.model.as_ref().map(ModelProvider::check_invariants) {
            self.shared.broken(problem);
        }
    }

    /// I22: every lock has an epoch of its own, larger than those of all before for the same thing.
    fn granted(&self, known: &mut Known, epoch: u64, before: u64) {
        let is_new = known.epochs.insert(epoch) && epoch > before;
        self.require(is_new, || format!("I22: epoch {epoch} behind {before}"));
    }

    fn turn_fetched(&self, known: &mut Known, fetch: &TurnFetch, item: &TurnItem) {
        let now = self.env.elapsed();
        let id = &item.lock.instance;
        let before = known.turns.get(id).map_or(0, |turn| turn.epoch);
        self.granted(known, item.lock.epoch, before);
        let (wall, lost) = (known.wall, known.lost());
        let turn = known.turns.entry(id.clone()).or_default();
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
        turn.lock = Some(Lock {
            epoch: item.lock.epoch,
            token: item.lock.token,
            until: now + fetch.lock_timeout,
        });
        turn.messages.clear();
        for message in &item.messages {
            let before = turn.attempts.entry(message.id).or_default();
            self.require(follows(*before, message.attempt, lost), || {
                format!("`{id}`: attempt {} behind {before}", message.attempt)
            });
            *before = message.attempt;
            let decoded = message.message.clone().ok();
            if let Some(Message::TimerFired { fire_at, .. }) = &decoded {
                self.require(fire_at.as_millis() <= wall, || {
                    format!("I30: a timer of `{id}` is early: {fire_at}, it is {wall}")
                });
            }
            if let Some(text) = decoded.as_ref().and_then(text_of) {
                known.on_the_way.remove(&(id.clone(), text.to_owned()));
            }
            turn.messages.insert(message.id, decoded);
        }
    }

    /// Whether somebody else may have what was locked so.
    fn is_over(&self, lock: Option<&Lock>) -> bool {
        let now = self.env.elapsed();
        lock.is_none_or(|lock| lock.until <= now)
    }

    /// I12, I22, I23: under the newest lock only, and once.
    fn committed(&self, known: &mut Known, lock: &TurnLock, commit: &TurnCommit, how: Committed) {
        let id = &lock.instance;
        let turn = known.turns.entry(id.clone()).or_default();
        if how == Committed::AlreadyApplied {
            self.shared.saw("a commit that was applied before");
            turn.settle(commit.turn_id, self.env.elapsed());
            self.require(turn.last_turn_id == commit.turn_id, || {
                format!("`{id}`: a turn counts as applied that was not")
            });
            return;
        }
        let held = turn.lock.take();
        self.require(
            held.as_ref()
                .is_some_and(|held| held.is(lock.epoch, lock.token)),
            || format!("I22: `{id}` was committed under {lock:?}; locked was {held:?}"),
        );
        if held.is_some_and(|held| held.until <= self.env.elapsed()) {
            self.shared.saw("a commit behind the end of its lease");
        }
        if let Err(problem) = effects::check(commit) {
            self.shared.broken(format!("`{id}`: {problem}"));
        }
        let ends = !matches!(commit.outcome, TurnOutcome::Running);
        for consumed in &commit.consumed {
            let message = turn.messages.get(consumed).cloned().flatten();
            let text = message.as_ref().and_then(text_of);
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
        turn.apply(commit, self.env.elapsed());
        if let TurnOutcome::ContinuedAsNew { .. } = commit.outcome {
            self.shared.saw("an execution continued as new");
        }
    }

    fn fetched<T>(&self, items: Answer<T>) -> Answer<T> {
        if items.is_err() {
            self.known().failed_fetches += 1;
        }
        items
    }

    /// Since when the instance has ended, if it has.
    pub(crate) fn ended_at(&self, instance: &InstanceId) -> Option<Duration> {
        let known = self.known();
        known.turns.get(instance).and_then(|turn| turn.ended_at)
    }

    /// Whether a lock may still be renewed or given back; `renews`: it must not have expired.
    fn allowed(&self, lock: Option<&mut Lock>, epoch: u64, token: u128, renews: Option<Duration>) {
        let now = self.env.elapsed();
        let held = lock.filter(|lock| lock.is(epoch, token));
        let fits = held
            .as_ref()
            .is_some_and(|lock| renews.is_none() || lock.until > now);
        self.require(fits, || {
            format!("I26: a lock of epoch {epoch} counts that does not: {held:?} at {now:?}")
        });
        if let (Some(lock), Some(timeout)) = (held, renews) {
            lock.until = lock.until.max(now + timeout);
        }
    }

    fn activity_fetched(&self, known: &mut Known, fetch: &ActivityFetch, item: &ActivityItem) {
        let now = self.env.elapsed();
        let before = known.activities.get(&item.lock.activity);
        let before = before.map_or(0, |activity| activity.epoch);
        self.granted(known, item.lock.epoch, before);
        let source = (item.instance.clone(), item.execution_id, item.source);
        self.require(!known.completed.contains(&source), || {
            format!("I28: {source:?} was completed, and is handed out again")
        });
        let lost = known.lost();
        let activity = known.activities.entry(item.lock.activity).or_default();
        self.require(self.is_over(activity.lock.as_ref()), || {
            format!("I22: {source:?} was handed out twice")
        });
        self.require(follows(activity.attempts, item.attempt, lost), || {
            format!(
                "{source:?}: attempt {} behind {}",
                item.attempt, activity.attempts
            )
        });
        activity.attempts = item.attempt;
        activity.source = Some(source.clone());
        activity.epoch = item.lock.epoch;
        activity.lock = Some(Lock {
            epoch: item.lock.epoch,
            token: item.lock.token,
            until: now + fetch.lock_timeout,
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
        known
            .sessions
            .insert(session.clone(), (terms.owner_id.clone(), until));
        let activity = known.activities.entry(item.lock.activity).or_default();
        activity.session = Some((session.clone(), terms.owner_id.clone()));
    }

    /// I4: a message is taken once under one id, as long as the store can remember that.
    fn sent(&self, instance: &InstanceId, id: u128, text: Option<String>, how: Enqueued) {
        let mut known = self.known();
        let life = known.lives;
        let before = known.sent.insert((instance.clone(), id), life);
        let is_repeated = before.is_some() && how != Enqueued::Duplicate;
        self.require(!is_repeated || before < Some(life), || {
            format!("I4: `{instance}` took a message twice")
        });
        if is_repeated {
            self.shared
                .saw("a store that was opened again took a message twice");
            known.told_twice.insert(instance.clone());
        }
        let turn = known.turns.get(instance);
        let may_have_ended = turn.is_some_and(|turn| {
            let ends = |commit: &TurnCommit| !matches!(commit.outcome, TurnOutcome::Running);
            turn.ended || turn.in_doubt.iter().any(ends)
        });
        if how == Enqueued::Duplicate {
            self.shared.saw("a message that was sent before");
        } else if may_have_ended {
            self.shared.saw("a message for an instance that has ended");
        } else if let Some(text) = text {
            known.on_the_way.insert((instance.clone(), text), 0);
        }
    }

    fn looked_at(&self, status: &InstanceStatus) {
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

/// Whether a count of deliveries may come behind another: some may be those of fetches that failed.
fn follows(before: u32, attempt: u32, lost: u32) -> bool {
    attempt > 0 && attempt <= before + 1 + lost
}

/// The text of what came from outside: each is sent once.
fn text_of(message: &Message) -> Option<&str> {
    match message {
        Message::ExternalEvent { data, .. } | Message::QueueEvent { data, .. } => Some(data),
        _ => None,
    }
}

#[async_trait]
impl Layer for Checked {
    fn below(&self) -> &dyn Provider {
        &*self.inner
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        let started = self.inner.start(instance, start).await;
        if started.is_ok() {
            self.known().started.insert(instance.clone());
        }
        started
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        let text = text_of(&message).map(str::to_owned);
        let sent = self.inner.enqueue(instance, message_id, message).await;
        if let Ok(how) = &sent {
            self.sent(instance, message_id, text, *how);
        }
        sent
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        let items = self.inner.fetch_turns(fetch.clone()).await;
        let items = self.fetched(items)?;
        {
            let mut known = self.known();
            known.wall = self.env.now().as_millis();
            for item in &items {
                self.turn_fetched(&mut known, &fetch, item);
            }
        }
        self.require(!items.is_empty(), || "I27: a fetch without work".to_owned());
        Ok(items)
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        let committed = self.inner.commit_turn(lock, turn.clone()).await;
        match &committed {
            Ok(how) => self.committed(&mut self.known(), lock, &turn, *how),
            Err(ProviderError::LockLost) => self.shared.saw("a commit under a lost lock"),
            Err(ProviderError::Refused(problem)) => {
                self.shared
                    .broken(format!("a commit was refused: {problem}"));
            }
            Err(ProviderError::Unavailable { .. }) => {
                self.shared.saw("a commit in doubt");
                let mut known = self.known();
                let of = known.turns.entry(lock.instance.clone()).or_default();
                of.in_doubt.push(turn);
            }
            Err(_) => {}
        }
        committed
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        let given = self.inner.abandon_turn(lock, delay, forget).await;
        if given.is_ok() {
            self.shared.saw("a turn was given back");
            let mut known = self.known();
            let turn = known.turns.entry(lock.instance.clone()).or_default();
            self.allowed(turn.lock.as_mut(), lock.epoch, lock.token, None);
            turn.lock = None;
            let second = self.env.elapsed().as_secs();
            if turn.given_back.0 != second {
                turn.given_back = (second, BTreeMap::new());
            }
            for message in turn.messages.keys() {
                let times = turn.given_back.1.entry(*message).or_default();
                *times += 1;
                self.require(*times <= MOST_GIVEN_BACK, || {
                    let id = &lock.instance;
                    format!("I35: `{id}` was given back {times} times within a second")
                });
            }
        }
        given
    }

    async fn renew_turn(&self, lock: &TurnLock, timeout: Duration) -> Answer<()> {
        let renewed = self.inner.renew_turn(lock, timeout).await;
        if renewed.is_ok() {
            self.shared.saw("the lock of a turn was renewed");
            let mut known = self.known();
            let turn = known.turns.entry(lock.instance.clone()).or_default();
            self.allowed(turn.lock.as_mut(), lock.epoch, lock.token, Some(timeout));
        }
        renewed
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        let items = self.inner.fetch_activities(fetch.clone()).await;
        let items = self.fetched(items)?;
        let mut known = self.known();
        for item in &items {
            self.activity_fetched(&mut known, &fetch, item);
        }
        drop(known);
        self.require(!items.is_empty(), || "I27: a fetch without work".to_owned());
        Ok(items)
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        let done = self.inner.complete_activity(lock, result).await;
        match &done {
            Ok(()) => {
                let mut known = self.known();
                let activity = known.activities.entry(lock.activity).or_default();
                self.allowed(activity.lock.as_mut(), lock.epoch, lock.token, None);
                activity.lock = None;
                let source = activity.source.clone();
                let is_first = source.is_none_or(|source| known.completed.insert(source));
                self.require(is_first, || format!("I29: {lock:?} was completed twice"));
            }
            Err(ProviderError::LockLost) => self.shared.saw("a completion under a lost lock"),
            Err(_) => {}
        }
        done
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        let given = self.inner.abandon_activity(lock, delay, forget).await;
        if given.is_ok() {
            self.shared.saw("an activity was given back");
            let mut known = self.known();
            let activity = known.activities.entry(lock.activity).or_default();
            self.allowed(activity.lock.as_mut(), lock.epoch, lock.token, None);
            activity.lock = None;
        }
        given
    }

    async fn renew_activity(&self, lock: &ActivityLock, timeout: Duration) -> Answer<()> {
        let renewed = self.inner.renew_activity(lock, timeout).await;
        match &renewed {
            Ok(()) => {
                self.shared.saw("the lock of an activity was renewed");
                let mut known = self.known();
                let activity = known.activities.entry(lock.activity).or_default();
                self.allowed(
                    activity.lock.as_mut(),
                    lock.epoch,
                    lock.token,
                    Some(timeout),
                );
            }
            Err(ProviderError::LockLost) => {
                self.shared.saw("a worker learns that it lost its lock");
            }
            Err(_) => {}
        }
        renewed
    }

    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        let released = self.inner.release_sessions(owners).await;
        if released.is_ok() {
            let mut known = self.known();
            known
                .sessions
                .retain(|_, (owner, _)| !owners.contains(owner));
        }
        released
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        let renewed = self
            .inner
            .renew_sessions(owners, lock_timeout, idle_timeout)
            .await;
        if renewed.as_ref().is_ok_and(|count| *count > 0) {
            self.shared.saw("a claim on a session was renewed");
        }
        renewed
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        let status = self.inner.status(instance).await?;
        if let Some(status) = &status {
            self.looked_at(status);
        }
        Ok(status)
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        let status = self.inner.wait(instance, seen).await?;
        self.looked_at(&status);
        Ok(status)
    }
}
