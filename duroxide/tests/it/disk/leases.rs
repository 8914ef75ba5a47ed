//! Every order of fetching, committing, renewing, giving back and running out, for two workers, two
//! messages behind the start and three grants, against a specification of a page: I22 to I26.
//!
//! Workers have no clock in it: a call may come at any time, which is what a clock that is wrong
//! makes of it. Time is the store's own, in half leases.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use duroxide::history::{EventId, ExecutionId, Message};
use duroxide::provider::conformance::{ALL, Turn, first_start};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{Committed, Provider, ProviderError, TurnFetch, TurnItem};
use duroxide::storage::redb::RedbProvider;
use futures::FutureExt as _;

use super::clock::StillEnv;
use super::lives::alone;
use super::view;
use crate::support::is_long;

const HALF: u64 = 1_000;
const LEASE: Duration = Duration::from_millis(2 * HALF);
const GRANTS: u8 = 3;
const MESSAGES: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Move {
    Send,
    HalfALease,
    Fetch(usize),
    Commit(usize),
    Renew(usize),
    RenewForHalf(usize),
    Abandon(usize),
}

/// What a move must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Parks,
    Locked(u8),
    Applied,
    AlreadyApplied,
    Lost,
}

/// The lock of one instance and its inbox, as the contract has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Spec {
    sent: u8,
    /// In the inbox; the start is the first.
    waiting: u8,
    grants: u8,
    /// Which grant holds the lock, how many half leases it still has, how many messages it covers.
    lock: Option<(u8, u8, u8)>,
    /// The grant that each worker believes to have.
    workers: [Option<u8>; 2],
    last_applied: Option<u8>,
    events: u8,
}

impl Spec {
    fn begin() -> Self {
        Self {
            waiting: 1,
            ..Self::default()
        }
    }

    fn moves(&self) -> Vec<Move> {
        let mut moves = vec![Move::HalfALease];
        if self.sent < MESSAGES {
            moves.push(Move::Send);
        }
        for worker in 0..2 {
            if self.grants < GRANTS {
                moves.push(Move::Fetch(worker));
            }
            if self.workers[worker].is_some() {
                moves.extend([
                    Move::Commit(worker),
                    Move::Renew(worker),
                    Move::RenewForHalf(worker),
                    Move::Abandon(worker),
                ]);
            }
        }
        moves
    }

    /// The lock, if this worker's grant is the one that has it.
    fn own(&self, worker: usize) -> Option<(u8, u8, u8)> {
        self.lock
            .filter(|lock| Some(lock.0) == self.workers[worker])
    }

    fn make(&mut self, made: Move) -> Answer {
        match made {
            Move::Send => {
                self.sent += 1;
                self.waiting += 1;
                Answer::Done
            }
            Move::HalfALease => {
                if let Some((_, left, _)) = &mut self.lock {
                    *left = left.saturating_sub(1);
                }
                Answer::Done
            }
            Move::Fetch(worker) => {
                let is_free = self.lock.is_none_or(|(_, left, _)| left == 0);
                if self.waiting == 0 || !is_free {
                    return Answer::Parks;
                }
                self.grants += 1;
                self.lock = Some((self.grants, 2, self.waiting));
                self.workers[worker] = Some(self.grants);
                Answer::Locked(self.waiting)
            }
            Move::Commit(worker) if self.last_applied == self.workers[worker] => {
                Answer::AlreadyApplied
            }
            Move::Commit(worker) => {
                // A lease that has run out keeps its rights until somebody takes over.
                let Some((grant, _, covers)) = self.own(worker) else {
                    return Answer::Lost;
                };
                self.waiting -= covers;
                self.events += covers;
                self.lock = None;
                self.last_applied = Some(grant);
                Answer::Applied
            }
            Move::Renew(worker) => self.renew(worker, 2),
            Move::RenewForHalf(worker) => self.renew(worker, 1),
            Move::Abandon(worker) => {
                if self.own(worker).is_none() {
                    return Answer::Lost;
                }
                self.lock = None;
                Answer::Done
            }
        }
    }

    fn renew(&mut self, worker: usize, halves: u8) -> Answer {
        let is_own = self.own(worker).is_some();
        match &mut self.lock {
            Some((_, left, _)) if is_own && *left > 0 => {
                *left = (*left).max(halves);
                Answer::Done
            }
            _ => Answer::Lost,
        }
    }
}

/// A store, and what the workers got from it.
struct Real {
    env: Arc<StillEnv>,
    store: Arc<dyn Provider>,
    sent: u128,
    newest: u64,
    items: [Option<TurnItem>; 2],
}

impl Real {
    async fn begin(env: Arc<StillEnv>, store: Arc<dyn Provider>) -> Self {
        let id = view::instance("a");
        store.start(&id, first_start("orders", "in")).await.unwrap();
        Self {
            env,
            store,
            sent: 0,
            newest: 0,
            items: [None, None],
        }
    }

