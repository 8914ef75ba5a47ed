//! The embedded store, on a disk of this world. The disk may fail, and the machine may lose power:
//! then another life of the store finds what the disk kept.
//!
//! In half of the runs whoever calls the store lends its turn to the store's writer: a call is one step
//! then, as with the model, unless it parks for work. In the others the writer is a task like all.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use duroxide::env::EnvRef;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Layer, Provider, ProviderError, StartOutcome, TurnCommit, TurnFetch, TurnItem, TurnLock,
};
use duroxide::storage::redb::{Commits, OpenError, RedbProvider};
use tokio::sync::Notify;

use super::env::SimEnv;
use super::executor::Group;
use super::shared::Shared;
use crate::disk::lives::empty_store;
use crate::disk::sim_disk::{Plan, SimDisk, Tear};
use crate::support::dice::Dice;

type Answer<T> = Result<T, ProviderError>;

/// Each life of the store has a group of its own, from here on.
const FIRST: u64 = 50;
/// So often power may be lost in a run, and come back.
const MOST_LIVES: usize = 12;

/// A store that lives again and again.
#[derive(Debug)]
pub(crate) struct Machine {
    shared: Arc<Shared>,
    lives: [OnceLock<Life>; MOST_LIVES],
    now: AtomicUsize,
    dice: Mutex<Dice>,
    trouble: Mutex<Trouble>,
}

/// The store between two losses of power.
#[derive(Debug)]
struct Life {
    store: RedbProvider,
    disk: SimDisk,
    group: Group,
    is_over: AtomicBool,
    over: Notify,
}

/// What is to happen to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    Power,
    /// It fails once.
    Fault,
    /// From its first failure on it is away, and comes back so much later.
    Away(Duration),
    /// It is back then.
    BackAt(Duration),
}

impl Machine {
    pub(crate) fn new(shared: &Arc<Shared>, dice: Dice) -> Arc<Self> {
        let machine = Arc::new(Self {
            shared: Arc::clone(shared),
            lives: [const { OnceLock::new() }; MOST_LIVES],
            now: AtomicUsize::new(0),
            dice: Mutex::new(dice),
            trouble: Mutex::new(Trouble::None),
        });
        let disk = SimDisk::holding(empty_store().clone());
        let life = machine.open(0, disk).unwrap();
        machine.lives[0].set(life).unwrap();
        machine
    }

    fn life(&self) -> &Life {
        self.lives[self.now.load(Ordering::SeqCst)].get().unwrap()
    }

