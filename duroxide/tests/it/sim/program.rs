//! Random programs that come to an end, as data: what one orchestration interprets, and what the
//! oracle knows all outcomes of.

use serde::{Deserialize, Serialize};

use super::oracle;
use crate::support::dice::Dice;

/// What an instance does, execution after execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Program {
    /// One for each execution.
    pub(crate) phases: Vec<Phase>,
    /// Somebody may cancel it: a client, or whoever waited for it and does not any more.
    pub(crate) may_be_cancelled: bool,
    /// What it does then, if it does not end at once.
    pub(crate) clean_up: Option<CleanUp>,
}

/// How a program sees its own cancellation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CleanUp {
    /// How many milliseconds it has.
    pub(crate) deadline: u64,
    /// It drops what it was doing, and does not wait until that has ended as cancelled.
    pub(crate) drops: bool,
    /// It returns [`CLEANED`], and counts as completed.
    pub(crate) recovers: bool,
}

/// What a program returns that cleaned up and counts that as a good end.
pub(crate) const CLEANED: &str = "cleaned";

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Phase {
    /// How many messages it reads of the queue that all executions share.
    pub(crate) reads: u32,
    pub(crate) op: Op,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Op {
    Call {
        name: String,
        does: Does,
        /// On which session, if on one.
        session: Option<String>,
        tagged: bool,
    },
    /// An activity whose first `fails` attempts fail, called with so many attempts.
    Retried {
        name: String,
        fails: u32,
        attempts: u32,
    },
    /// An activity that takes its node down.
    Bomb(String),
    Timer(u64),
    /// Waits for an event that is raised again and again.
    Wait(String),
    /// Reads so many messages of a queue of its own.
    Drain {
        queue: String,
        count: u32,
    },
    /// The same; before that, a request that loses against a timer or not.
    RacedDrain {
        queue: String,
        count: u32,
        pause: u64,
    },
    Sequence(Vec<Op>),
    Join(Vec<Op>),
    Select(Vec<Op>),
    Timeout(u64, Box<Op>),
    /// Polled beside a timer first; if that comes first, by somebody else.
    Passed(u64, Box<Op>),
    Child {
        name: String,
        program: Box<Program>,
    },
    Detached {
        name: String,
        program: Box<Program>,
    },
    /// Keeps a value while the inside runs.
    Keep(String, Box<Op>),
    /// Draws ids and reads the time before the inside and behind it.
    Draw(String, Box<Op>),
    /// Asked for and dropped.
    Dropped(String),
    /// Undone if the inside fails.
    Saga(String, Box<Op>),
    Fails(String),
}

/// What an activity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Does {
    /// Returns after so many milliseconds.
    Returns(u64),
    Fails(u64),
}

/// What an orchestration starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) program: Program,
    pub(crate) phase: usize,
    /// What the executions before it returned.
    pub(crate) said: Vec<String>,
}

impl Input {
    pub(crate) fn first(program: Program) -> Self {
        Self {
            program,
            phase: 0,
            said: Vec::new(),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap()
    }
}

/// What the programs of a run may do.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) bombs: bool,
    pub(crate) slow: bool,
}

/// More outcomes than that are no check any more.
const MOST_OUTCOMES: usize = 60;

impl Program {
    /// A program for an instance that clients know.
    pub(crate) fn root(dice: &mut Dice, terms: &Terms) -> Self {
        let may_be_cancelled = dice.chance(200);
        loop {
            let mut writer = Writer {
                dice: dice.fork(),
                terms,
                names: 0,
                is_known: true,
            };
            let program = writer.program(may_be_cancelled, 3);
            if oracle::outcomes(&program, 0).len() <= MOST_OUTCOMES {
                return program;
            }
        }
    }

    /// The queues that somebody has to fill, and how many messages each gets.
    pub(crate) fn queues(&self) -> Vec<(String, u32)> {
        let reads: u32 = self.phases.iter().map(|phase| phase.reads).sum();
        let mut queues = vec![(SHARED.to_owned(), reads)];
        for phase in &self.phases {
            phase.op.visit(&mut |op| match op {
                Op::Drain { queue, count } | Op::RacedDrain { queue, count, .. } => {
                    queues.push((queue.clone(), *count));
                }
                _ => {}
            });
        }
        queues.retain(|(_, count)| *count > 0);
        queues
    }

    /// The events that somebody has to raise.
    pub(crate) fn events(&self) -> Vec<String> {
        let mut events = Vec::new();
        for phase in &self.phases {
            phase.op.visit(&mut |op| {
                if let Op::Wait(name) = op {
                    events.push(name.clone());
                }
            });
        }
        events.sort();
        events.dedup();
        events
    }
}

/// The queue that all executions of an instance share.
pub(crate) const SHARED: &str = "shared";

