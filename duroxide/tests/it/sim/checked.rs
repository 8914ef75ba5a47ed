//! The contract, watched from outside: around the store that all nodes share, before anything goes
//! wrong on the way to it. What it remembers of the answers must be true of the next ones.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::env::EnvRef;
use duroxide::history::{ErrorDetails, EventKind, InstanceId, Message, Start};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, InboxMessage, InstanceStatus,
    Layer, Provider, ProviderError, ProviderRef, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock, TurnOutcome,
};

use super::effects;
use super::known::{Known, Lock, Turn, told};
use super::shared::Shared;

type Answer<T> = Result<T, ProviderError>;

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
        known.on_the_way.retain(|(of, _, _)| of != instance);
    }

    pub(crate) fn started(&self) -> BTreeSet<InstanceId> {
        self.known().started.clone()
    }

    /// What was accepted and never handed out.
    pub(crate) fn lost(&self) -> Vec<String> {
        let known = self.known();
        known
            .on_the_way
            .iter()
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

    fn turn_fetched(
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
        let before = known.turn(id).attempts.insert(number, attempt);
        let before = before.unwrap_or(0);
        self.require(known.follows(before, attempt), || {
            format!("`{id}`: attempt {attempt} behind {before}")
        });
        let decoded = message.message.clone().ok();
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
    fn committed(
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

    /// What was fetched, and whether its locks may be void: the store was opened between the lock and
    /// the answer, or whoever fetched was held still.
    async fn fetched<T>(&self, fetch: impl Future<Output = Answer<T>>) -> Answer<(T, bool)> {
        let mut fetch = pin!(fetch);
        let mut opened = self.shared.opened();
        let items = poll_fn(|context| {
            let is_void = self.shared.opened() != opened || self.shared.is_held_no_more();
            let polled = fetch.as_mut().poll(context);
            opened = self.shared.opened();
            polled.map_ok(|items| (items, is_void))
        });
        let items = items.await;
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
            .is_some_and(|lock| renews.is_none() || lock.uncertain || lock.until > now);
        self.require(fits, || {
            format!("I26: a lock of epoch {epoch} counts that does not: {held:?} at {now:?}")
        });
        if let (Some(lock), Some(timeout)) = (held, renews) {
            lock.until = lock.until.max(now + timeout);
            lock.uncertain = false;
        }
    }

    fn activity_fetched(
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
        let activity = known.activities.entry(item.lock.activity).or_default();
        activity.session = Some((session.clone(), terms.owner_id.clone()));
    }

    /// I4: a message is taken once under one id, as long as the store can remember that.
    fn sent(&self, instance: &InstanceId, id: u128, message: &Message, how: Enqueued) {
        let mut known = self.known();
        let (life, key) = (known.lives, (instance.clone(), id));
        let before = known.sent.insert(key.clone(), life);
        let is_new = how != Enqueued::Duplicate;
        self.require(!is_new || before < Some(life), || {
            format!("I4: `{instance}` took a message twice")
        });
        if is_new && known.tried.get(&key) < Some(&life) {
            self.shared
                .saw("a store that was opened again may take a message twice");
            known.told_twice.insert(instance.clone());
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
        {
            let mut known = self.known();
            let life = known.lives;
            let tried = known.tried.entry((instance.clone(), message_id));
            tried.or_insert(life);
        }
        let sent = self
            .inner
            .enqueue(instance, message_id, message.clone())
            .await;
        if let Ok(how) = &sent {
            self.sent(instance, message_id, &message, *how);
        }
        sent
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        let call = self.inner.fetch_turns(fetch.clone());
        let (items, is_void) = self.fetched(call).await?;
        {
            let mut known = self.known();
            known.wall = self.env.now().as_millis();
            for item in &items {
                self.turn_fetched(&mut known, (&fetch, is_void), item);
            }
        }
        self.require(!items.is_empty(), || "I27: a fetch without work".to_owned());
        Ok(items)
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        let (call, life) = {
            let mut known = self.known();
            (known.commits(lock, &turn), known.lives)
        };
        let committed = self.inner.commit_turn(lock, turn.clone()).await;
        let mut known = self.known();
        let its = known.turn(&lock.instance);
        if let Err(ProviderError::Unavailable { .. }) = &committed {
            self.shared.saw("a commit in doubt");
            its.failed(call);
            return committed;
        }
        its.answered(call);
        match &committed {
            Ok(how) => self.committed(&mut known, (lock, life), &turn, *how),
            Err(ProviderError::LockLost) => self.shared.saw("a commit under a lost lock"),
            Err(ProviderError::Refused(problem)) => {
                self.shared
                    .broken(format!("a commit was refused: {problem}"));
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
            let turn = known.turn(&lock.instance);
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
            let turn = known.turn(&lock.instance);
            if !turn.commits_under(lock.epoch) {
                self.allowed(turn.lock.as_mut(), lock.epoch, lock.token, Some(timeout));
            }
        }
        renewed
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        let call = self.inner.fetch_activities(fetch.clone());
        let (items, is_void) = self.fetched(call).await?;
        let mut known = self.known();
        for item in &items {
            self.activity_fetched(&mut known, (&fetch, is_void), item);
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
        // A store that is opened anew may give its number to another activity before the answer comes.
        let (life, source) = {
            let known = self.known();
            let activity = known.activities.get(&lock.activity);
            (known.lives, activity.and_then(|it| it.source.clone()))
        };
        let done = self.inner.complete_activity(lock, result).await;
        match &done {
            Ok(()) => {
                let mut known = self.known();
                let was_opened = life != known.lives;
                let activity = known.activities.entry(lock.activity).or_default();
                if !was_opened {
                    self.allowed(activity.lock.as_mut(), lock.epoch, lock.token, None);
                    activity.lock = None;
                }
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
