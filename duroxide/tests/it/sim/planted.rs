//! Bugs on purpose: each re-creates a class of bugs that stores and engines have had. The suite has
//! to find every one of them, or it is blind.
//!
//! Those of the store are made here, around a store that is right. The others stand in the code of the
//! crate, in builds with `--cfg duroxide_planted` only.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::env::EnvRef;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Layer, Provider, ProviderError, ProviderRef, StartOutcome, TagFilter, TurnCommit, TurnFetch,
    TurnItem, TurnLock,
};
use duroxide::time::Timestamp;

type Answer<T> = Result<T, ProviderError>;

macro_rules! bugs {
    (
        around: { $($around:ident = $around_name:literal;)* }
        inside: { $($inside:ident = $inside_name:literal;)* }
    ) => {
        /// A bug on purpose.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Bug { $($around,)* $($inside,)* }

        impl Bug {
            pub(crate) const ALL: &[Self] = &[$(Self::$around,)* $(Self::$inside,)*];
            /// Those in the code, as they are called there.
            pub(crate) const INSIDE: &[&str] = &[$(stringify!($inside),)*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$around => $around_name,)*
                    $(Self::$inside => $inside_name,)*
                }
            }

            /// Whether it stands in the code, not around the store.
            pub(crate) fn is_inside(self) -> bool {
                match self {
                    $(Self::$around => false,)*
                    $(Self::$inside => true,)*
                }
            }

            /// What the code calls it.
            #[cfg(duroxide_planted)]
            pub(crate) fn inside(self) -> Option<duroxide::planted::Bug> {
                match self {
                    $(Self::$around => None,)*
                    $(Self::$inside => Some(duroxide::planted::Bug::$inside),)*
                }
            }
        }
    };
}

bugs! {
    around: {
        // Fences, leases and locks.
        NoFence = "a stale lock commits";
        StaleAbandon = "a stale lock gives back that of another";
        RevivedLock = "an expired lock is renewed";
        RevivedActivity = "an expired lock of an activity is renewed";
        EpochAgain = "an epoch is given twice";
        HandedOutTwice = "an activity is handed out twice";
        EmptyFetch = "a fetch comes back without work";
        AttemptsRun = "attempts are counted twice";
        // What was acknowledged.
        LostCommit = "a commit is acknowledged and not written";
        LostStart = "a start is acknowledged and not written";
        LostEvent = "an event is acknowledged and not written";
        NoDedup = "an event that is sent again is another one";
        LostCompletion = "a completion is acknowledged and not written";
        HalfCommit = "a turn is written without its messages to others";
        LostStarts = "a turn is written without the instances that it starts";
        NoParent = "a child does not know who waits for it";
        CompletedAgain = "an activity stays in the queue when it is completed";
        // Waking and hiding.
        LostWakeUp = "a fetch is not woken";
        WaitSleeps = "whoever waits for an instance is not woken";
        HiddenAgain = "what is given back is hidden for an hour";
        LateTimer = "timers are set an hour late";
        EarlyTimer = "timers are early";
        // What is read.
        OldTurnId = "a fetch names an older turn as the last";
        StatusGoesBack = "the status goes back";
        ShortRead = "a read skips an event";
        WrongTag = "tags are ignored";
        WrongOwner = "sessions have no owner";
        EventsSwapped = "events are handed out in another order";
    }
    inside: {
        // Replay.
        LatestVersion = "a turn runs the newest version";
        ForgottenStart = "a detached start is no part of a replay";
        FreshIds = "a replay draws other ids";
        FreshTime = "a replay reads another time";
        DuplicateAnswers = "an answer is accepted twice";
        LatestValues = "a replay reads values as they are later";
        HashOrder = "what is open at the end is cancelled in any order";
        AnswersFirst = "a replay hands out answers before the code goes on";
        LiveWithoutTurn = "a suspended execution is used whatever was committed since";
        // Wakers.
        FirstWakerKept = "a call wakes whoever polled it first";
        FirstParentKept = "a combinator wakes whoever polled it first";
        // Queues and continue-as-new.
        DroppedDequeue = "a message goes down with the request for it";
        NotCarried = "unread messages are not handed down";
        ValuesNotCarried = "values are not handed down";
        ParentLost = "the next execution does not know who waits for it";
        ChildIdAgain = "children of different executions have the same id";
        // Others.
        ParentNotTold = "the parent of what failed is not told";
        UnregisteredFails = "what no handler is there for fails";
        NoBackoff = "what no handler is there for is tried again at once";
        Unread = "a message that cannot be read is passed over";
        NeverPoison = "an activity that never comes back is tried for ever";
        NeverRenewed = "locks are not renewed";
        UnavailableFails = "a commit of unknown outcome counts as failed";
        CallLeftQueued = "a call that nobody waits for stays in the queue";
        CancelledFirst = "what is asked for and cancelled in one turn is begun";
        ChildLeftRunning = "a child that nobody waits for goes on";
        ShutdownLeaks = "a shutdown waits for nothing";
        NoFsync = "a commit is answered before it is on the disk";
    }
}