    /// All groups that the store ever had.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let lives = self.lives.iter().filter_map(OnceLock::get);
        lives.map(|life| life.group).collect()
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.dice.lock().unwrap())
    }

    fn open(&self, number: usize, disk: SimDisk) -> Result<Life, OpenError> {
        let group = Group(FIRST + u64::try_from(number).unwrap());
        let env: EnvRef = SimEnv::new(&self.shared.executor, group, 0);
        let (commits, rows, cache, group_size) = self.draw(|dice| {
            let commits = [Commits::Tables, Commits::Journal][dice.index(2)];
            let rows = [1, 10, 4_096][dice.index(3)];
            let cache = [1 << 20, 64 << 10, 0][dice.index(3)];
            (commits, rows, cache, [1, 2, 512][dice.index(3)])
        });
        let (shared, opened) = (Arc::clone(&self.shared), disk.clone());
        let store = RedbProvider::options()
            .env(env)
            .hold(self.shared.plan.hold_writes)
            .max_group(group_size)
            .commits(commits)
            .checkpoint_rows(rows)
            .cache_bytes(cache)
            .open_backend(move || {
                shared.lose_locks();
                Ok(opened.clone())
            })?;
        Ok(Life {
            store,
            disk,
            group,
            is_over: AtomicBool::new(false),
            over: Notify::new(),
        })
    }

    /// Something of the disk goes wrong soon, if nothing is going wrong already.
    pub(crate) fn upset(&self, is_power: bool) {
        let mut trouble = self.trouble.lock().unwrap();
        let is_last = self.now.load(Ordering::SeqCst) + 1 == MOST_LIVES;
        if *trouble != Trouble::None || (is_power && is_last) {
            return;
        }
        let disk = &self.life().disk;
        self.draw(|dice| {
            let at = Some(1 + dice.below(40));
            if is_power {
                *trouble = Trouble::Power;
                disk.plan(Plan {
                    crash_at: at,
                    ..Plan::default()
                });
            } else if dice.chance(300) {
                *trouble = Trouble::Away(dice.millis(1, 8_000));
                disk.plan(Plan {
                    fail_at: at,
                    lasting: true,
                    ..Plan::default()
                });
            } else if dice.chance(200) {
                *trouble = Trouble::Fault;
                disk.plan(Plan {
                    short_read_at: at,
                    ..Plan::default()
                });
            } else {
                *trouble = Trouble::Fault;
                disk.plan(Plan {
                    fail_at: at,
                    forgetful: dice.chance(500),
                    ..Plan::default()
                });
            }
        });
    }

    /// What has happened to the disk; whether power is gone.
    pub(crate) fn look(&self) -> bool {
        let now = self.shared.executor.now();
        let mut trouble = self.trouble.lock().unwrap();
        let fired = *trouble != Trouble::None && self.life().disk.fired();
        match *trouble {
            Trouble::Power => return fired,
            Trouble::Fault if fired => {
                self.shared.saw("the disk failed once");
                self.shared.strike();
                *trouble = Trouble::None;
                self.life().disk.plan(Plan::default());
            }
            Trouble::Away(pause) if fired => {
                self.shared.saw("the disk was away for a while");
                *trouble = Trouble::BackAt(now + pause);
            }
            Trouble::BackAt(back_at) => {
                self.shared.strike();
                if back_at <= now {
                    *trouble = Trouble::None;
                    self.life().disk.plan(Plan::default());
                }
            }
            Trouble::None | Trouble::Fault | Trouble::Away(_) => {}
        }
        false
    }

    /// Nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        *self.trouble.lock().unwrap() = Trouble::None;
        self.shared.strike();
        self.life().disk.plan(Plan::default());
    }

    /// What was not synced is torn, and the next life begins. Those who wait learn that their store is
    /// gone.
    pub(crate) fn restart(&self) -> Result<(), String> {
        let number = self.now.load(Ordering::SeqCst);
        let before = self.life();
        self.shared.strike();
        *self.trouble.lock().unwrap() = Trouble::None;
        before.is_over.store(true, Ordering::SeqCst);
        self.shared.executor.kill(before.group);
        let mut disk = self.draw(|dice| before.disk.crash(Tear::any(dice), dice));
        if self.draw(|dice| dice.chance(300)) {
            disk.plan(Plan {
                crash_at: Some(self.draw(|dice| dice.between(1, 3))),
                ..Plan::default()
            });
            // What is opened after all has seen no power fail.
            drop(self.open(number + 1, disk.clone()));
            if disk.fired() {
                self.shared.saw("power was lost while a store was opened");
            }
            disk = self.draw(|dice| disk.crash(Tear::any(dice), dice));
        }
        let life = self.open(number + 1, disk);
        let life = life.map_err(|error| format!("I38: the store cannot be opened: {error:?}"))?;
        self.lives[number + 1].set(life).unwrap();
        self.now.store(number + 1, Ordering::SeqCst);
        before.over.notify_waiters();
        Ok(())
    }
}

