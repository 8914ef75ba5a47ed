//! One run: some nodes, some clients, one store; first with faults, then without, until all is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use duroxide::env::EnvRef;
use duroxide::history::{EventId, InstanceId};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{InstanceQuery, InstanceStatus, Provider as _, ProviderRef, StateQuery};
use futures::executor::block_on;

use super::checked::Checked;
use super::clients::{self, CLIENTS};
use super::ends;
use super::env::SimEnv;
use super::executor::{Executor, Group, Step};
use super::faulty::{Faulty, NETWORK};
use super::machine::Machine;
use super::node::Node;
use super::plan::{Plan, Store};
use super::planted;
use super::program::{Program, Terms};
use super::shared::Shared;
use crate::support::dice::Dice;

const STORE: Group = Group(2);
const HARNESS: Group = Group(4);
/// Groups of nodes have larger numbers.
const NODES: u64 = 100;

/// Without faults everything has to come to its end within this.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// More steps are a loop without progress.
const MOST_STEPS: u64 = 400_000;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) result: Result<(), String>,
    pub(crate) trace: u64,
    pub(crate) steps: u64,
    pub(crate) lasted: Duration,
    pub(crate) seen: BTreeMap<String, u64>,
}

impl Report {
    /// Of a run that did not get to its end.
    pub(crate) fn failed(problem: String) -> Self {
        Self {
            result: Err(problem),
            trace: 0,
            steps: 0,
            lasted: Duration::ZERO,
            seen: BTreeMap::new(),
        }
    }
}

pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Arc<Checked>,
    model: Option<ModelProvider>,
    machine: Option<Arc<Machine>>,
    dice: Dice,
    nodes: Vec<Slot>,
    lives: u64,
    pub(crate) roots: Vec<(InstanceId, Program)>,
    /// Roots of what was damaged: of these only the end is known.
    pub(crate) damaged: BTreeSet<String>,
}

/// A place for a node.
struct Slot {
    node: Option<Node>,
    back_at: Duration,
    is_new: bool,
}

/// Runs what the plan says.
pub(crate) fn run(plan: Plan) -> Report {
    let mut dice = Dice::new(plan.seed.wrapping_mul(0x1234_5678_9abc_def1) ^ 7);
    let executor = Executor::new(dice.fork());
    let shared = Shared::new(&executor, plan);
    let mut world = World::new(&shared, dice);
    let result = world.play();
    let report = Report {
        result,
        trace: executor.trace(),
        steps: executor.steps(),
        lasted: executor.now(),
        seen: shared.seen(),
    };
    world.drop_all();
    report
}

impl World {
    fn new(shared: &Arc<Shared>, mut dice: Dice) -> Self {
        let plan = &shared.plan;
        let env: EnvRef = SimEnv::new(&shared.executor, STORE, 0);
        let (mut model, mut machine) = (None, None);
        let inner: ProviderRef = match plan.store {
            Store::Model => {
                let inner = ModelProvider::new(Arc::clone(&env));
                model = Some(inner.clone());
                Arc::new(inner)
            }
            Store::Redb => {
                let inner = Machine::new(shared, dice.fork());
                machine = Some(Arc::clone(&inner));
                inner
            }
        };
        let inner = planted::planted(inner, plan.bug, &env);
        let store = Arc::new(Checked::new(inner, model.clone(), env, shared));
        let terms = Terms {
            bombs: plan.bombs,
            slow: plan.slow,
        };
        let roots = (0..plan.roots).map(|number| {
            let id = InstanceId::new(format!("r{number}")).unwrap();
            (id, Program::root(&mut dice, &terms))
        });
        let roots = roots.collect();
        let slots = (0..plan.nodes).map(|_| Slot {
            node: None,
            back_at: Duration::ZERO,
            is_new: !plan.rolling || dice.chance(400),
        });
        let slots = slots.collect();
        Self {
            shared: Arc::clone(shared),
            store,
            model,
            machine,
            dice,
            nodes: slots,
            lives: 0,
            roots,
            damaged: BTreeSet::new(),
        }
    }

    fn line(&mut self) -> Arc<Faulty> {
        let store: ProviderRef = Arc::clone(&self.store) as ProviderRef;
        Faulty::new(&store, &self.shared, self.dice.fork())
    }

    fn play(&mut self) -> Result<(), String> {
        for (id, program) in self.roots.clone() {
            let line = self.line();
            let ways = (&self.store, line);
            clients::spawn(&self.shared, ways, &mut self.dice, &id, &program);
        }
        self.with_faults()?;
        self.heal();
        self.go_to_the_end()?;
        self.store.look_at_model();
        self.broken()?;
        ends::check(self)?;
        self.stop_all()
    }

    fn broken(&self) -> Result<(), String> {
        // It remembers the first violation, so there is no need to ask each time.
        if self.shared.executor.steps().is_multiple_of(32) {
            self.store.look_at_model();
        }
        self.shared.violation().map_or(Ok(()), Err)
    }