impl Op {
    /// Looks at this statement and those within it, but not into other instances.
    fn visit(&self, look: &mut impl FnMut(&Self)) {
        look(self);
        match self {
            Self::Sequence(ops) | Self::Join(ops) | Self::Select(ops) => {
                for op in ops {
                    op.visit(look);
                }
            }
            Self::Timeout(_, op)
            | Self::Passed(_, op)
            | Self::Keep(_, op)
            | Self::Draw(_, op)
            | Self::Saga(_, op) => {
                op.visit(look);
            }
            Self::Call { .. }
            | Self::Retried { .. }
            | Self::Bomb(_)
            | Self::Timer(_)
            | Self::Wait(_)
            | Self::Drain { .. }
            | Self::RacedDrain { .. }
            | Self::Child { .. }
            | Self::Detached { .. }
            | Self::Dropped(_)
            | Self::Fails(_) => {}
        }
    }
}

struct Writer<'t> {
    dice: Dice,
    terms: &'t Terms,
    names: u32,
    /// Whether clients know the instance: then it may wait for them.
    is_known: bool,
}

impl Writer<'_> {
    fn name(&mut self) -> String {
        self.names += 1;
        self.names.to_string()
    }

    fn program(&mut self, may_be_cancelled: bool, depth: u32) -> Program {
        let executions = if self.dice.chance(300) {
            self.dice.between(2, 4)
        } else {
            1
        };
        let phases = (0..executions).map(|_| Phase {
            reads: self.reads(),
            op: self.op(may_be_cancelled, depth),
        });
        let phases = phases.collect();
        let cleans_up = self.dice.chance(if may_be_cancelled { 500 } else { 50 });
        Program {
            phases,
            may_be_cancelled,
            clean_up: cleans_up.then(|| CleanUp {
                deadline: self.dice.between(200, 20_000),
                drops: self.dice.chance(300),
                recovers: self.dice.chance(500),
            }),
        }
    }

    fn reads(&mut self) -> u32 {
        let reads = self.is_known && self.dice.chance(400);
        if reads {
            u32::try_from(self.dice.below(4)).unwrap()
        } else {
            0
        }
    }

    fn several(&mut self, raced: bool, depth: u32) -> Vec<Op> {
        let count = self.dice.between(2, 4);
        (0..count).map(|_| self.op(raced, depth)).collect()
    }

    /// `raced`: the statement may be dropped before its end.
    fn op(&mut self, raced: bool, depth: u32) -> Op {
        if depth == 0 || self.dice.chance(250) {
            return self.leaf();
        }
        let depth = depth - 1;
        match self.dice.below(100) {
            0..25 => Op::Sequence(self.several(raced, depth)),
            25..45 => Op::Join(self.several(raced, depth)),
            45..55 => Op::Select(self.several(true, depth)),
            55..58 => {
                let pause = self.dice.between(0, 1_500);
                Op::Passed(pause, Box::new(self.op(raced, depth)))
            }
            58..65 => {
                let limit = self.dice.between(1, 4_000);
                Op::Timeout(limit, Box::new(self.op(true, depth)))
            }
            65..77 => Op::Child {
                name: self.name(),
                program: Box::new(self.elsewhere(raced, depth)),
            },
            77..82 => Op::Detached {
                name: self.name(),
                program: Box::new(self.elsewhere(false, depth)),
            },
            82..88 => Op::Keep(self.name(), Box::new(self.op(raced, depth))),
            88..95 => Op::Draw(self.name(), Box::new(self.op(raced, depth))),
            _ => Op::Saga(self.name(), Box::new(self.op(raced, depth))),
        }
    }

    /// The program of another instance, which no client knows.
    fn elsewhere(&mut self, may_be_cancelled: bool, depth: u32) -> Program {
        let before = std::mem::replace(&mut self.is_known, false);
        let program = self.program(may_be_cancelled, depth.min(2));
        self.is_known = before;
        program
    }

    fn leaf(&mut self) -> Op {
        let name = self.name();
        match self.dice.below(100) {
            0..8 => {
                let fails = u32::try_from(self.dice.below(4)).unwrap();
                let attempts = u32::try_from(self.dice.between(1, 4)).unwrap();
                Op::Retried {
                    name,
                    fails,
                    attempts,
                }
            }
            8..20 => Op::Timer(self.dice.between(0, 3_000)),
            20..28 if self.is_known => Op::Wait(format!("e{}", self.dice.below(3))),
            28..38 if self.is_known => Op::Drain {
                queue: format!("q{name}"),
                count: u32::try_from(self.dice.between(1, 4)).unwrap(),
            },
            38..46 if self.is_known => Op::RacedDrain {
                queue: format!("q{name}"),
                count: u32::try_from(self.dice.between(1, 3)).unwrap(),
                pause: self.dice.between(0, 1_500),
            },
            46..52 => Op::Dropped(name),
            52..54 if self.terms.bombs => Op::Bomb(name),
            54..57 => Op::Fails(name),
            _ => self.call(name),
        }
    }

    fn call(&mut self, name: String) -> Op {
        let takes = match self.dice.below(20) {
            0 if self.terms.slow => self.dice.between(5_000, 15_000),
            0..5 => self.dice.between(100, 2_000),
            _ => self.dice.below(20),
        };
        let fails = self.dice.chance(40);
        let session = self.dice.chance(150);
        Op::Call {
            name,
            does: if fails {
                Does::Fails(takes)
            } else {
                Does::Returns(takes)
            },
            session: session.then(|| format!("s{}", self.dice.below(3))),
            tagged: self.dice.chance(100),
        }
    }
}