/// The store with the bug, if it is one of stores.
pub(crate) fn planted(store: ProviderRef, bug: Option<Bug>, env: &EnvRef) -> ProviderRef {
    match bug.filter(|bug| !bug.is_inside()) {
        None => store,
        Some(bug) => Arc::new(Planted {
            inner: store,
            bug,
            env: Arc::clone(env),
            calls: AtomicU64::new(0),
            kept: Mutex::default(),
        }),
    }
}

#[derive(Debug)]
struct Planted {
    inner: ProviderRef,
    bug: Bug,
    env: EnvRef,
    calls: AtomicU64,
    kept: Mutex<Kept>,
}

/// What a wrong store remembers.
#[derive(Debug, Default)]
struct Kept {
    locks: BTreeMap<InstanceId, TurnLock>,
    turns: BTreeMap<InstanceId, u128>,
    statuses: BTreeMap<InstanceId, InstanceStatus>,
    activity: Option<ActivityItem>,
}

impl Planted {
    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    /// Every so many calls the bug shows.
    fn now_and_then(&self, bug: Bug, every: u64) -> bool {
        self.is(bug) && self.calls.fetch_add(1, Ordering::SeqCst) % every == every - 1
    }

    fn newest(&self, lock: &TurnLock) -> TurnLock {
        let kept = self.kept.lock().unwrap();
        kept.locks.get(&lock.instance).unwrap_or(lock).clone()
    }

    fn changed(&self, turn: &mut TurnCommit) {
        if self.is(Bug::HalfCommit) {
            turn.messages.clear();
        }
        if self.is(Bug::LostStarts) {
            turn.starts.clear();
        }
        if self.is(Bug::NoParent) {
            turn.starts
                .iter_mut()
                .for_each(|child| child.start.parent = None);
        }
        let hour = 3_600_000;
        for timer in &mut turn.timers {
            let due = timer.fire_at.as_millis();
            if self.is(Bug::LateTimer) {
                timer.fire_at = Timestamp::from_millis(due + hour);
            }
            if self.is(Bug::EarlyTimer) {
                timer.fire_at = Timestamp::from_millis(due.saturating_sub(2_000));
            }
        }
    }

    fn handed_out(&self, items: &mut [TurnItem]) {
        let mut kept = self.kept.lock().unwrap();
        for item in items {
            let id = item.lock.instance.clone();
            if self.is(Bug::OldTurnId) {
                let last = item.last_turn_id;
                if let Some(older) = kept.turns.insert(id.clone(), last) {
                    item.last_turn_id = older;
                }
            }
            if self.is(Bug::EpochAgain) {
                item.lock.epoch = item.lock.epoch / 2 * 2;
            }
            if self.is(Bug::AttemptsRun) {
                item.messages
                    .iter_mut()
                    .for_each(|message| message.attempt += 1);
            }
            if self.is(Bug::EventsSwapped) {
                let is_queue = |at: usize| {
                    let message = item.messages[at].message.as_ref();
                    message.is_ok_and(|message| matches!(message, Message::QueueEvent { .. }))
                };
                let queued: Vec<usize> = (0..item.messages.len())
                    .filter(|at| is_queue(*at))
                    .collect();
                if let [first, second, ..] = queued[..] {
                    item.messages.swap(first, second);
                }
            }
            kept.locks.insert(id, item.lock.clone());
        }
    }
}