    fn with_faults(&mut self) -> Result<(), String> {
        let executor = Arc::clone(&self.shared.executor);
        while executor.now() < self.shared.plan.faulty_for && executor.steps() < MOST_STEPS {
            self.start_nodes();
            if executor.step() == Step::Over {
                break;
            }
            while let Some(node) = self.shared.doomed() {
                self.kill(node);
            }
            self.look_at_disk()?;
            self.harm();
            self.broken()?;
        }
        Ok(())
    }

    /// When power is lost, it is for all.
    fn look_at_disk(&mut self) -> Result<(), String> {
        let Some(machine) = self.machine.clone() else {
            return Ok(());
        };
        if machine.look() {
            self.shared.saw("power was lost");
            for place in 0..self.nodes.len() {
                self.kill(place);
            }
            machine.restart()?;
        }
        Ok(())
    }

    /// Starts those whose time has come.
    fn start_nodes(&mut self) {
        let now = self.shared.executor.now();
        for place in 0..self.nodes.len() {
            if self.nodes[place].node.is_none() && self.nodes[place].back_at <= now {
                self.start(place);
            }
        }
    }

    fn start(&mut self, place: usize) {
        self.lives += 1;
        let group = Group(NODES + self.lives);
        let line = self.line();
        let is_new = self.nodes[place].is_new;
        let node = Node::start(
            &self.shared,
            line,
            &mut self.dice,
            (group, place),
            is_new,
            place == 0,
        );
        self.nodes[place].node = Some(node);
    }

    /// One of the things that happen to nodes and stores, now and then.
    fn harm(&mut self) {
        let shared = Arc::clone(&self.shared);
        let plan = &shared.plan;
        let mut often = |per_hundred_thousand| self.dice.below(100_000) < per_hundred_thousand;
        let (kill, hold, jump, stop) = (
            often(plan.kill),
            often(plan.hold),
            often(plan.jump),
            often(plan.stop),
        );
        let (restart, corrupt) = (often(plan.restart_store), often(plan.corrupt));
        let (disk, power) = (often(plan.disk), often(plan.power));
        let place = self.dice.index(self.nodes.len());
        if kill {
            self.kill(place);
        } else if stop {
            self.stop(place);
        } else if hold || jump {
            let pause = self.dice.millis(10, 20_000);
            let skew = i64::try_from(self.dice.below(2 * plan.skew + 1)).unwrap();
            if let Some(node) = &self.nodes[place].node {
                if hold {
                    self.shared.saw("a node was held still");
                    if pause > super::plan::LEASE {
                        self.shared
                            .saw("a node was held still for longer than a lease");
                    }
                    self.shared.executor.hold(node.group, pause);
                    let until = self.shared.executor.now() + pause;
                    self.shared.is_held_until(until);
                } else {
                    self.shared.saw("the clock of a node jumped");
                    node.env.jump(skew - i64::try_from(plan.skew).unwrap());
                }
            }
        }
        if restart && let Some(model) = &self.model {
            self.shared.saw("the store was restarted");
            model.restart();
            self.store.restarted();
        }
        if let Some(machine) = self.machine.as_ref().filter(|_| disk || power) {
            machine.upset(power);
        }
        if corrupt {
            self.damage();
        }
    }

    fn kill(&mut self, place: usize) {
        let pause = self.dice.millis(1, 6_000);
        let slot = &mut self.nodes[place];
        let Some(node) = slot.node.take() else { return };
        self.shared.saw("a node was killed");
        self.shared.executor.kill(node.group);
        slot.back_at = self.shared.executor.now() + pause;
        self.next_version(place);
        drop(node);
    }

    fn next_version(&mut self, place: usize) {
        let slot = &mut self.nodes[place];
        if !slot.is_new {
            slot.is_new = self.dice.chance(500);
            if slot.is_new {
                self.shared.saw("a node came back with the new version");
            }
        }
    }

    /// Ends the node in order; another takes its place at once or later.
    fn stop(&mut self, place: usize) {
        let pause = self.dice.millis(1, 6_000);
        // Without any grace activities are given back.
        let most = [0, 3_000][self.dice.index(2)];
        let grace = self.dice.millis(0, most);
        let slot = &mut self.nodes[place];
        let Some(node) = slot.node.take() else { return };
        slot.back_at = self.shared.executor.now() + pause;
        self.next_version(place);
        self.shut_down(node, grace);
    }

    fn shut_down(&self, node: Node, grace: Duration) {
        let shared = Arc::clone(&self.shared);
        let ended = async move {
            let Node {
                group,
                runtime,
                line,
                ..
            } = node;
            runtime.shutdown(Some(grace)).await;
            let left = shared.executor.tasks_of(group);
            if left > 0 {
                shared.broken(format!("I37: {left} tasks behind the end of a runtime"));
            }
            line.close();
            shared.saw("a node was shut down");
        };
        self.shared.executor.spawn(HARNESS, Box::pin(ended));
    }