impl Life {
    /// The writer goes on whenever the call cannot.
    async fn answer<T>(
        &self,
        shared: &Shared,
        operation: &'static str,
        call: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let (mut call, mut over) = (pin!(call), pin!(self.over.notified()));
        poll_fn(|context| {
            loop {
                if self.is_over.load(Ordering::SeqCst) {
                    shared.saw("a call went down with its store");
                    return Poll::Ready(Err(ProviderError::Unavailable {
                        operation,
                        source: "power was lost".into(),
                    }));
                }
                if let Poll::Ready(done) = call.as_mut().poll(context) {
                    return Poll::Ready(done);
                }
                if shared.plan.flows || !shared.executor.lend(self.group) {
                    let _ = over.as_mut().poll(context);
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

macro_rules! ask {
    ($self:ident, $verb:ident ( $($argument:expr),* )) => {{
        let life = $self.life();
        life.answer(&$self.shared, stringify!($verb), life.store.$verb($($argument),*)).await
    }};
}

#[async_trait]
impl Layer for Machine {
    fn below(&self) -> &dyn Provider {
        &self.life().store
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        ask!(self, start(instance, start))
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        ask!(self, enqueue(instance, message_id, message))
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Answer<Vec<TurnItem>> {
        ask!(self, fetch_turns(fetch))
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        ask!(self, commit_turn(lock, turn))
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        ask!(self, abandon_turn(lock, delay, forget))
    }

    async fn renew_turn(&self, lock: &TurnLock, timeout: Duration) -> Answer<()> {
        ask!(self, renew_turn(lock, timeout))
    }

    async fn fetch_activities(&self, fetch: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        ask!(self, fetch_activities(fetch))
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        ask!(self, complete_activity(lock, result))
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        ask!(self, abandon_activity(lock, delay, forget))
    }

    async fn renew_activity(&self, lock: &ActivityLock, timeout: Duration) -> Answer<()> {
        ask!(self, renew_activity(lock, timeout))
    }

    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        ask!(self, release_sessions(owners))
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        ask!(self, renew_sessions(owners, lock_timeout, idle_timeout))
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        ask!(self, read(instance, execution_id, after, max))
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        ask!(self, status(instance))
    }

    async fn wait(&self, instance: &InstanceId, seen: u64) -> Answer<InstanceStatus> {
        ask!(self, wait(instance, seen))
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Answer<Option<KvEntry>> {
        ask!(self, kv(instance, key))
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Answer<Vec<KvEntry>> {
        ask!(self, kv_entries(instance))
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use duroxide::provider::ProviderRef;
    use duroxide::provider::conformance::first_start;
    use duroxide::storage::redb::RedbOptions;
    use futures::executor::block_on;

    use super::super::executor::{Executor, Step};
    use super::*;

    const STORE: Group = Group(7);

    fn options(executor: &Arc<Executor>) -> RedbOptions {
        RedbProvider::options()
            .env(SimEnv::new(executor, STORE, 0))
            .hold(Duration::ZERO)
    }

    fn id() -> InstanceId {
        InstanceId::new("a").unwrap()
    }

    #[test]
    fn a_store_of_this_world_writes_when_it_is_let() {
        let executor = Executor::new(Dice::new(1));
        let store = options(&executor).in_memory().unwrap();
        let instance = id();
        let mut start = store.start(&instance, first_start("orders", ""));
        let mut context = Context::from_waker(Waker::noop());
        assert!(start.as_mut().poll(&mut context).is_pending());
        assert!(block_on(store.status(&instance)).unwrap().is_none());
        while executor.step() == Step::Polled {}
        assert!(start.as_mut().poll(&mut context).is_ready());
        assert!(block_on(store.status(&instance)).unwrap().is_some());
    }

    #[test]
    fn the_last_handle_writes_what_is_left_also_when_its_world_stands_still() {
        let executor = Executor::new(Dice::new(1));
        let disk = SimDisk::new();
        let instance = id();
        let open = || {
            let opened = disk.clone();
            let opened = options(&executor).open_backend(move || Ok(opened.clone()));
            opened.unwrap()
        };
        let store = open();
        {
            let mut start = store.start(&instance, first_start("orders", ""));
            let mut context = Context::from_waker(Waker::noop());
            assert!(start.as_mut().poll(&mut context).is_pending());
        }
        executor.kill(STORE);
        drop(store);
        assert!(block_on(open().status(&instance)).unwrap().is_some());
    }

    /// What is under way when power is lost is answered, and what was acknowledged is there.
    #[test]
    fn power_takes_what_was_not_acknowledged_and_nothing_else() {
        let executor = Executor::new(Dice::new(1));
        let shared = Shared::new(&executor, super::super::plan::Plan::quiet());
        let machine = Machine::new(&shared, Dice::new(1));
        let store: ProviderRef = Arc::clone(&machine) as ProviderRef;
        let instance = id();
        let start = first_start("orders", "");
        block_on(store.start(&instance, start.clone())).unwrap();
        let mut waits = store.fetch_activities(ActivityFetch::new(1, Duration::from_secs(1)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waits.as_mut().poll(&mut context).is_pending());
        machine.life().disk.plan(Plan {
            crash_at: Some(1),
            ..Plan::default()
        });
        let other = InstanceId::new("b").unwrap();
        let lost = block_on(store.start(&other, start));
        assert!(lost.is_err_and(|error| error.is_retryable()));
        machine.restart().unwrap();
        assert!(waits.as_mut().poll(&mut context).is_ready());
        assert!(block_on(store.status(&instance)).unwrap().is_some());
        assert!(block_on(store.status(&other)).unwrap().is_none());
    }
}