    async fn make(&mut self, made: Move) -> Answer {
        let simple = |done: Result<(), ProviderError>| match done {
            Ok(()) => Answer::Done,
            Err(ProviderError::LockLost) => Answer::Lost,
            Err(other) => panic!("{made:?}: {other:?}"),
        };
        match made {
            Move::Send => {
                self.sent += 1;
                let id = view::instance("a");
                let (name, data) = ("poke".to_owned(), String::new());
                let message = Message::ExternalEvent { name, data };
                let sent = self.store.enqueue(&id, self.sent, message).await;
                simple(sent.map(|_| ()))
            }
            Move::HalfALease => {
                self.env.advance(HALF);
                Answer::Done
            }
            Move::Fetch(worker) => {
                let fetched = self.store.fetch_turns(TurnFetch::new(ALL, LEASE));
                let Some(items) = fetched.now_or_never() else {
                    return Answer::Parks;
                };
                let item = items.unwrap().remove(0);
                assert!(item.lock.epoch > self.newest, "I22: an old epoch");
                self.newest = item.lock.epoch;
                let messages = u8::try_from(item.messages.len()).unwrap();
                self.items[worker] = Some(item);
                Answer::Locked(messages)
            }
            Move::Commit(worker) => {
                let item = self.items[worker].as_ref().unwrap();
                let turn = Turn::of(item).commit;
                match self.store.commit_turn(&item.lock, turn).await {
                    Ok(Committed::Applied) => Answer::Applied,
                    Ok(Committed::AlreadyApplied) => Answer::AlreadyApplied,
                    Err(error) => simple(Err(error)),
                }
            }
            Move::Renew(worker) => {
                let lock = &self.items[worker].as_ref().unwrap().lock;
                simple(self.store.renew_turn(lock, LEASE).await)
            }
            Move::RenewForHalf(worker) => {
                let lock = &self.items[worker].as_ref().unwrap().lock;
                let half = Duration::from_millis(HALF);
                simple(self.store.renew_turn(lock, half).await)
            }
            Move::Abandon(worker) => {
                let lock = &self.items[worker].as_ref().unwrap().lock;
                simple(self.store.abandon_turn(lock, Duration::ZERO, true).await)
            }
        }
    }

    /// I22, I23: what is refused has changed nothing.
    async fn events(&self) -> u8 {
        let id = view::instance("a");
        let page = self.store.read(&id, ExecutionId::FIRST, EventId::NONE, ALL);
        u8::try_from(page.await.unwrap().events.len()).unwrap()
    }
}

/// Every state that can be reached, with the shortest way there.
fn states() -> Vec<(Spec, Vec<Move>)> {
    let mut known = BTreeMap::from([(Spec::begin(), Vec::new())]);
    let mut next = VecDeque::from([Spec::begin()]);
    while let Some(state) = next.pop_front() {
        let way = known[&state].clone();
        for made in state.moves() {
            let mut after = state;
            after.make(made);
            known.entry(after).or_insert_with(|| {
                next.push_back(after);
                way.iter().copied().chain([made]).collect()
            });
        }
    }
    known.into_iter().collect()
}

/// Goes to a state and makes each of its moves, a way of its own for each.
async fn check(state: Spec, way: &[Move], store: impl Fn(Arc<StillEnv>) -> Arc<dyn Provider>) {
    for last in state.moves() {
        let env = Arc::new(StillEnv::new());
        let mut real = Real::begin(env.clone(), store(env)).await;
        let mut spec = Spec::begin();
        for &made in way.iter().chain([&last]) {
            let (expected, answer) = (spec.make(made), real.make(made).await);
            assert_eq!(answer, expected, "{made:?} in {way:?}, {last:?}");
        }
        assert_eq!(real.events().await, spec.events, "{way:?}, {last:?}");
    }
}

#[test]
fn the_model_keeps_its_leases_in_every_order() {
    let states = states();
    let moves: usize = states.iter().map(|(state, _)| state.moves().len()).sum();
    println!("{} states, {moves} moves", states.len());
    for (state, way) in states {
        alone(check(state, &way, |env| Arc::new(ModelProvider::new(env))));
    }
}

/// Opening a store takes longer: the short form takes every so many states, each time other ones.
#[test]
fn the_embedded_store_keeps_its_leases_in_every_order() {
    let states = states();
    let stride = if is_long() { 1 } else { states.len() / 40 + 1 };
    let from = std::process::id() as usize % stride;
    let (mut reached, mut moves) = (0, 0);
    for (state, way) in states.into_iter().skip(from).step_by(stride) {
        reached += 1;
        moves += state.moves().len();
        alone(check(state, &way, |env| {
            let options = RedbProvider::options().env(env).hold(Duration::ZERO);
            Arc::new(options.in_memory().unwrap())
        }));
    }
    println!("{reached} states, {moves} moves");
}
