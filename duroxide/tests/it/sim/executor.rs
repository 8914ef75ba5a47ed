//! One thread for a whole world: the seed says which task goes on next, and time passes only when
//! nothing can go on. Tasks belong to groups, which can be killed at any `.await` or held still.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;

use crate::support::dice::Dice;

/// Whose tasks: a node, the clients, the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group(pub(crate) u64);

/// The world's one thread.
pub(crate) struct Executor {
    state: Mutex<State>,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

struct State {
    now: Duration,
    tasks: BTreeMap<u64, Task>,
    groups: BTreeMap<Group, Life>,
    timers: BTreeMap<(Duration, u64), Waker>,
    last_number: u64,
    steps: u64,
    dice: Dice,
    trace: Trace,
}

struct Task {
    group: Group,
    /// Not there while it is polled.
    future: Option<BoxFuture<'static, ()>>,
}

type Chosen = (u64, Group, BoxFuture<'static, ()>);

/// How a group stands.
#[derive(Clone, Copy, Debug)]
enum Life {
    Runs,
    /// Nothing of it goes on before that moment.
    HeldUntil(Duration),
    /// Nothing of it will ever go on.
    Dead,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Polled,
    /// Nothing could go on, so it is later now.
    Later,
    /// Nothing will ever go on.
    Over,
}

/// Everything that happened, as one number: two runs of a seed must have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trace(u64);

impl Trace {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

struct Woken {
    task: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap().insert(self.task);
    }
}

impl Executor {
    pub(crate) fn new(dice: Dice) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                now: Duration::ZERO,
                tasks: BTreeMap::new(),
                groups: BTreeMap::new(),
                timers: BTreeMap::new(),
                last_number: 0,
                steps: 0,
                dice,
                trace: Trace(0xcbf2_9ce4_8422_2325),
            }),
            ready: Arc::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A task of the group, which is dropped at once if the group is dead.
    pub(crate) fn spawn(&self, group: Group, future: BoxFuture<'static, ()>) {
        let refused = {
            let mut state = self.state();
            if let Some(Life::Dead) = state.groups.get(&group) {
                Some(future)
            } else {
                let number = state.number();
                let future = Some(future);
                state.tasks.insert(number, Task { group, future });
                self.ready.lock().unwrap().insert(number);
                None
            }
        };
        drop(refused);
    }

    /// The time that has passed since the beginning of the world.
    pub(crate) fn now(&self) -> Duration {
        self.state().now
    }

    pub(crate) fn steps(&self) -> u64 {
        self.state().steps
    }

    /// 128 bits that nobody else gets.
    pub(crate) fn unique_id(&self) -> u128 {
        self.state().dice.wide()
    }

    /// Adds to what must be the same when the seed runs again.
    pub(crate) fn note(&self, what: &str) {
        self.state().trace.add(what.as_bytes());
    }

    pub(crate) fn trace(&self) -> u64 {
        self.state().trace.0
    }

    /// Completes when so much time has passed.
    pub(crate) fn sleep(self: &Arc<Self>, duration: Duration) -> BoxFuture<'static, ()> {
        let due = self.now().saturating_add(duration);
        Box::pin(Sleep {
            executor: Arc::clone(self),
            due,
            number: None,
        })
    }

    /// How many tasks of the group there are.
    pub(crate) fn tasks_of(&self, group: Group) -> usize {
        let state = self.state();
        let tasks = state.tasks.values();
        tasks.filter(|task| task.group == group).count()
    }

    /// Nothing of the group goes on for so long.
    pub(crate) fn hold(&self, group: Group, duration: Duration) {
        let mut state = self.state();
        let until = state.now.saturating_add(duration);
        state.groups.insert(group, Life::HeldUntil(until));
    }

    /// A group that is held goes on now.
    pub(crate) fn release(&self, group: Group) {
        let mut state = self.state();
        if let Some(Life::HeldUntil(_)) = state.groups.get(&group) {
            state.groups.insert(group, Life::Runs);
        }
    }

    /// All tasks of the group are dropped where they stand, and it never has others.
    pub(crate) fn kill(&self, group: Group) {
        let killed: Vec<Task> = {
            let mut state = self.state();
            state.groups.insert(group, Life::Dead);
            let tasks = state.tasks.iter();
            let numbers: Vec<u64> = tasks
                .filter(|(_, task)| task.group == group)
                .map(|(&number, _)| number)
                .collect();
            let removed = numbers.iter().map(|number| state.tasks.remove(number));
            removed.map(Option::unwrap).collect()
        };
        drop(killed);
    }

    /// Lets one task go on, or time pass.
    pub(crate) fn step(&self) -> Step {
        let chosen = self.choose(None);
        let Some(chosen) = chosen else {
            return self.advance();
        };
        self.poll(chosen);
        Step::Polled
    }

    /// Lets a task of the group go on, from within another one; whether one could.
    pub(crate) fn lend(&self, group: Group) -> bool {
        let chosen = self.choose(Some(group));
        let can = chosen.is_some();
        if let Some(chosen) = chosen {
            self.poll(chosen);
        }
        can
    }

    fn poll(&self, (number, group, mut future): Chosen) {
        let woken = Woken {
            task: number,
            ready: Arc::clone(&self.ready),
        };
        let waker = Waker::from(Arc::new(woken));
        let mut context = Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        let mut state = self.state();
        state.steps += 1;
        match polled {
            Ok(Poll::Pending) => {
                // Gone if the task killed its own group.
                if let Some(task) = state.tasks.get_mut(&number) {
                    task.future = Some(future);
                    return;
                }
            }
            Ok(Poll::Ready(())) => drop(state.tasks.remove(&number)),
            Err(panic) => {
                drop(state);
                drop(future);
                self.kill(group);
                resume_unwind(panic);
            }
        }
        drop(state);
        drop(future);
    }

    /// A task that can go on: any of them, or any of a group.
    fn choose(&self, only: Option<Group>) -> Option<Chosen> {
        let mut state = self.state();
        let mut ready = self.ready.lock().unwrap();
        ready.retain(|number| state.tasks.contains_key(number));
        let now = state.now;
        let free = |number: &&u64| {
            let Task { group, future } = &state.tasks[number];
            // Whoever lends its turn cannot go on meanwhile.
            if future.is_none() || only.is_some_and(|only| only != *group) {
                return false;
            }
            match state.groups.get(group) {
                None | Some(Life::Runs) => true,
                Some(Life::HeldUntil(until)) => *until <= now,
                Some(Life::Dead) => false,
            }
        };
        let free: Vec<u64> = ready.iter().filter(free).copied().collect();
        if free.is_empty() {
            return None;
        }
        let number = free[state.dice.index(free.len())];
        ready.remove(&number);
        drop(ready);
        state.trace.add(&number.to_le_bytes());
        let task = state.tasks.get_mut(&number)?;
        let (group, future) = (task.group, task.future.take()?);
        Some((number, group, future))
    }

    fn advance(&self) -> Step {
        let mut state = self.state();
        let now = state.now;
        let held = state.groups.values().filter_map(|life| match life {
            Life::HeldUntil(until) if *until > now => Some(*until),
            Life::Runs | Life::HeldUntil(_) | Life::Dead => None,
        });
        let held = held.min();
        let timer = state.timers.first_key_value().map(|(key, _)| key.0);
        let Some(next) = timer.into_iter().chain(held).min() else {
            return Step::Over;
        };
        state.now = next.max(now);
        let now = state.now;
        state.trace.add(&now.as_nanos().to_le_bytes());
        let mut due = Vec::new();
        while let Some(timer) = state
            .timers
            .first_entry()
            .filter(|first| first.key().0 <= now)
        {
            due.push(timer.remove());
        }
        drop(state);
        due.into_iter().for_each(Waker::wake);
        Step::Later
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Executor")
    }
}