const LONG: Duration = Duration::from_secs(36_000);

#[async_trait]
impl Layer for Planted {
    fn below(&self) -> &dyn Provider {
        &*self.inner
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        if self.now_and_then(Bug::LostStart, 3) {
            return Ok(StartOutcome::Created);
        }
        self.inner.start(instance, start).await
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        if self.now_and_then(Bug::LostEvent, 4) {
            return Ok(Enqueued::Accepted);
        }
        let is_new = self.is(Bug::NoDedup);
        let message_id = if is_new {
            self.env.unique_id()
        } else {
            message_id
        };
        self.inner.enqueue(instance, message_id, message).await
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        if self.now_and_then(Bug::EmptyFetch, 9) {
            return Ok(Vec::new());
        }
        if self.now_and_then(Bug::LostWakeUp, 5) {
            self.env.sleep(LONG).await;
        }
        let mut items = self.inner.fetch_turns(fetch).await?;
        self.handed_out(&mut items);
        Ok(items)
    }

    async fn commit_turn(&self, lock: &TurnLock, mut turn: TurnCommit) -> Answer<Committed> {
        if self.now_and_then(Bug::LostCommit, 12) {
            return Ok(Committed::Applied);
        }
        self.changed(&mut turn);
        let lock = if self.is(Bug::NoFence) {
            self.newest(lock)
        } else {
            lock.clone()
        };
        self.inner.commit_turn(&lock, turn).await
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        let lock = if self.is(Bug::StaleAbandon) {
            self.newest(lock)
        } else {
            lock.clone()
        };
        let delay = if self.is(Bug::HiddenAgain) {
            LONG
        } else {
            delay
        };
        self.inner.abandon_turn(&lock, delay, forget).await
    }

    async fn renew_turn(&self, lock: &TurnLock, timeout: Duration) -> Answer<()> {
        let renewed = self.inner.renew_turn(lock, timeout).await;
        if self.is(Bug::RevivedLock) {
            Ok(())
        } else {
            renewed
        }
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        if self.now_and_then(Bug::HandedOutTwice, 7)
            && let Some(item) = self.kept.lock().unwrap().activity.clone()
        {
            return Ok(vec![item]);
        }
        let mut wanted = fetch;
        if self.is(Bug::WrongTag) {
            wanted.tags = TagFilter::Any;
        }
        if self.is(Bug::WrongOwner)
            && let Some(terms) = &mut wanted.sessions
        {
            "everybody".clone_into(&mut terms.owner_id);
        }
        let items = self.inner.fetch_activities(wanted).await?;
        self.kept.lock().unwrap().activity = items.first().cloned();
        Ok(items)
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        if self.now_and_then(Bug::LostCompletion, 6) {
            return Ok(());
        }
        if self.now_and_then(Bug::CompletedAgain, 6) {
            // The worker hears of a success, and the activity is there for somebody else.
            let given = self
                .inner
                .abandon_activity(lock, Duration::ZERO, false)
                .await;
            return given;
        }
        self.inner.complete_activity(lock, result).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        let delay = if self.is(Bug::HiddenAgain) {
            LONG
        } else {
            delay
        };
        self.inner.abandon_activity(lock, delay, forget).await
    }

    async fn renew_activity(&self, lock: &ActivityLock, timeout: Duration) -> Answer<()> {
        let renewed = self.inner.renew_activity(lock, timeout).await;
        if self.is(Bug::RevivedActivity) {
            Ok(())
        } else {
            renewed
        }
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        let mut page = self.inner.read(instance, execution_id, after, max).await?;
        if self.is(Bug::ShortRead) && page.events.len() > 6 {
            page.events.remove(4);
        }
        Ok(page)
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        let status = self.inner.status(instance).await?;
        if let Some(now) = status.clone().filter(|_| self.is(Bug::StatusGoesBack)) {
            let mut kept = self.kept.lock().unwrap();
            return Ok(kept.statuses.insert(instance.clone(), now).or(status));
        }
        Ok(status)
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        if self.is(Bug::WaitSleeps) && seen > 0 {
            self.env.sleep(LONG).await;
        }
        self.inner.wait(instance, seen).await
    }
}