    /// Something stored cannot be read any more.
    fn damage(&mut self) {
        let Some(model) = self.model.clone() else {
            return;
        };
        let running = self.running();
        if running.is_empty() {
            return;
        }
        let first = self.dice.index(running.len());
        if self.dice.chance(500) {
            // Most have no message just now.
            let mut all = running.iter().cycle().skip(first).take(running.len());
            if let Some(hit) = all.find(|status| model.corrupt_message(&status.instance)) {
                self.store.forget_messages(&hit.instance);
                self.damaged("a message was damaged", &hit.instance);
            }
        } else {
            let (hit, event) = (&running[first], EventId(self.dice.between(1, 8)));
            if model.corrupt_history(&hit.instance, hit.execution_id, event) {
                self.damaged("an event was damaged", &hit.instance);
            }
        }
    }

    fn damaged(&mut self, how: &str, id: &InstanceId) {
        self.shared.saw(how);
        self.damaged.insert(ends::root_of(id.as_str()).to_owned());
    }

    fn running(&self) -> Vec<InstanceStatus> {
        let mut query = InstanceQuery::default();
        query.state = Some(StateQuery::Running);
        self.list(&query).unwrap_or_default()
    }

    pub(crate) fn list(&self, query: &InstanceQuery) -> Result<Vec<InstanceStatus>, String> {
        let admin = self.store.admin().unwrap();
        let list = block_on(admin.list_instances(query, None, 10_000));
        list.map_err(|error| format!("a list: {error:?}"))
    }

    /// From now on nothing goes wrong, and all nodes run, in the new version.
    fn heal(&mut self) {
        self.shared.end_faults();
        if let Some(machine) = &self.machine {
            machine.heal();
        }
        let executor = Arc::clone(&self.shared.executor);
        for slot in &mut self.nodes {
            slot.back_at = executor.now();
            if let Some(node) = &slot.node {
                node.env.jump(0);
                self.shared.is_held_until(executor.now());
                executor.release(node.group);
            }
        }
        for place in 0..self.nodes.len() {
            let is_old = |slot: &Slot| slot.node.as_ref().is_some_and(|node| !node.is_new);
            self.nodes[place].is_new = true;
            if is_old(&self.nodes[place]) {
                let node = self.nodes[place].node.take().unwrap();
                self.shut_down(node, Duration::ZERO);
            }
        }
        self.start_nodes();
    }

    fn go_to_the_end(&mut self) -> Result<(), String> {
        let executor = Arc::clone(&self.shared.executor);
        // A timer that a clock set an hour late is an hour late.
        let skew = Duration::from_millis(self.shared.plan.skew);
        let limit = executor.now() + PATIENCE + 2 * skew;
        let mut looked_at = Duration::ZERO;
        loop {
            let step = executor.step();
            self.broken()?;
            let now = executor.now();
            if step == Step::Over || now >= looked_at + Duration::from_millis(500) {
                looked_at = now;
                if self.is_done() {
                    return Ok(());
                }
            }
            if step == Step::Over {
                return Err(format!("I34: nothing goes on: {:#?}", self.running()));
            }
            if now > limit || executor.steps() > MOST_STEPS {
                let steps = executor.steps();
                let clients = executor.tasks_of(CLIENTS);
                return Err(format!(
                    "I34: it does not come to an end: {now:?}, {steps} steps, {clients} clients: {:#?}",
                    self.running()
                ));
            }
        }
    }

    fn is_done(&self) -> bool {
        let executor = &self.shared.executor;
        if executor.tasks_of(CLIENTS) + executor.tasks_of(NETWORK) > 0 || !self.running().is_empty()
        {
            return false;
        }
        // A disk that was away may still be on its way back.
        let depths = block_on(self.store.admin().unwrap().queue_depths());
        depths.is_ok_and(|depths| {
            depths.orchestrator_queue + depths.worker_queue + depths.timer_queue == 0
        })
    }

    fn stop_all(&mut self) -> Result<(), String> {
        for place in 0..self.nodes.len() {
            if let Some(node) = self.nodes[place].node.take() {
                self.shut_down(node, Duration::from_millis(100));
            }
        }
        let executor = Arc::clone(&self.shared.executor);
        while executor.tasks_of(HARNESS) > 0 {
            if executor.step() == Step::Over {
                return Err("I37: a shutdown does not end".to_owned());
            }
            self.broken()?;
        }
        Ok(())
    }

    /// Nothing of a run outlives it.
    fn drop_all(&mut self) {
        let executor = Arc::clone(&self.shared.executor);
        let machine = self.machine.iter().flat_map(|machine| machine.groups());
        for group in [CLIENTS, STORE, NETWORK, HARNESS]
            .into_iter()
            .chain(machine)
        {
            executor.kill(group);
        }
        for life in 1..=self.lives {
            executor.kill(Group(NODES + life));
        }
        self.nodes.clear();
    }
}