struct Sleep {
    executor: Arc<Executor>,
    due: Duration,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let executor = Arc::clone(&self.executor);
        let mut state = executor.state();
        if state.now >= self.due {
            return Poll::Ready(());
        }
        let number = match self.number {
            Some(number) => number,
            None => state.number(),
        };
        self.number = Some(number);
        state
            .timers
            .insert((self.due, number), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let removed = self.executor.state().timers.remove(&(self.due, number));
            drop(removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64) -> (Vec<u64>, u64) {
        let executor = Executor::new(Dice::new(seed));
        let order = Arc::new(Mutex::new(Vec::new()));
        for number in 0..6 {
            let (order, sleeper) = (Arc::clone(&order), Arc::clone(&executor));
            let task = async move {
                sleeper.sleep(Duration::from_secs(number % 2)).await;
                order.lock().unwrap().push(number);
            };
            executor.spawn(Group(number), Box::pin(task));
        }
        while executor.step() != Step::Over {}
        let order = order.lock().unwrap().clone();
        (order, executor.trace())
    }

    #[test]
    fn a_seed_gives_one_order_and_other_seeds_give_others() {
        assert_eq!(run(1), run(1));
        assert!((2..20).any(|seed| run(seed).0 != run(1).0));
        assert!((2..20).all(|seed| run(seed).1 != run(1).1));
    }

    #[test]
    fn what_is_due_later_comes_later() {
        let (order, _) = run(3);
        assert!(order[..3].iter().all(|number| number % 2 == 0), "{order:?}");
    }

    #[test]
    fn a_killed_group_goes_no_further() {
        let executor = Executor::new(Dice::new(1));
        let done = Arc::new(Mutex::new(0));
        for group in [1, 2] {
            let (done, sleeper) = (Arc::clone(&done), Arc::clone(&executor));
            let task = async move {
                sleeper.sleep(Duration::from_secs(1)).await;
                *done.lock().unwrap() += group;
            };
            executor.spawn(Group(group), Box::pin(task));
        }
        executor.step();
        executor.kill(Group(1));
        assert_eq!(executor.tasks_of(Group(1)), 0);
        while executor.step() != Step::Over {}
        assert_eq!(*done.lock().unwrap(), 2);
    }

    #[test]
    fn a_task_may_lend_its_turn_to_a_group() {
        let executor = Executor::new(Dice::new(1));
        let done = Arc::new(Mutex::new(Vec::new()));
        let (lender, seen) = (Arc::clone(&executor), Arc::clone(&done));
        let lends = async move {
            while lender.lend(Group(2)) {}
            seen.lock().unwrap().push(1);
        };
        executor.spawn(Group(1), Box::pin(lends));
        executor.step();
        assert_eq!(*done.lock().unwrap(), [1], "nobody to lend it to");
        for group in [2, 3] {
            let done = Arc::clone(&done);
            let task = async move { done.lock().unwrap().push(group) };
            executor.spawn(Group(group), Box::pin(task));
        }
        assert!(executor.lend(Group(2)) && !executor.lend(Group(2)));
        assert_eq!(*done.lock().unwrap(), [1, 2], "and to no other group");
    }

    #[test]
    fn a_held_group_goes_on_when_its_time_is_over() {
        let executor = Executor::new(Dice::new(1));
        executor.hold(Group(1), Duration::from_secs(90));
        executor.spawn(Group(1), Box::pin(async {}));
        assert_eq!(executor.step(), Step::Later);
        assert_eq!(executor.now(), Duration::from_secs(90));
        assert_eq!(executor.step(), Step::Polled);
        assert_eq!(executor.step(), Step::Over);
    }
}
